"""Counts slide by slide: what the lists of slides and the differentials are made of."""

from collections import defaultdict
from typing import Any

from sqlalchemy import Connection, Engine, and_, case, func, select

from leukowatch.store.cell_states import CELL_STATE
from leukowatch.store.outcome import Status
from leukowatch.store.queries import reading
from leukowatch.store.rows import SlideRow
from leukowatch.store.slides import slide_number
from leukowatch.store.tables import Analysis, Arrival, CellClass, Field, Flag, Slide


def slides(engine: Engine) -> list[SlideRow]:
    """List every slide, the one that last received a file first; slides without files come last.

    Raises:
        StoreUnavailable: the database cannot be read.
    """
    with reading(engine) as connection:
        rows = _slide_rows(connection, None)
    by_name = sorted(rows, key=lambda row: row.name)
    moment = {row.name: row.last_received.timestamp() if row.last_received else 0.0 for row in rows}
    return sorted(by_name, key=lambda row: moment[row.name], reverse=True)


def slide(engine: Engine, name: str) -> SlideRow:
    """Give one slide.

    Raises:
        NotFound: there is none of that name.
        StoreUnavailable: the database cannot be read.
    """
    with reading(engine) as connection:
        return _slide_rows(connection, slide_number(connection, name))[0]


def _slide_rows(connection: Connection, only: int | None) -> list[SlideRow]:
    """Read all slides, or one, by a query for each kind of count."""

    def grouped(statement: Any, slide_id: Any) -> dict[int, Any]:
        narrowed = statement if only is None else statement.where(slide_id == only)
        return {row[0]: row for row in connection.execute(narrowed.group_by(slide_id))}

    def named(statement: Any, slide_id: Any) -> dict[int, dict[str, int]]:
        narrowed = statement if only is None else statement.where(slide_id == only)
        found: dict[int, dict[str, int]] = defaultdict(dict)
        for number, name, count in connection.execute(narrowed):
            found[number][name] = count
        return found

    classes = connection.execute(select(CellClass.name).order_by(CellClass.id)).scalars().all()
    heads = grouped(select(Slide.id, Slide.name, Slide.unassigned), Slide.id)
    fields = grouped(_FIELDS, Field.slide_id)
    arrivals = grouped(_ARRIVALS, Arrival.slide_id)
    waiting = grouped(_UNCLASSIFIED, CELL_STATE.c.slide_id)
    cells = named(_CELLS, CELL_STATE.c.slide_id)
    flags = named(_FLAGS, Flag.slide_id)
    return [
        SlideRow(
            name=head.name,
            unassigned=head.unassigned,
            fields=fields[number].assessable if number in fields else 0,
            not_assessable=fields[number].others if number in fields else 0,
            counts={name: cells[number].get(name, 0) for name in classes},
            unclassified=waiting[number].cells if number in waiting else 0,
            duplicates=arrivals[number].duplicates if number in arrivals else 0,
            quarantined=arrivals[number].quarantined if number in arrivals else 0,
            flags=tuple(sorted(flags[number])),
            last_received=arrivals[number].last if number in arrivals else None,
        )
        for number, head in heads.items()
    ]


def _number_of(rule: Any) -> Any:
    """Count the rows of a group for which a rule holds."""
    return func.coalesce(func.sum(case((rule, 1), else_=0)), 0)


_CURRENT_OF_FIELD = and_(Analysis.field_id == Field.id, Analysis.is_current)
_FIELDS = select(
    Field.slide_id,
    _number_of(Analysis.assessable).label("assessable"),
    _number_of(~Analysis.assessable).label("others"),
).join(Analysis, _CURRENT_OF_FIELD)
_ARRIVALS = select(
    Arrival.slide_id,
    _number_of(Arrival.status == Status.DUPLICATE.value).label("duplicates"),
    _number_of(Arrival.status == Status.QUARANTINED.value).label("quarantined"),
    func.max(Arrival.received_at).label("last"),
)
_UNCLASSIFIED = (
    select(CELL_STATE.c.slide_id, func.count().label("cells"))
    .select_from(CELL_STATE)
    .where(CELL_STATE.c.class_id.is_(None))
)
_CELLS = (
    select(CELL_STATE.c.slide_id, CellClass.name, func.count())
    .select_from(CELL_STATE)
    .join(CellClass, CellClass.id == CELL_STATE.c.class_id)
    .group_by(CELL_STATE.c.slide_id, CellClass.name)
)
_FLAGS = select(Flag.slide_id, Flag.kind, func.count()).group_by(Flag.slide_id, Flag.kind)
