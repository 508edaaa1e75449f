"""Opens and closes the store.

On SQLite the file is in WAL mode while somebody writes, so that readers and the writer never wait for
each other. Once a clean close has removed the two files beside a WAL database, a user who may not write its
folder cannot read it; therefore the last writer leaves the file in rollback mode.
"""

import sqlite3

import structlog
from sqlalchemy import Engine
from sqlalchemy.pool import PoolProxiedConnection

from leukowatch.errors import StoreUnavailable
from leukowatch.store.engines import BUSY_SECONDS, location, reader_engine, sqlite_path, writer_engine
from leukowatch.store.files import prepare_file
from leukowatch.store.revisions import HEAD_REVISION, is_newer, require_head, revision_of
from leukowatch.store.trouble import store_errors

CLOSING_MILLISECONDS = 1000
"""How long a clean stop waits for readers; what they hold up does no harm."""
_log = structlog.get_logger(__name__)


def open_writer(url: str, busy_seconds: float = BUSY_SECONDS, *, upgrade: bool = False) -> Engine:
    """Open the store for writing; `close_writer` must follow.

    Args:
        url: SQLAlchemy URL; an SQLite file is made where it is absent and `upgrade` is true.
        busy_seconds: how long a lock is waited for, here and in every transaction.
        upgrade: whether an absent or older schema is brought up to date, as the daemon does at start.

    Raises:
        StoreUnavailable: the database is locked, read-only, damaged, full or absent.
        SchemaMismatch: the schema is newer than this version, or older without `upgrade`.
    """
    path = sqlite_path(url)
    if path is not None and upgrade:
        with store_errors(str(path)):
            prepare_file(path)
    _require_file(url)
    engine = writer_engine(url, busy_seconds)
    try:
        if upgrade:
            _bring_up_to_date(engine, url, busy_seconds)
        require_head(engine)
        if path is not None:
            with store_errors(location(engine)):
                _enter_wal(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def close_writer(engine: Engine) -> None:
    """Close the store, leaving an SQLite file in rollback mode unless somebody else has it open.

    Where a reader holds it up, the file stays in WAL mode with its two companions, which is as readable.
    """
    if engine.dialect.name == "sqlite":
        try:
            _leave_wal(engine)
        except sqlite3.Error as error:
            _log.info("database left in WAL mode", file=location(engine), because=str(error))
    engine.dispose()


def open_reader(url: str, busy_seconds: float = BUSY_SECONDS) -> Engine:
    """Open the store for reading only; `engine.dispose()` closes it.

    Raises:
        StoreUnavailable: there is no database, or it cannot be read.
        SchemaMismatch: the schema is not the one that this version reads.
    """
    _require_file(url)
    engine = reader_engine(url, busy_seconds)
    try:
        require_head(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _require_file(url: str) -> None:
    """Say what to do where there is no SQLite file."""
    path = sqlite_path(url)
    if path is None:
        return
    with store_errors(str(path)):
        found = path.is_file()
    if not found:
        raise StoreUnavailable(
            f"{path}: there is no database here yet; `leukowatch run` makes it, --home names another"
        )


def _bring_up_to_date(engine: Engine, url: str, busy_seconds: float) -> None:
    """Migrate where the schema is absent or older; Alembic is imported only then."""
    found = revision_of(engine)
    if found == HEAD_REVISION or is_newer(found):
        return
    engine.dispose()
    from leukowatch.store import migrate  # noqa: PLC0415  half a second that most starts need not pay

    migrate.upgrade(url, busy_seconds)
    _log.info("database upgraded", file=location(engine), found=found, now=HEAD_REVISION)


def _enter_wal(engine: Engine) -> None:
    """Switch to WAL and read, so that the pool keeps a connection and with it the two companions."""
    borrowed = engine.raw_connection()
    try:
        _set_journal(borrowed, "wal")
        borrowed.cursor().execute("SELECT count(*) FROM alembic_version").fetchone()
    finally:
        borrowed.close()


def _leave_wal(engine: Engine) -> None:
    """Switch back, over the only connection that this engine still has open."""
    borrowed = engine.raw_connection()
    try:
        engine.dispose()
        borrowed.cursor().execute(f"PRAGMA busy_timeout={CLOSING_MILLISECONDS}")
        _set_journal(borrowed, "delete")
    finally:
        borrowed.detach()
        borrowed.close()


def _set_journal(borrowed: PoolProxiedConnection, mode: str) -> None:
    told = borrowed.cursor().execute(f"PRAGMA journal_mode={mode}").fetchone()
    if told[0] != mode:
        raise sqlite3.OperationalError(f"the journal stays in mode {told[0]}")
