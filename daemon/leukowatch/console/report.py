"""One slide's report as a record, as JSON and as CSV."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine

from leukowatch.console.shares import RESEARCH
from leukowatch.differential.counts import Differential, Share, differential, shown
from leukowatch.differential.rules import FEWEST
from leukowatch.differential.written import harmless, two
from leukowatch.store.life import Life, lives
from leukowatch.store.queries import class_records, fields_of, reading
from leukowatch.store.rows import SlideRow
from leukowatch.store.slides import slide_number
from leukowatch.store.tallies import slide as slide_row

METHOD = "Clopper-Pearson"
CONFIDENCE = 95


@dataclass(frozen=True, slots=True)
class BundleUse:
    """A bundle that looked at fields of the slide."""

    name: str
    sha256: str
    """Of its manifest, 64 hexadecimal digits."""
    fields: int
    """Fields whose current analysis is this bundle's."""


@dataclass(frozen=True, slots=True)
class SlideReport:
    """Everything that is told about one slide."""

    slide: SlideRow
    differential: Differential
    bundles: tuple[BundleUse, ...]
    """The one with most fields first; empty where there are no fields."""
    life: Life = Life.TO_REVIEW
    """What people have signed of it."""

    @property
    def few(self) -> bool:
        """Whether fewer than 100 leucocytes were counted."""
        return self.differential.leucocytes < FEWEST

    @property
    def status(self) -> str:
        """`unreviewed` until a person signs, then the slide's life; `empty` where no leucocyte is counted."""
        if self.life in (Life.READING, Life.TO_REVIEW):
            return "unreviewed" if self.differential.leucocytes else "empty"
        return self.life.value


def build_report(engine: Engine, slide: str) -> SlideReport:
    """Read a slide's report.

    Args:
        engine: of `open_reader`.
        slide: the slide's name.

    Raises:
        NotFound: there is no slide of that name.
        StoreUnavailable: the database cannot be read.
    """
    row = slide_row(engine, slide)
    classes = shown(class_records(engine), [row.counts])
    counted = differential(row.counts, classes, row.unclassified)
    used = Counter((field.bundle, field.bundle_sha256) for field in fields_of(engine, slide))
    bundles = tuple(BundleUse(name, sha256, fields) for (name, sha256), fields in used.most_common())
    return SlideReport(row, counted, bundles, _life(engine, slide))


def _life(engine: Engine, slide: str) -> Life:
    with reading(engine) as connection:
        number = slide_number(connection, slide)
        return lives(connection, 0, datetime.now(UTC), [number])[number].life


def as_json(report: SlideReport) -> str:
    """Give the report as one JSON object.

    Per cents and limits have two decimals and are null where no leucocyte is counted. Keys:

    `slide`, `note` (research use only), `status` (`empty`, `unreviewed`, or `signed` and what follows),
    `unassigned`, `last_received` (ISO 8601, UTC, or null); `fields` (assessable), `not_assessable`,
    `duplicates`, `quarantined` (numbers of
    files); `flags` (a list of words); `leucocytes`, `fewer_than_100`; `classes`: a list with `class`, `label`,
    `cells`, `percent`, `low`, `high` of each counted class, those without cells too; `groups`: the same of
    `polynuclear` and `mononuclear`, with `group` for `class`; `apart`: a list with `class`, `label`, `cells`,
    `per_100` of each class counted apart; `unclassified`, `artefacts`; `limits`: `method`, `confidence` (per
    cent); `bundles`: a list with `name`, `sha256`, `fields` of each.
    """
    slide, counted = report.slide, report.differential
    document = {
        "slide": slide.name,
        "note": RESEARCH,
        "status": report.status,
        "unassigned": slide.unassigned,
        "last_received": slide.last_received.isoformat() if slide.last_received else None,
        "fields": slide.fields,
        "not_assessable": slide.not_assessable,
        "duplicates": slide.duplicates,
        "quarantined": slide.quarantined,
        "flags": list(slide.flags),
        "leucocytes": counted.leucocytes,
        "fewer_than_100": report.few,
        "classes": [{"class": share.name} | _described(share) for share in counted.classes],
        "groups": [
            {"group": share.name} | _described(share) for share in (counted.polynuclear, counted.mononuclear)
        ],
        "apart": [
            {"class": a.name, "label": a.label, "cells": a.count, "per_100": two(a.per_hundred)}
            for a in counted.apart
        ],
        "unclassified": counted.unclassified,
        "artefacts": counted.artefacts,
        "limits": {"method": METHOD, "confidence": CONFIDENCE},
        "bundles": [{"name": b.name, "sha256": b.sha256, "fields": b.fields} for b in report.bundles],
    }
    return json.dumps(document, indent=2)


def as_csv(report: SlideReport) -> str:
    """Give the report as CSV with the head `slide,class,cells,percent,low,high`.

    A row for each counted class; then, without per cents, one for each class counted apart, `unclassified`
    and `artefact`. A slide's name that a spreadsheet would take for a formula gets a leading apostrophe.
    """
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(("slide", "class", "cells", "percent", "low", "high"))
    writer.writerows((harmless(report.slide.name), *row) for row in _rows(report.differential))
    return written.getvalue()


def _rows(counted: Differential) -> Iterator[tuple[Any, ...]]:
    for share in counted.classes:
        known = _described(share)
        yield share.name, share.count, known["percent"], known["low"], known["high"]
    for apart in counted.apart:
        yield apart.name, apart.count, None, None, None
    yield "unclassified", counted.unclassified, None, None, None
    yield "artefact", counted.artefacts, None, None, None


def _described(share: Share) -> dict[str, Any]:
    known = share.percent is not None
    return {
        "label": share.label,
        "cells": share.count,
        "percent": two(share.percent),
        "low": two(share.low) if known else None,
        "high": two(share.high) if known else None,
    }
