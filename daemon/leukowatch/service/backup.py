"""`leukowatch backup`: a copy of the database that was opened and proved before it got its name."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from leukowatch.errors import OutputFailed, RequestInvalid, StoreUnavailable
from leukowatch.settings import DATABASE_NAME, Settings
from leukowatch.store.copying import Proof, copy_database, drafted, install, prove
from leukowatch.store.engines import sqlite_path
from leukowatch.store.trouble import unavailable

MARK = "leukowatch.backup"
"""File in the home that names the last backup, and is as old as it."""


def back_up(settings: Settings, to: Path) -> Proof:
    """Copy the database, beside a running service too.

    Args:
        settings: in force.
        to: a new file, or a folder, in which the copy is named by date and time.

    Returns:
        What the copy holds.

    Raises:
        RequestInvalid: the database is a server's, or there is a file already.
        StoreUnavailable: the database cannot be read, or is damaged; there is no copy.
        OutputFailed: the copy cannot be written.
    """
    source = database_file(settings, "pg_dump --format=custom")
    target = to / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{DATABASE_NAME}" if to.is_dir() else to
    if target.exists():
        raise RequestInvalid(f"{target}: is there already; name a new file, or a folder")
    if not target.parent.is_dir():
        raise OutputFailed(f"{target.parent}: no such folder; mount or make it")
    if not source.is_file():
        raise StoreUnavailable(f"{source}: there is no database here yet; --home names another")
    try:
        with drafted(target) as draft:
            made = _proved(source, draft, settings.store.busy_seconds)
            install(draft, target)
        (settings.home / MARK).write_text(
            f"{target.absolute()}\n", encoding="utf-8", errors="surrogateescape"
        )
    except OSError as error:
        raise OutputFailed(_unwritten(target, error.strerror)) from error
    return Proof(target, made.revision, made.rows)


def _proved(source: Path, draft: Path, busy_seconds: float) -> Proof:
    try:
        rows = copy_database(source, draft, busy_seconds)
        made = prove(draft)
    except sqlite3.Error as error:
        if str(getattr(error, "sqlite_errorname", "")) in {"SQLITE_FULL", "SQLITE_READONLY"}:
            raise OutputFailed(_unwritten(draft.parent, error)) from error
        raise unavailable(str(source), error) from error
    except StoreUnavailable as error:
        raise StoreUnavailable(
            f"{source}: there is no copy, as the database is damaged ({error}); restore an earlier copy, or "
            "save what can be read with `sqlite3 FILE .recover`"
        ) from error
    if made.rows != rows:
        raise StoreUnavailable(f"{source}: the copy has other rows than the database; check the disk")
    return made


def _unwritten(place: Path, why: object) -> str:
    return (
        f"{place}: the copy cannot be written ({why}); make room there, mend its mode, or name another place"
    )


def last_backup(settings: Settings) -> float | None:
    """Tell when the last backup was made, seconds since 1970; None where there was none."""
    try:
        return (settings.home / MARK).stat().st_mtime
    except OSError:
        return None


def database_file(settings: Settings, otherwise: str) -> Path:
    """Give the SQLite file.

    Args:
        settings: in force.
        otherwise: the program that does the same for a PostgreSQL server.

    Raises:
        RequestInvalid: there is none, as the database is a server's.
    """
    found = sqlite_path(settings.database_url)
    if found is None:
        raise RequestInvalid(f"the database is a PostgreSQL server's: use its own `{otherwise}`")
    return found
