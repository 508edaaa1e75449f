"""Reads `Filing` records."""

from functools import cache
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import aliased

from leukowatch.store.outcome import Filing, Status
from leukowatch.store.tables import Arrival, Slide


@cache
def select_filings() -> Select[Any]:
    """Select what a filing needs, with the columns named as its attributes; the caller narrows it."""
    original = aliased(Arrival)
    columns: tuple[Any, ...] = (
        Arrival.id, Arrival.relative, Arrival.status, Slide.name.label("slide"), Arrival.sha256, Arrival.size,
        Arrival.device, Arrival.inode, Arrival.mtime_ns, Arrival.reason, Arrival.detail, Arrival.received_at,
        func.coalesce(original.printable, "").label("duplicate_of"),
    )  # fmt: skip
    return (
        select(*columns)
        .join(Slide, Slide.id == Arrival.slide_id)
        .outerjoin(original, original.id == Arrival.duplicate_of_id)
    )


def to_filing(row: Row[Any]) -> Filing:
    """Make the record from a row of `select_filings`."""
    values = dict(row._mapping)  # noqa: SLF001  SQLAlchemy's public name for a row as a mapping
    values["arrival_id"] = values.pop("id")
    values["status"] = Status(values["status"])
    return Filing(**values)
