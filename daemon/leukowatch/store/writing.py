"""The one way in which the daemon's work and people's acts are written: short, the write lock taken at once.

Over engines of `open_writer`; each waits for the others at most `store.busy_seconds`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine

from leukowatch.store.engines import location
from leukowatch.store.trouble import store_errors


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Give a connection in a write transaction: committed at the end, nothing written after an error.

    Raises:
        StoreUnavailable: nothing was written.
    """
    with store_errors(location(engine)), engine.begin() as connection:
        yield connection


def utc(now: datetime | None = None) -> datetime:
    """Give the moment that is told, else the time: aware, UTC."""
    return now or datetime.now(UTC)
