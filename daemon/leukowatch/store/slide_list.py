"""The list of slides: searched, by state, a page at a time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, func, or_, select

from leukowatch.store.life import Life, is_ready, life_of
from leukowatch.store.queries import reading
from leukowatch.store.rows import SlideRow
from leukowatch.store.tables import Slide
from leukowatch.store.tallies import latest_first, slide_rows
from leukowatch.store.tally_tables import SlideTally
from leukowatch.store.worklist import WorklistRow, orders_of, slides_of_orders


@dataclass(frozen=True, slots=True)
class ListedSlide:
    """A line of the list."""

    id: int
    slide: SlideRow
    life: Life
    order: WorklistRow | None
    """The worklist's line that holds for it."""


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
        search: part of the name or of the order, in upper or lower case; empty for all.
        life: only slides in this state.
        offset: slides to pass over, 0 or more.
        limit: slides on a page, 1 or more.

    Raises:
        StoreUnavailable: the database cannot be read.
    """
    ready = is_ready(idle_minutes, now)
    latest = now - timedelta(minutes=idle_minutes)
    with reading(engine) as connection:
        rules = _found(connection, search) + (_in(life, ready, latest) if life else [])
        columns: tuple[Any, ...] = (Slide.id, SlideTally.stage, ready.label("ready"))
        counting = select(func.count()).select_from(SlideTally)
        if rules:
            counting = counting.join(Slide, Slide.id == SlideTally.slide_id).where(*rules)
        total = connection.execute(counting).scalar_one()
        wanted = latest_first(select(*columns)).where(*rules)
        heads = connection.execute(wanted.offset(offset).limit(limit)).all()
        rows = slide_rows(connection, [head.id for head in heads])
        orders = orders_of(connection, [row.name for row in rows.values()])
    lines = [
        ListedSlide(
            head.id, row := rows[head.id], life_of(Life(head.stage) if head.stage else None, ready=head.ready),
            orders[row.name],
        )
        for head in heads
    ]  # fmt: skip
    return SlidePage(tuple(lines), total)


def _found(connection: Connection, search: str) -> list[ColumnElement[bool]]:
    """Give the rule of a search."""
    if not search:
        return []
    # SQLite's LIKE takes upper and lower case for the same, and is slower where both sides are lowered first.
    like = Slide.name.contains if connection.dialect.name == "sqlite" else Slide.name.icontains
    named = SlideTally.slide_id.in_(select(Slide.id).where(like(search, autoescape=True)))
    ordered = slides_of_orders(connection, search)
    return [or_(named, Slide.name.in_(ordered)) if ordered else named]


def _in(life: Life, ready: ColumnElement[bool], latest: datetime) -> list[ColumnElement[bool]]:
    """Give the rules of a state; of slides that are read, the times come first, as few are that young."""
    if life is Life.READING:
        return [SlideTally.stage == "", SlideTally.last_received > latest, ~ready]
    if life is Life.TO_REVIEW:
        return [SlideTally.stage == "", ready]
    return [SlideTally.stage == life.value]
