"""What is counted on slides, from their summary rows."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Engine, Select, func, select

from leukowatch.store.queries import reading
from leukowatch.store.rows import SlideRow
from leukowatch.store.slides import slide_number
from leukowatch.store.tables import CellClass, Flag, Slide
from leukowatch.store.tally_tables import WAITS, SlideCount, SlideTally


def slides(engine: Engine, limit: int | None = None) -> list[SlideRow]:
    """List slides, the one that last received a file first; slides without files come last.

    Args:
        engine: to read from.
        limit: at most so many; all, where it is not given.

    Raises:
        StoreUnavailable: the database cannot be read.
    """
    with reading(engine) as connection:
        numbers = connection.execute(latest_first(select(Slide.id)).limit(limit)).scalars().all()
        return list(slide_rows(connection, numbers).values())


def number_of_slides(engine: Engine) -> int:
    """Count the slides.

    Raises:
        StoreUnavailable: the database cannot be read.
    """
    with reading(engine) as connection:
        return int(connection.execute(select(func.count()).select_from(SlideTally)).scalar_one())


def slide(engine: Engine, name: str) -> SlideRow:
    """Give one slide.

    Raises:
        NotFound: there is none of that name.
        StoreUnavailable: the database cannot be read.
    """
    with reading(engine) as connection:
        number = slide_number(connection, name)
        return slide_rows(connection, [number])[number]


def latest_first(wanted: Select[Any]) -> Select[Any]:
    """Let a selection of slides have the one that last received a file first."""
    joined = wanted.join(SlideTally, SlideTally.slide_id == Slide.id)
    return joined.order_by(SlideTally.last_received.desc().nulls_last(), Slide.name)


def slide_rows(connection: Connection, numbers: Collection[int]) -> dict[int, SlideRow]:
    """Give slides by their ids, in that order."""
    classes = connection.execute(select(CellClass.id, CellClass.name).order_by(CellClass.id)).all()
    columns: tuple[Any, ...] = (
        Slide.name, Slide.unassigned, SlideTally.fields, SlideTally.not_assessable, SlideTally.duplicates,
        SlideTally.quarantined, SlideTally.last_received,
    )  # fmt: skip
    heads = {
        row.id: row
        for row in connection.execute(
            select(Slide.id, *columns)
            .join(SlideTally, SlideTally.slide_id == Slide.id)
            .where(Slide.id.in_(numbers))
        )
    }
    cells: dict[int, dict[int, int]] = defaultdict(dict)
    unseen: dict[int, int] = defaultdict(int)
    for row in connection.execute(select(*SlideCount.__table__.c).where(SlideCount.slide_id.in_(numbers))):
        cells[row.slide_id][row.class_id] = row.cells
        unseen[row.slide_id] += row.cells - row.reviewed
    flags: dict[int, set[str]] = defaultdict(set)
    for number, kind in connection.execute(
        select(Flag.slide_id, Flag.kind).where(Flag.slide_id.in_(numbers))
    ):
        flags[number].add(kind)
    return {
        number: SlideRow(
            name=(head := heads[number]).name,
            unassigned=head.unassigned,
            fields=head.fields,
            not_assessable=head.not_assessable,
            counts={each.name: cells[number].get(each.id, 0) for each in classes},
            unclassified=cells[number].get(WAITS, 0),
            unseen=unseen[number],
            duplicates=head.duplicates,
            quarantined=head.quarantined,
            flags=tuple(sorted(flags[number])),
            last_received=head.last_received,
        )
        for number in numbers
    }
