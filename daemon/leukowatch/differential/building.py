"""Makes one slide's result: the one that was signed, else the preliminary one from what the store holds now."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, and_, func, select

from leukonet.cells import CellClass, Group, Role
from leukowatch.differential.counts import Apart, Share, differential
from leukowatch.differential.reference import BAND, NEUTROPHIL, WORDS, Ranges, load_ranges
from leukowatch.differential.result import ClassResult, Order, Reference, SlideResult, State
from leukowatch.differential.rules import corrected_leucocytes, remarks
from leukowatch.differential.stored import signed_result
from leukowatch.settings import Settings
from leukowatch.store import tables
from leukowatch.store.cell_states import CELL_STATE
from leukowatch.store.outcome import Status
from leukowatch.store.queries import reading
from leukowatch.store.review_tables import BundleClass
from leukowatch.store.signatures import signatures_of
from leukowatch.store.slides import slide_number
from leukowatch.store.tables import Analysis, Arrival, Bundle, Field
from leukowatch.store.worklist import order_in, order_of
from leukowatch.store.writing import utc

ERYTHROBLAST = "erythroblast"
OTHER = "other"
"""No kind of cell, so nothing that a bundle could be blind to."""


@dataclass(frozen=True, slots=True)
class _Counted:
    """What the store holds of a slide now."""

    classes: tuple[CellClass, ...]
    codes: Mapping[str, str]
    counts: Mapping[str, int]
    """Class → cells; classes without cells are absent."""
    unclassified: int
    fields: int
    quarantined: int
    set_aside: int
    bundles: Mapping[str, str]
    blind_to: tuple[str, ...]


def slide_result(engine: Engine, slide: str, settings: Settings, now: datetime | None = None) -> SlideResult:
    """Give a slide's result: the last that was released, word for word, else the preliminary one of now.

    Args:
        engine: to read from.
        slide: the slide's name.
        settings: in force, for target, reference ranges.
        now: aware; the time, where it is not given.

    Raises:
        NotFound: there is no such slide.
        SettingsInvalid: the file of reference ranges cannot be read.
        StoreUnavailable: the database cannot be read.
    """
    with reading(engine) as connection:
        rows = signatures_of(connection, slide_number(connection, slide))
        version = max((row.version for row in rows if row.released), default=0)
        if version:
            return signed_result(rows, version)
        return preliminary(connection, slide, settings, utc(now))


def former_results(engine: Engine, slide: str) -> tuple[SlideResult, ...]:
    """Give every released version of a slide's result, the first one first; empty while preliminary.

    Raises:
        NotFound: there is no such slide.
        StoreUnavailable: the database cannot be read.
    """
    with reading(engine) as connection:
        rows = signatures_of(connection, slide_number(connection, slide))
    versions = sorted({row.version for row in rows if row.released})
    return tuple(signed_result(rows, version) for version in versions)


def current_result(
    engine: Engine, slide: str, settings: Settings, now: datetime | None = None
) -> SlideResult:
    """Give the result of what the store holds now, preliminary whether or not the slide was signed.

    Raises:
        NotFound, SettingsInvalid, StoreUnavailable: as `slide_result`.
    """
    with reading(engine) as connection:
        return preliminary(connection, slide, settings, utc(now))


def preliminary(connection: Connection, slide: str, settings: Settings, now: datetime) -> SlideResult:
    """Make the result of what the store holds now, in the caller's transaction."""
    ranges = load_ranges(settings.differential.reference)
    found = _counted(connection, slide_number(connection, slide))
    order = _order(connection, slide, settings.exchange.order_pattern)
    counted = differential(found.counts, found.classes, found.unclassified)
    total, external = counted.leucocytes, order.leucocytes if order else None
    corrected = (
        None if external is None else corrected_leucocytes(external, found.counts.get(ERYTHROBLAST, 0), total)
    )
    judged, together = _judged({each.name: each.percent for each in counted.classes}, ranges, order)
    shares = {
        each.name: _counted_class(each, found, *judged[each.name], corrected) for each in counted.classes
    }
    aparts = {each.name: _apart_class(each, found, corrected) for each in counted.apart}
    told = shares | aparts
    return SlideResult(
        slide=slide,
        state=State.PRELIMINARY,
        version=0,
        made_at=now,
        order=order,
        leucocytes=total,
        target=settings.review.target_cells,
        classes=tuple(told[each.name] for each in found.classes if each.name in told),
        unclassified=found.unclassified,
        artefacts=counted.artefacts,
        fields=found.fields,
        corrected_leucocytes=corrected,
        warnings=(*_warnings(found, total, settings.review.target_cells), *together),
        blind_to=found.blind_to,
        reference_source=_source(ranges, order),
        bundles=found.bundles,
        signatures=(),
    )


def _warnings(found: _Counted, leucocytes: int, target: int) -> Iterator[str]:
    for each in remarks(
        found.counts, leucocytes, target, found.unclassified, found.quarantined, found.set_aside
    ):
        yield each.sentence


def _judged(
    percents: Mapping[str, float | None], ranges: Ranges, order: Order | None
) -> tuple[dict[str, tuple[Reference | None, str]], tuple[str, ...]]:
    """Give each class's range and flag, and a sentence where neutrophils and bands are judged as one.

    The row of the neutrophils is then the segmented ones alone, of which there is no range.
    """
    age, sex = (order.age_years, order.sex) if order else (None, "")
    judged = {name: ranges.judge(name, percents, age, sex) for name in percents}
    if not ranges.parts(percents, age, sex):
        return judged, ()
    reference, flag = judged[NEUTROPHIL]
    percent = (percents[NEUTROPHIL] or 0) + (percents[BAND] or 0)
    usual = f", reference {reference.low:g} to {reference.high:g}" if reference else ""
    said = f"Neutrophils and bands together: {percent:.1f}%{usual}{f': {WORDS[flag]}' if flag else ''}."
    return judged | {NEUTROPHIL: (None, "")}, (said,)


def _order(connection: Connection, slide: str, pattern: str) -> Order | None:
    """Give the worklist's order, else the one that the slide's name tells by the site's pattern."""
    listed = order_of(connection, slide)
    if listed:
        return Order(listed.order_id, listed.age_years, listed.sex, listed.leucocytes)
    named = order_in(slide, pattern)
    return Order(named, None, "", None) if named else None


def _counted_class(
    share: Share, found: _Counted, reference: Reference | None, flag: str, corrected: float | None
) -> ClassResult:
    known = share.percent is not None
    return ClassResult(
        share.name, share.label, Role.COUNTED.value, found.codes[share.name], share.count, share.percent,
        share.low if known else None, share.high if known else None, reference, flag,
        _absolute(share.percent, corrected),
    )  # fmt: skip


def _apart_class(apart: Apart, found: _Counted, corrected: float | None) -> ClassResult:
    return ClassResult(
        apart.name, apart.label, Role.APART.value, found.codes[apart.name], apart.count, apart.per_hundred,
        None, None, None, "", _absolute(apart.per_hundred, corrected),
    )  # fmt: skip


def _absolute(percent: float | None, corrected: float | None) -> float | None:
    return None if percent is None or corrected is None else percent * corrected / 100


def _source(ranges: Ranges, order: Order | None) -> str:
    """Tell where the ranges come from, and what was taken for granted of the person."""
    if order is None or order.age_years is None:
        return f"{ranges.source}; no age is known: an adult's were used"
    return ranges.source


def _counted(connection: Connection, slide_id: int) -> _Counted:
    """Read the counts of a slide, with a query for each kind."""
    known = connection.execute(
        select(
            tables.CellClass.id, tables.CellClass.name, tables.CellClass.label, tables.CellClass.key,
            tables.CellClass.role, tables.CellClass.grp, tables.CellClass.code, tables.CellClass.retired,
        ).order_by(tables.CellClass.id)
    ).all()  # fmt: skip
    view = CELL_STATE.c
    tally = {
        row[0]: row[1]
        for row in connection.execute(
            select(view.class_id, func.count()).where(view.slide_id == slide_id).group_by(view.class_id)
        )
    }
    kinds = [row for row in known if not row.retired or row.id in tally]
    quarantined = connection.execute(
        select(func.count(), func.count(Arrival.set_aside_id)).where(
            Arrival.slide_id == slide_id, Arrival.status == Status.QUARANTINED.value
        )
    ).one()
    fields = (
        select(func.count())
        .select_from(Analysis)
        .join(Field, Field.id == Analysis.field_id)
        .where(Field.slide_id == slide_id, Analysis.is_current, Analysis.assessable)
    )
    used = _bundles(connection, slide_id)
    seen = _seen_by_all(connection, list(used))
    return _Counted(
        classes=tuple(
            CellClass(row.name, row.label, row.key, Role(row.role), Group(row.grp)) for row in kinds
        ),
        codes={row.name: row.code for row in kinds},
        counts={row.name: tally[row.id] for row in kinds if row.id in tally},
        unclassified=tally.get(None, 0),
        fields=connection.execute(fields).scalar_one(),
        quarantined=quarantined[0] - quarantined[1],
        set_aside=quarantined[1],
        bundles=dict(used.values()),
        blind_to=tuple(
            row.label
            for row in kinds
            if seen is not None and row.id not in seen and row.role != Role.NEVER and row.name != OTHER
        ),
    )


def _bundles(connection: Connection, slide_id: int) -> dict[int, tuple[str, str]]:
    """Name the bundles that looked at a slide's fields: id → name and SHA-256."""
    rows = connection.execute(
        select(Bundle.id, Bundle.name, Bundle.sha256)
        .distinct()
        .join(Analysis, and_(Analysis.bundle_id == Bundle.id, Analysis.is_current))
        .join(Field, Field.id == Analysis.field_id)
        .where(Field.slide_id == slide_id)
        .order_by(Bundle.id)
    )
    return {row.id: (row.name, row.sha256) for row in rows}


def _seen_by_all(connection: Connection, bundles: list[int]) -> set[int] | None:
    """Give the classes that each of the bundles can name; None where it is not known of any."""
    named: dict[int, set[int]] = {}
    rows: Any = connection.execute(
        select(BundleClass.bundle_id, BundleClass.class_id).where(BundleClass.bundle_id.in_(bundles))
    )
    for bundle, number in rows:
        named.setdefault(bundle, set()).add(number)
    return set.intersection(*named.values()) if named else None
