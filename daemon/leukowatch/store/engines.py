"""Makes engines: on SQLite explicit transactions, immediate for writers, and read-only files for readers."""

import os
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool, Pool, QueuePool

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
    return engine.url.render_as_string(hide_password=True)


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
        return _server_engine(url, QueuePool)
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
        return _server_engine(url, NullPool)
    opener = _opener(path, "ro", busy_seconds, ("query_only=1",))
    engine = create_engine(_named(path), creator=opener, poolclass=NullPool)
    event.listen(engine, "begin", _begin_deferred)
    return engine


def _server_engine(url: str, pool: type[Pool]) -> Engine:
    """Make the engine of a server; `postgresql://` without a driver's name is psycopg's."""
    try:
        named = make_url(url)
        if named.drivername == "postgresql":
            named = named.set(drivername="postgresql+psycopg")
        return create_engine(named, poolclass=pool)
    except ModuleNotFoundError as error:
        raise StoreUnavailable(
            f"store.url: the driver {error.name} is missing: `pip install leukowatch[cluster]`"
        ) from error
    except (ArgumentError, ValueError) as error:
        raise StoreUnavailable(f"store.url cannot be read ({error}); see `leukowatch settings`") from error


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
