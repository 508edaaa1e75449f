"""The list of slides as the review page shows it: searched, by state, a page at a time."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, and_, func, select

from leukowatch.store.cell_states import CELL_STATE
from leukowatch.store.life import Life, lives
from leukowatch.store.outcome import Status
from leukowatch.store.queries import reading
from leukowatch.store.tables import Arrival, CellClass, Flag, Slide
from leukowatch.store.worklist import orders_of


@dataclass(frozen=True, slots=True)
class ListedSlide:
    """A line of the list."""

    name: str
    life: Life
    cells: int
    """Counted leucocytes."""
    unclassified: int
    unseen: int
    """Cells that no person has looked at."""
    quarantined: int
    flags: tuple[str, ...]
    """Kinds of flag, each once, by name."""
    order_id: str
    """Of the worklist; empty where no line fits."""
    last_received: datetime | None
    """UTC; None where all fields came by reassignment."""


@dataclass(frozen=True, slots=True)
class SlidePage:
    """One page of the list."""

    slides: tuple[ListedSlide, ...]
    total: int
    """Slides that fit the search, on all pages."""


def list_slides(
    engine: Engine, idle_minutes: float, now: datetime, *,
    search: str = "", life: Life | None = None, offset: int = 0, limit: int = 50,
) -> SlidePage:  # fmt: skip
    """List slides, the one that last received a file first.

    Args:
        engine: to read from.
        idle_minutes: as `review.idle_minutes`.
        now: aware.
        search: part of the name, in upper or lower case; empty for all.
        life: only slides in this state.
        offset: slides to pass over, 0 or more.
        limit: slides on a page, 1 or more.

    Raises:
        StoreUnavailable: the database cannot be read.
    """
    last = select(func.max(Arrival.received_at)).where(Arrival.slide_id == Slide.id).scalar_subquery()
    wanted = select(Slide.id, Slide.name, last.label("last"))
    if search:
        wanted = wanted.where(Slide.name.icontains(search, autoescape=True))
    with reading(engine) as connection:
        heads = connection.execute(wanted.order_by(last.desc().nulls_last(), Slide.name)).all()
        if life is not None:
            states = lives(connection, idle_minutes, now, [head.id for head in heads])
            heads = [head for head in heads if states[head.id].life is life]
        shown = heads[offset : offset + limit]
        numbers = [head.id for head in shown]
        states = lives(connection, idle_minutes, now, numbers)
        cells, flags = _cells(connection, numbers), _flags(connection, numbers)
        held = _quarantined(connection, numbers)
        orders = orders_of(connection, [head.name for head in shown])
    lines = [
        ListedSlide(
            head.name, states[head.id].life, *cells[head.id], held.get(head.id, 0), flags[head.id],
            order.order_id if (order := orders[head.name]) else "", head.last,
        )
        for head in shown
    ]  # fmt: skip
    return SlidePage(tuple(lines), len(heads))


def _cells(connection: Connection, slides: Collection[int]) -> dict[int, tuple[int, int, int]]:
    """Count cells that count, that have no class, and that nobody has seen."""
    view = CELL_STATE.c
    statement = (
        select(view.slide_id, CellClass.role, func.count(), func.count(view.decision_id))
        .select_from(CELL_STATE.outerjoin(CellClass, CellClass.id == view.class_id))
        .where(view.slide_id.in_(slides))
        .group_by(view.slide_id, CellClass.role)
    )
    found: dict[int, tuple[int, int, int]] = defaultdict(lambda: (0, 0, 0))
    for slide, role, cells, seen in connection.execute(statement):
        counted, waiting, unseen = found[slide]
        found[slide] = (
            counted + cells * (role == "counted"), waiting + cells * (role is None), unseen + cells - seen
        )  # fmt: skip
    return found


def _flags(connection: Connection, slides: Collection[int]) -> dict[int, tuple[str, ...]]:
    statement = select(Flag.slide_id, Flag.kind).distinct().where(Flag.slide_id.in_(slides))
    found: dict[int, tuple[str, ...]] = defaultdict(tuple)
    for slide, kind in connection.execute(statement.order_by(Flag.kind)):
        found[slide] = (*found[slide], kind)
    return found


def _quarantined(connection: Connection, slides: Collection[int]) -> dict[int, int]:
    held = and_(Arrival.slide_id.in_(slides), Arrival.status == Status.QUARANTINED.value)
    statement = select(Arrival.slide_id, func.count()).where(held).group_by(Arrival.slide_id)
    return {row[0]: row[1] for row in connection.execute(statement)}
