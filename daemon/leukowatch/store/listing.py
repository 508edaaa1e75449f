"""The list of slides, a page at a time: what a person needs to choose the next one."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, and_, case, func, or_, select

from leukowatch.store.cell_states import CELL_STATE
from leukowatch.store.life import Life, lives
from leukowatch.store.outcome import Status
from leukowatch.store.queries import reading
from leukowatch.store.review_tables import Worklist
from leukowatch.store.tables import Analysis, Arrival, CellClass, Field, Flag, Slide
from leukowatch.store.worklist import orders_of


@dataclass(frozen=True, slots=True)
class ListedSlide:
    """One line of the list."""

    id: int
    name: str
    life: Life
    order_id: str
    """Empty where no worklist names the slide."""
    leucocytes: int
    """Counted cells, by people's decisions."""
    unclassified: int
    fields: int
    """Assessable."""
    quarantined: int
    """Files that came under it and could not be counted."""
    flags: tuple[str, ...]
    """Kinds of flag on it, each once, by name."""
    last_received: datetime | None
    """UTC; None where all its fields came by reassignment."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which part of the list."""

    search: str = ""
    """Part of a slide's name or of its order; case does not matter."""
    life: Life | None = None
    page: int = 1
    """1 or more."""
    size: int = 50
    """Slides on a page."""


def list_slides(
    engine: Engine, wanted: Wanted, idle_minutes: float, now: datetime
) -> tuple[int, list[ListedSlide]]:
    """Give the number of slides that fit, and one page of them, the newest slide first.

    Raises:
        StoreUnavailable: the database cannot be read.
    """
    with reading(engine) as connection:
        rule = _fits(wanted)
        if wanted.life is None:
            total = int(connection.execute(select(func.count()).select_from(Slide).where(*rule)).scalar_one())
            numbers = connection.execute(_page(select(Slide.id).where(*rule), wanted)).scalars().all()
        else:
            fitting = connection.execute(select(Slide.id).where(*rule).order_by(Slide.id.desc())).scalars().all()
            known = lives(connection, idle_minutes, now, fitting if rule else None)
            fitting = [number for number in fitting if known[number].life is wanted.life]
            first = (wanted.page - 1) * wanted.size
            total, numbers = len(fitting), fitting[first : first + wanted.size]
        return total, _lines(connection, numbers, idle_minutes, now)


def _page(statement: Any, wanted: Wanted) -> Any:
    first = (wanted.page - 1) * wanted.size
    return statement.order_by(Slide.id.desc()).limit(wanted.size).offset(first)


def _fits(wanted: Wanted) -> list[ColumnElement[bool]]:
    if not wanted.search:
        return []
    order = select(Worklist.id).where(
        Worklist.slide == Slide.name, Worklist.order_id.icontains(wanted.search, autoescape=True)
    )
    return [or_(Slide.name.icontains(wanted.search, autoescape=True), order.exists())]


def _lines(
    connection: Connection, numbers: Sequence[int], idle_minutes: float, now: datetime
) -> list[ListedSlide]:
    rows = connection.execute(select(Slide.id, Slide.name).where(Slide.id.in_(numbers)))
    names = {row.id: row.name for row in rows}
    states = lives(connection, idle_minutes, now, numbers)
    orders = orders_of(connection, list(names.values()))
    cells, fields, arrivals = (read(connection, numbers) for read in (_cells, _fields, _arrivals))
    flags = _flags(connection, numbers)
    lines = []
    for number in numbers:
        order = orders[names[number]]
        quarantined, last = arrivals.get(number, (0, None))
        leucocytes, unclassified = cells.get(number, (0, 0))
        lines.append(ListedSlide(
            number, names[number], states[number].life, order.order_id if order else "", leucocytes,
            unclassified, fields.get(number, 0), quarantined, tuple(sorted(flags[number])), last,
        ))  # fmt: skip
    return lines


def _cells(connection: Connection, numbers: Sequence[int]) -> dict[int, tuple[int, int]]:
    view = CELL_STATE.c
    statement = (
        select(view.slide_id, _number_of(CellClass.role == "counted"), _number_of(view.class_id.is_(None)))
        .select_from(CELL_STATE.outerjoin(CellClass, CellClass.id == view.class_id))
        .where(view.slide_id.in_(numbers))
        .group_by(view.slide_id)
    )
    return {row[0]: (row[1], row[2]) for row in connection.execute(statement)}


def _fields(connection: Connection, numbers: Sequence[int]) -> dict[int, int]:
    current = and_(Analysis.field_id == Field.id, Analysis.is_current, Analysis.assessable)
    statement = select(Field.slide_id, func.count()).join(Analysis, current)
    rows = connection.execute(statement.where(Field.slide_id.in_(numbers)).group_by(Field.slide_id))
    return {row[0]: row[1] for row in rows}


def _arrivals(connection: Connection, numbers: Sequence[int]) -> dict[int, tuple[int, datetime | None]]:
    quarantined = _number_of(Arrival.status == Status.QUARANTINED.value)
    statement = select(Arrival.slide_id, quarantined, func.max(Arrival.received_at))
    rows = connection.execute(statement.where(Arrival.slide_id.in_(numbers)).group_by(Arrival.slide_id))
    return {row[0]: (row[1], row[2]) for row in rows}


def _flags(connection: Connection, numbers: Sequence[int]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    for number, kind in connection.execute(
        select(Flag.slide_id, Flag.kind).where(Flag.slide_id.in_(numbers)).distinct()
    ):
        found[number].add(kind)
    return found


def _number_of(rule: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((rule, 1), else_=0)), 0)
