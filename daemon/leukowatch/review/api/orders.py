"""The laboratory's worklist: which slide is of which order."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Body, Query

from leukowatch.exchange.orders import read_worklist
from leukowatch.review.asking import Called
from leukowatch.review.house import Housed
from leukowatch.store.archived import slide_ids_of
from leukowatch.store.matching import matched
from leukowatch.store.worklist import WorklistRow, order_in, record_worklist

MOST = 200
"""Orders, and slides without one, in an answer."""


@dataclass(frozen=True, slots=True)
class SlideRef:
    """A slide that is named."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class OrderAnswer:
    """A line of the worklist that holds, with the slides that it is about."""

    order: str
    slide: str
    """The name or the pattern that it gives."""
    age: float | None
    """Years."""
    sex: str
    leucocytes: float | None
    """External count, 10^9 a litre."""
    slides: list[SlideRef]
    """None where no slide of that name has come."""


@dataclass(frozen=True, slots=True)
class UnmatchedAnswer:
    """A slide that no line names."""

    id: int
    name: str
    order: str
    """The order that the name itself tells, by the site's pattern; or empty."""


@dataclass(frozen=True, slots=True)
class WorklistAnswer:
    """The worklist held against the slides; at most 200 of each kind."""

    orders: list[OrderAnswer]
    orders_total: int
    without: list[UnmatchedAnswer]
    without_total: int


@dataclass(frozen=True, slots=True)
class OrdersTaken:
    """How many lines were taken."""

    taken: int


def worklist(house: Housed, search: Annotated[str, Query(max_length=200)] = "") -> WorklistAnswer:
    """Orders with their slides, the last taken first, and slides without an order; `search` for a part of either."""
    lines, without = matched(house.reader)
    lines = [line for line in reversed(lines) if _has(search, line[0].order_id, line[0].slide, *line[1])]
    without = [slide for slide in without if _has(search, slide)]
    shown, alone = lines[:MOST], without[:MOST]
    numbers = slide_ids_of(house.reader, [*alone, *(slide for _, slides in shown for slide in slides)])
    pattern = house.settings.exchange.order_pattern
    return WorklistAnswer(
        [_order(row, [SlideRef(numbers[each], each) for each in slides]) for row, slides in shown],
        len(lines),
        [UnmatchedAnswer(numbers[slide], slide, order_in(slide, pattern)) for slide in alone],
        len(without),
    )


def take_worklist(
    content: Annotated[bytes, Body(media_type="text/csv")],
    house: Housed,
    caller: Called,
    replace: bool = False,
    file: Annotated[str, Query(max_length=200)] = "worklist",
) -> OrdersTaken:
    """Take a CSV of orders, all lines or none; `replace` for a whole list in place of every line before it."""
    rows = read_worklist(content, file)
    return OrdersTaken(record_worklist(house.writer, caller.actor, rows, house.now, replace=replace))


def _order(row: WorklistRow, slides: list[SlideRef]) -> OrderAnswer:
    return OrderAnswer(row.order_id, row.slide, row.age_years, row.sex, row.leucocytes, slides)


def _has(part: str, *texts: str) -> bool:
    return not part or any(part.lower() in text.lower() for text in texts)
