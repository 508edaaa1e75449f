"""Finds and makes the rows of slides, and flags them."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select

from leukowatch.errors import NotFound
from leukowatch.store.tables import Flag, Slide

UNASSIGNED = "unassigned"
DUPLICATE_ELSEWHERE = "duplicate_elsewhere"
REASSIGNED = "reassigned"
_NAMED = select(Slide.name, Slide.id).where(Slide.name.in_(bindparam("names", expanding=True)))


def slide_ids(connection: Connection, slides: Mapping[str, bool], now: datetime) -> dict[str, int]:
    """Give the id of each named slide, making those that are new.

    Args:
        connection: in the caller's transaction.
        slides: name → whether nothing but the default named it; a new slide of that kind is flagged.
        now: time of the new rows, aware.
    """
    known = _known(connection, slides)
    new = [name for name in slides if name not in known]
    if not new:
        return known
    rows = [{"name": name, "unassigned": slides[name], "created_at": now} for name in new]
    connection.execute(insert(Slide), rows)
    known = _known(connection, slides)
    flags = [
        (known[name], UNASSIGNED, "neither a folder nor the slide pattern named this slide")
        for name in new
        if slides[name]
    ]
    add_flags(connection, flags, now)
    return known


def slide_number(connection: Connection, name: str) -> int:
    """Give the id of a slide.

    Raises:
        NotFound: there is none of that name.
    """
    found = connection.execute(select(Slide.id).where(Slide.name == name)).scalar()
    if found is None:
        raise NotFound(f"{name}: there is no such slide; `leukowatch slides` lists them")
    return int(found)


def add_flags(connection: Connection, flags: Iterable[tuple[int, str, str]], now: datetime) -> None:
    """Append flags, each `(slide id, kind, detail)`."""
    rows = [
        {"slide_id": slide, "kind": kind, "detail": detail, "created_at": now}
        for slide, kind, detail in flags
    ]
    if rows:
        connection.execute(insert(Flag), rows)


def _known(connection: Connection, names: Iterable[str]) -> dict[str, int]:
    found = connection.execute(_NAMED, {"names": list(names)})
    return {row.name: row.id for row in found}
