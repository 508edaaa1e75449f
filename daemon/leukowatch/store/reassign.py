"""Mends a wrong folder: moves fields to another slide, and leaves a trace.

Only the database changes. The files stay where the archive has them, under the folder they came in: their
place is recorded with each arrival, and moving files could not be made one step with the rows.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Row, insert, or_, select, update

from leukowatch.errors import NotFound, RequestInvalid
from leukowatch.store.recounting import recounting
from leukowatch.store.slides import REASSIGNED, add_flags, slide_ids
from leukowatch.store.tables import Arrival, Field, Reassignment, Slide
from leukowatch.store.writing import utc, writing


def reassign(engine: Engine, what: str, to: str, reason: str, who: str) -> int:
    """Move a slide's fields, or one field, to another slide, in one transaction.

    Args:
        engine: of `open_writer`.
        what: a slide's name, else a field's path below the inbox, file name or whole SHA-256.
        to: the slide that they belong to; made where it is new.
        reason: why, for whoever reads the trace; not blank.
        who: the person who says so.

    Returns:
        How many fields moved; those that are on the slide already stay.

    Raises:
        RequestInvalid: the reason or the target is blank.
        NotFound: neither slide nor field is called so, or several fields are.
        StoreUnavailable: nothing was changed.
    """
    if not reason.strip() or not to.strip():
        raise RequestInvalid(
            "a reassignment is traced: give the slide with --to and why with --reason, not blank"
        )
    now = utc()
    with writing(engine) as connection:
        fields = [field for field in _fields(connection, what) if field.slide != to]
        if not fields:
            return 0
        target = slide_ids(connection, {to: False}, now)[to]
        with recounting(connection, [field.id for field in fields], to=[target]):
            _move(connection, fields, target)
        traces = [
            {"field_id": field.id, "from_slide_id": field.slide_id, "to_slide_id": target, "reason": reason,
             "who": who, "at": now}
            for field in fields
        ]  # fmt: skip
        connection.execute(insert(Reassignment), traces)
        add_flags(connection, _flags(fields, target, f"to slide {to} by {who}: {reason}"), now)
        return len(fields)


def _fields(connection: Connection, what: str) -> Sequence[Row[Any]]:
    """Find what is meant: all fields of the slide of that name, else the one field."""
    columns: tuple[Any, ...] = (Field.id, Field.slide_id, Slide.name.label("slide"), Arrival.printable)
    fields = (
        select(*columns)
        .join(Slide, Slide.id == Field.slide_id)
        .join(Arrival, Arrival.id == Field.arrival_id)
        .order_by(Field.id)
    )
    if connection.execute(select(Slide.id).where(Slide.name == what)).first():
        return connection.execute(fields.where(Slide.name == what)).all()
    named = or_(
        Arrival.printable == what,
        Arrival.relative == what.encode("utf-8", "surrogateescape"),
        Arrival.printable.endswith(f"/{what}", autoescape=True),
        Field.sha256 == what.lower(),
    )
    found = connection.execute(fields.where(named)).all()
    if not found:
        raise NotFound(f"{what}: no slide and no field is called so; `leukowatch slides` lists the slides")
    if len(found) > 1:
        places = ", ".join(field.printable for field in found[:3])
        raise NotFound(
            f"{what}: {len(found)} fields are called so ({places}, ...); give the path with its folder"
        )
    return found


def _move(connection: Connection, fields: Sequence[Row[Any]], target: int) -> None:
    numbers = [field.id for field in fields]
    connection.execute(update(Field).where(Field.id.in_(numbers)).values(slide_id=target))


def _flags(fields: Sequence[Row[Any]], target: int, said: str) -> list[tuple[int, str, str]]:
    """Flag every slide that gave fields, and the one that got them."""
    flags = []
    for source in dict.fromkeys(field.slide_id for field in fields):
        moved = [field for field in fields if field.slide_id == source]
        what = moved[0].printable if len(moved) == 1 else f"{len(moved)} fields"
        detail = f"{what} moved from slide {moved[0].slide} {said}"
        flags += [(source, REASSIGNED, detail), (target, REASSIGNED, detail)]
    return flags
