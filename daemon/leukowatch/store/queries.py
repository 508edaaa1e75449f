"""The store's reading side, for engines of `open_reader`. Each function reads one consistent state.

All raise `StoreUnavailable` where the database cannot be read.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, and_, func, or_, select
from sqlalchemy.orm import aliased

from leukonet.cells import CellClass, Group, Role
from leukowatch.errors import NotFound
from leukowatch.store import tables
from leukowatch.store.engines import location
from leukowatch.store.outcome import Status
from leukowatch.store.rows import CellRow, FieldRow, FileRow, Problem, Times, Totals
from leukowatch.store.tables import Analysis, Arrival, Bundle, Cell, Field, Flag, Slide
from leukowatch.store.trouble import store_errors

NAMED = 5
"""Files that an error names at most."""

AT_ONCE = 500
"""Ids in a statement."""

SHORTEST_HASH = 8
"""Hexadecimal digits of a SHA-256 that may stand for the whole."""


_Value = TypeVar("_Value")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Give a connection in a read transaction, and translate the driver's errors."""
    with store_errors(location(engine)), engine.begin() as connection:
        yield connection


def parts(values: Collection[_Value]) -> Iterator[list[_Value]]:
    """Cut ids or names into lists that one statement takes: databases bound the number of its parameters."""
    whole = list(values)
    return (whole[start : start + AT_ONCE] for start in range(0, len(whole), AT_ONCE))


def class_records(engine: Engine) -> tuple[CellClass, ...]:
    """List every class that the table has, in the order of reports."""
    found = tables.CellClass
    with reading(engine) as connection:
        rows = connection.execute(
            select(found.name, found.label, found.key, found.role, found.grp).order_by(found.id)
        )
        return tuple(CellClass(row.name, row.label, row.key, Role(row.role), Group(row.grp)) for row in rows)


def fields_of(engine: Engine, slide: str) -> list[FieldRow]:
    """List a slide's fields in the order in which they came; empty for a slide that does not exist."""
    with reading(engine) as connection:
        return _field_rows(connection, _fields().where(Slide.name == slide).order_by(Field.id))


def find_fields(engine: Engine, what: str) -> list[FieldRow]:
    """Find fields by path below the inbox, file name, path below the home, or SHA-256.

    Args:
        engine: to read from.
        what: printable, as the reports show it; of the hash, the first eight digits do.

    Returns:
        Oldest first; those whose whole path fits before those of which only the file name does.

    Raises:
        NotFound: no field is called so; where files are, the message tells what became of them.
    """
    with reading(engine) as connection:
        for rule in _called(what):
            found = _field_rows(connection, _fields().where(rule).order_by(Field.id))
            if found:
                return found
    others = find_files(engine, what)
    if others:
        raise NotFound("; ".join(_no_field(file) for file in others[:NAMED]))
    raise NotFound(f"{what}: no field is called so; the field_status view lists every file")


def find_files(engine: Engine, what: str, *, status: Status | None = None) -> list[FileRow]:
    """Find files taken, whatever became of them, by the names that `find_fields` knows.

    Args:
        engine: to read from.
        what: as for `find_fields`.
        status: only those in this state.

    Returns:
        Newest first; those of which only the file name fits where no other name does; maybe none.
    """
    for rule in _called(what):
        wanted = _files().where(rule)
        if status is not None:
            wanted = wanted.where(Arrival.status == status.value)
        found = _file_rows(engine, wanted.order_by(Arrival.id.desc()))
        if found:
            return found
    return []


def _called(what: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Give the rules of what a name stands for: a whole path or hash, else a file name."""
    raw = what.encode("utf-8", "surrogateescape")
    exact = or_(Arrival.printable == what, Arrival.relative == raw, Arrival.destination == raw)
    if len(what) >= SHORTEST_HASH and set(what.lower()) <= set("0123456789abcdef"):
        exact = or_(exact, Arrival.sha256.startswith(what.lower()))
    return exact, Arrival.printable.endswith(f"/{what}", autoescape=True)


def _no_field(file: FileRow) -> str:
    """Tell why a file is no field."""
    why = f"content of {file.duplicate_of}" if file.duplicate_of else f"{file.reason}: {file.detail}"
    return f"{file.file}: no field, as the file is {file.status} ({why})"


def cells_of_field(engine: Engine, field_id: int) -> list[CellRow]:
    """List the cells of a field's current analysis, in the order in which the bundle gave them."""
    with reading(engine) as connection:
        return [CellRow(*row) for row in connection.execute(_cells().where(Field.id == field_id))]


def files(engine: Engine, *, status: Status | None = None) -> list[FileRow]:
    """List files taken, newest first; only those in a state, where it is given."""
    wanted = _files().order_by(Arrival.id.desc())
    if status is not None:
        wanted = wanted.where(Arrival.status == status.value)
    return _file_rows(engine, wanted)


def problems(engine: Engine, limit: int = 20) -> list[Problem]:
    """List the last files quarantined or lost, and the last flags, newest first."""
    troubled = [
        _files().where(rule).order_by(Arrival.id.desc()).limit(limit)  # apart, as each has its index
        for rule in (Arrival.status == Status.QUARANTINED.value, Arrival.lost)
    ]
    flags = (
        select(Flag.created_at, Flag.kind, Slide.name, Flag.detail)
        .join(Slide, Slide.id == Flag.slide_id)
        .order_by(Flag.id.desc())
        .limit(limit)
    )
    with reading(engine) as connection:
        arrivals = {row.arrival_id: row for wanted in troubled for row in connection.execute(wanted)}
        found = [
            Problem(row.received_at, _kind(row), row.slide, row.file, row.detail or row.reason)
            for row in arrivals.values()
        ]
        found += [
            Problem(at, kind, slide, "", detail) for at, kind, slide, detail in connection.execute(flags)
        ]
    return sorted(found, key=lambda problem: problem.at, reverse=True)[:limit]


def _kind(row: Row[Any]) -> str:
    return "lost" if row.lost else str(row.status)


def throughput(engine: Engine, seconds: float, now: datetime | None = None) -> float:
    """Tell the fields analysed per second, over the last `seconds` (above 0) before `now` (aware)."""
    end = now or datetime.now(UTC)
    with reading(engine) as connection:
        since = Analysis.analysed_at > end - timedelta(seconds=seconds)
        found = connection.execute(
            select(func.count()).where(since, Analysis.analysed_at <= end)
        ).scalar_one()
    return float(found) / seconds


def totals(engine: Engine) -> Totals:
    """Count over the whole store."""
    with reading(engine) as connection:
        grouped = select(Arrival.status, func.count()).group_by(Arrival.status)
        by_status = {str(status): int(count) for status, count in connection.execute(grouped)}

        def number(statement: Select[Any]) -> int:
            return int(connection.execute(statement).scalar_one())

        return Totals(
            files=sum(by_status.values()),
            slides=number(select(func.count()).select_from(Slide)),
            statuses={status: by_status.get(status.value, 0) for status in Status},
            unfiled=number(select(func.count()).select_from(Arrival).where(Arrival.filed_at.is_(None))),
            lost=number(select(func.count()).select_from(Arrival).where(Arrival.lost)),
        )


def times(engine: Engine) -> Times:
    """Tell when the first and the last file were taken."""
    with reading(engine) as connection:
        first, last = (  # apart, as each is one look into the index
            connection.execute(select(each(Arrival.received_at))).scalar() for each in (func.min, func.max)
        )
        return Times(first, last)


IS_CURRENT = and_(Analysis.id == Cell.analysis_id, Analysis.is_current)
"""Joins cells to the analyses that count."""


def _fields() -> Select[Any]:
    """Select `FieldRow`s; the caller narrows and orders."""
    columns: tuple[Any, ...] = (
        Field.id, Slide.name.label("slide"), Arrival.printable.label("file"), Field.sha256, Field.width,
        Field.height, Arrival.destination, Arrival.received_at, Analysis.assessable, Analysis.reason,
        Bundle.name.label("bundle"), Bundle.sha256.label("bundle_sha256"), Analysis.decode_ms,
        Analysis.locate_ms, Analysis.classify_ms, Analysis.analysed_at, Arrival.pruned_at,
    )  # fmt: skip
    return (
        select(*columns)
        .join(Slide, Slide.id == Field.slide_id)
        .join(Arrival, Arrival.id == Field.arrival_id)
        .join(Analysis, and_(Analysis.field_id == Field.id, Analysis.is_current))
        .join(Bundle, Bundle.id == Analysis.bundle_id)
    )


def _field_rows(connection: Connection, statement: Select[Any]) -> list[FieldRow]:
    return [FieldRow(*row) for row in connection.execute(statement)]


def _cells() -> Select[Any]:
    """Select `CellRow`s in order; the caller narrows."""
    first, second = aliased(tables.CellClass), aliased(tables.CellClass)
    columns: tuple[Any, ...] = (
        Field.id, Arrival.printable, Cell.box_xmin, Cell.box_ymin, Cell.box_xmax, Cell.box_ymax, Cell.score, first.name,
        Cell.first_probability, second.name, Cell.second_probability, Cell.unclassified,
        and_(~Cell.unclassified, first.role == Role.COUNTED.value),  # by the role of now, not of the analysis
    )  # fmt: skip
    return (
        select(*columns)
        .select_from(Cell)
        .join(Analysis, IS_CURRENT)
        .join(Field, Field.id == Analysis.field_id)
        .join(Arrival, Arrival.id == Field.arrival_id)
        .join(first, first.id == Cell.first_class_id)
        .join(second, second.id == Cell.second_class_id)
        .order_by(Cell.id)
    )


def _files() -> Select[Any]:
    """Select `FileRow`s; the caller narrows and orders."""
    original = aliased(Arrival)
    columns: tuple[Any, ...] = (
        Arrival.id.label("arrival_id"), Slide.name.label("slide"), Arrival.relative,
        Arrival.printable.label("file"), Arrival.sha256, Arrival.size, Arrival.status, Arrival.reason,
        Arrival.detail, func.coalesce(original.printable, "").label("duplicate_of"), Arrival.received_at,
        Arrival.destination, Arrival.lost, Arrival.home,
    )  # fmt: skip
    return (
        select(*columns)
        .join(Slide, Slide.id == Arrival.slide_id)
        .outerjoin(original, original.id == Arrival.duplicate_of_id)
    )


def _file_rows(engine: Engine, statement: Select[Any]) -> list[FileRow]:
    with reading(engine) as connection:
        rows = [dict(row._mapping) for row in connection.execute(statement)]  # noqa: SLF001  its public name
    return [FileRow(**(row | {"status": Status(row["status"])})) for row in rows]
