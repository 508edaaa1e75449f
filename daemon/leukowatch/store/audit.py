"""The audit trail: what was done is told in the transaction that does it, each row sealed with the one before.

A row's hash is the SHA-256 of its content and of the hash before it, so that no row can be changed, taken out or
put elsewhere without breaking every later one. Cutting off the end breaks nothing: against that stand the
seals, the hashes that signatures and printed reports keep of the trail's end at their time.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, text

from leukowatch.store.people_tables import Audit
from leukowatch.store.queries import reading

START = "0" * 64
"""Stands before the first row."""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One act."""

    id: int
    """1, 2, 3, ..."""
    at: datetime
    """UTC."""
    who: str
    act: str
    """A word, as `classify`, `sign`, `login`, `add account`."""
    subject: str
    """What was acted on, as `slide S17` or `account anna`."""
    before: str
    """JSON, or empty."""
    after: str
    """JSON, or empty."""
    previous_hash: str
    hash: str

    def sealed(self) -> str:
        """Compute the hash that the row should have."""
        return digest([getattr(self, name) for name in AuditRow.__slots__[:-1]])


def canonical(value: Any) -> str:
    """Write JSON in the one way that is hashed; times as text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=written)


def written(moment: datetime) -> str:
    """Write an aware time in the one way that is hashed."""
    return moment.astimezone(UTC).isoformat(" ", "microseconds")


def digest(value: Any) -> str:
    """SHA-256 of a value's JSON, 64 hexadecimal digits."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def record(
    connection: Connection,
    now: datetime,
    who: str,
    act: str,
    subject: str,
    *,
    before: Any = None,
    after: Any = None,
) -> AuditRow:
    """Append a row, in the caller's write transaction.

    Args:
        connection: of `writing`, which on SQLite holds the write lock; on PostgreSQL the table is locked here.
        now: aware.
        who: the actor's name.
        act: a word.
        subject: what was acted on.
        before: what JSON can tell of the state before; None for nothing.
        after: the same of the state after.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE audit IN EXCLUSIVE MODE"))
    last = connection.execute(select(Audit.id, Audit.hash).order_by(Audit.id.desc()).limit(1)).first()
    was, became = ("" if value is None else canonical(value) for value in (before, after))
    number, previous = (last.id + 1, last.hash) if last else (1, START)
    draft = AuditRow(number, now, who, act, subject, was, became, previous, "")
    row = replace(draft, hash=draft.sealed())
    connection.execute(insert(Audit), [asdict(row)])
    return row


def audit_rows(engine: Engine, *, subject: str | None = None, last: int = 100) -> list[AuditRow]:
    """List the newest rows of the trail, oldest first.

    Args:
        engine: to read from.
        subject: only what was done to this, as `slide S17`.
        last: at most so many.

    Raises:
        StoreUnavailable: the database cannot be read.
    """
    wanted = select(*(getattr(Audit, name) for name in AuditRow.__slots__))
    if subject is not None:
        wanted = wanted.where(Audit.subject == subject)
    with reading(engine) as connection:
        rows = connection.execute(wanted.order_by(Audit.id.desc()).limit(last)).all()
    return [AuditRow(*row) for row in reversed(rows)]
