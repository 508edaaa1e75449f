"""Makes engines: on SQLite explicit transactions, immediate for writers, and read-only files for readers.

On PostgreSQL writers take turns by the rows that they touch, and readers read one state and cannot write.
"""

import math
import os
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool, QueuePool

from leukowatch.errors import StoreUnavailable

BUSY_SECONDS = 10.0
"""Default patience with a locked database."""
_SQLITE = re.compile(r"sqlite(\+pysqlite)?:///")


def sqlite_path(url: str) -> Path | None:
    """Path of the file that an SQLite URL names, `?` and `%` taken literally; None for others."""
    found = _SQLITE.match(url)
    return Path(url[found.end() :]) if found else None


def location(engine: Engine) -> str:
    """Name the database in a message: the file, or the server without its password."""
    if engine.dialect.name == "sqlite":
        return str(engine.url.database)
    return engine.url.set(query={}).render_as_string(hide_password=True)


def writer_engine(url: str, busy_seconds: float = BUSY_SECONDS, *, foreign_keys: bool = True) -> Engine:
    """Make an engine whose every transaction takes the write lock at once.

    Args:
        url: of a database that exists.
        busy_seconds: how long a lock is waited for.
        foreign_keys: off only for migrations, which rebuild tables.

    Raises:
        StoreUnavailable: the URL cannot be read, or its driver is not installed.
    """
    path = sqlite_path(url)
    if path is None:
        return _server_engine(url, busy_seconds, poolclass=QueuePool, pool_pre_ping=True)
    opener = _opener(path, "rw", busy_seconds, (f"foreign_keys={foreign_keys:d}", "synchronous=FULL"))
    engine = create_engine(_named(path), creator=opener, poolclass=QueuePool)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def reader_engine(url: str, busy_seconds: float = BUSY_SECONDS) -> Engine:
    """Make an engine that cannot write and holds no file open between two uses.

    Raises:
        StoreUnavailable: as `writer_engine`.
    """
    path = sqlite_path(url)
    if path is None:
        engine = _server_engine(url, busy_seconds, poolclass=NullPool, isolation_level="REPEATABLE READ")
        return engine.execution_options(postgresql_readonly=True)
    opener = _opener(path, "ro", busy_seconds, ("query_only=1",))
    engine = create_engine(_named(path), creator=opener, poolclass=NullPool)
    event.listen(engine, "begin", _begin_deferred)
    return engine


def _server_engine(url: str, busy_seconds: float, **options: Any) -> Engine:
    """Make the engine of a server; `postgresql://` without a driver's name is psycopg's."""
    try:
        named = make_url(url)
        if named.drivername == "postgresql":
            named = named.set(drivername="postgresql+psycopg")
        engine = create_engine(named, connect_args=_patience(busy_seconds), **options)
    except ImportError as error:
        missing = error.name or "psycopg"
        raise StoreUnavailable(
            f"store.url: the driver {missing} is missing: `pip install leukowatch[cluster]`"
        ) from error
    except ArgumentError as error:
        raise StoreUnavailable(f"store.url cannot be read ({error}); see `leukowatch settings`") from error
    except ValueError:  # of a port that is none, which it quotes: it may be a piece of the password
        raise StoreUnavailable(
            "store.url cannot be read: a port is a number, and a password's special characters are codes (%40 for @)"
        ) from None

    def wait_no_longer(connection: Any, record: object) -> None:
        del record
        connection.execute(f"SET lock_timeout = {max(1, round(busy_seconds * 1000))}")
        connection.commit()

    event.listen(engine, "connect", wait_no_longer)
    return engine


def _patience(busy_seconds: float) -> dict[str, int]:
    """How long a server that does not answer is waited for: libpq waits without end unless told."""
    seconds = max(2, math.ceil(busy_seconds))
    return {"connect_timeout": seconds, "tcp_user_timeout": 1000 * max(30, 2 * seconds)}


def _named(path: Path) -> URL:
    return URL.create("sqlite", database=str(path))


def _opener(
    path: Path, mode: str, busy_seconds: float, pragmas: tuple[str, ...]
) -> Callable[[], sqlite3.Connection]:
    """Make the function that opens the file; the driver starts no transaction of its own."""
    uri = f"file:{quote(os.fsencode(path.absolute()))}?mode={mode}"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            uri, uri=True, timeout=busy_seconds, isolation_level=None, check_same_thread=False
        )
        try:
            for pragma in pragmas:
                connection.execute(f"PRAGMA {pragma}")
        except BaseException:
            connection.close()
            raise
        return connection

    return connect


def _begin_immediate(connection: Connection) -> Any:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_deferred(connection: Connection) -> Any:
    connection.exec_driver_sql("BEGIN")
