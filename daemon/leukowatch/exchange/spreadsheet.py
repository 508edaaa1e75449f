"""Results as CSV: one table over many slides, with a row for each slide or for each cell."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from leukowatch.differential.result import ClassResult, SlideResult
from leukowatch.differential.written import harmless, two
from leukowatch.exchange.wording import NOTE, bundles
from leukowatch.store.reviewed import ReviewCell

CELL_COLUMNS = (
    "slide", "state", "version", "cell", "field", "xmin", "ymin", "xmax", "ymax", "first", "first_probability",
    "second", "second_probability", "class", "reviewer", "decision", "bundles", "note",
)  # fmt: skip
_BETWEEN = "; "
"""Parts several values in one column."""


def slides_csv(results: Sequence[SlideResult]) -> bytes:
    """Give a row for each slide.

    The columns of a class are `NAME_cells`, `NAME_percent` (per 100 leucocytes where it is counted apart), `NAME_low`,
    `NAME_high` (exact 95% limits), `NAME_flag` and `NAME_absolute` (10^9 a litre). Numbers have two decimals at
    most; a class that a slide's result does not have is empty there.
    """
    names = dict.fromkeys(each.name for result in results for each in result.classes)
    return _table([_slide(result) | _classes(result.classes, names) | _end(result) for result in results])


def cells_csv(cells: Iterable[tuple[SlideResult, Sequence[ReviewCell]]]) -> bytes:
    """Give a row for each cell of each slide, as the cells are now.

    `xmin` to `ymax` are pixels of the upright field; first and second are the bundle's two most probable classes,
    empty for a cell that a person added. `class` is the one that holds, empty where the cell waits for a person;
    `reviewer` is who looked last, empty where nobody has.
    """
    return _table([_cell(result, cell) for result, lines in cells for cell in lines], CELL_COLUMNS)


def _slide(result: SlideResult) -> dict[str, Any]:
    order = result.order
    return {
        "slide": result.slide,
        "state": result.state.value,
        "version": result.version,
        "made_at": result.made_at.isoformat(),
        "order_id": order.order_id if order else None,
        "age_years": order.age_years if order else None,
        "sex": order.sex if order else None,
        "external_leucocytes": two(order.leucocytes) if order else None,
        "corrected_leucocytes": two(result.corrected_leucocytes),
        "leucocytes": result.leucocytes,
        "target": result.target,
        "fields": result.fields,
        "unclassified": result.unclassified,
        "artefacts": result.artefacts,
    }


def _classes(classes: Sequence[ClassResult], names: Iterable[str]) -> dict[str, Any]:
    known = {each.name: each for each in classes}
    row: dict[str, Any] = {}
    for name in names:
        found = known.get(name)
        row |= {
            f"{name}_cells": found and found.count,
            f"{name}_percent": found and two(found.percent),
            f"{name}_low": found and two(found.low),
            f"{name}_high": found and two(found.high),
            f"{name}_flag": found and found.flag,
            f"{name}_absolute": found and two(found.absolute),
        }
    return row


def _end(result: SlideResult) -> dict[str, Any]:
    return {
        "warnings": _BETWEEN.join(result.warnings),
        "blind_to": _BETWEEN.join(result.blind_to),
        "reference_source": result.reference_source,
        "signed_by": _BETWEEN.join(f"{each.who} ({each.role}, {each.kind})" for each in result.signatures),
        "bundles": _BETWEEN.join(bundles(result)),
        "note": NOTE,
    }


def _cell(result: SlideResult, cell: ReviewCell) -> dict[str, Any]:
    values = (
        result.slide, result.state.value, result.version, cell.key, cell.file, two(cell.xmin), two(cell.ymin),
        two(cell.xmax), two(cell.ymax), cell.first, _four(cell.first_probability), cell.second,
        _four(cell.second_probability), cell.name, cell.reviewer, cell.decision,
        _BETWEEN.join(bundles(result)), NOTE,
    )  # fmt: skip
    return dict(zip(CELL_COLUMNS, values, strict=True))


def _four(probability: float | None) -> float | None:
    return None if probability is None else round(probability, 4)


def _table(rows: Sequence[Mapping[str, Any]], head: Sequence[str] = ()) -> bytes:
    """Write rows of the same keys; without rows the head alone."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(head or rows[0].keys())
    writer.writerows([harmless(value) for value in row.values()] for row in rows)
    return written.getvalue().encode()
