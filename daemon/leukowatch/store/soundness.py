"""Judges whether an outcome can be stored, so that one that cannot never holds up the others of its group."""

from collections.abc import Collection
from dataclasses import replace
from math import isfinite
from typing import TYPE_CHECKING

from leukowatch.store.outcome import Outcome

if TYPE_CHECKING:
    from leukonet.result import Cell, FieldResult

UNKNOWN_CLASS = "unknown_class"
BAD_RESULT = "bad_result"


def storable(outcome: Outcome, classes: Collection[str]) -> Outcome:
    """Give the outcome back, or the same file quarantined where its result breaks the store's rules.

    Args:
        outcome: of any kind.
        classes: names that the table `cell_class` has.
    """
    if outcome.result is None:
        return outcome
    reason, detail = _fault(outcome, outcome.result, classes)
    return replace(outcome, result=None, reason=reason, detail=detail) if reason else outcome


def _fault(outcome: Outcome, result: "FieldResult", classes: Collection[str]) -> tuple[str, str]:
    """Name the first rule that the result breaks; two empty texts where it breaks none."""
    if outcome.received.sha256 is None:
        return BAD_RESULT, "analysed without a hash of its content; this is a defect, report it"
    if min(result.width, result.height) <= 0 or (result.cells and not result.assessable):
        cells = f"{len(result.cells)} cells, assessable: {result.assessable}"
        return BAD_RESULT, f"a field of {result.width} x {result.height} pixels with {cells}"
    if not all(isfinite(time) and time >= 0 for time in result.timings.values()):
        return BAD_RESULT, f"timings {dict(result.timings)}"
    for cell in result.cells:
        unknown = {cell.first, cell.second}.difference(classes)
        if unknown:
            name = min(unknown)
            return (
                UNKNOWN_CLASS,
                f"bundle {result.bundle} names {name!r}; add it to the table cell_class and requeue",
            )
        if not _sound(cell):
            return BAD_RESULT, f"cell out of range: {cell}"
    return "", ""


def _sound(cell: "Cell") -> bool:
    """Whether box, scores and marks fit the constraints of the table `cell`."""
    box = cell.box
    shares = (cell.score, cell.first_probability, cell.second_probability)
    return (
        all(map(isfinite, box))
        and 0 <= box.xmin < box.xmax
        and 0 <= box.ymin < box.ymax
        and all(0 <= share <= 1 for share in shares)
        and not (cell.counts and cell.unclassified)
    )
