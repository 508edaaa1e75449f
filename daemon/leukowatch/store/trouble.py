"""Turns what a database driver raises into `StoreUnavailable`, which names file or server, and the remedy."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError

from leukowatch.errors import LostRace, StoreUnavailable

LOCKED = (
    "is held by another program for longer than store.busy_seconds; end that program or its transaction "
    "(`fuser -v FILE` names it), or raise the setting"
)
DAMAGED = (
    "is damaged, or no database; stop the service and restore a backup, or save what can be read with "
    "`sqlite3 FILE .recover`"
)
REMEDIES = {
    "SQLITE_BUSY": LOCKED,
    "SQLITE_LOCKED": LOCKED,
    "SQLITE_READONLY_DBMOVED": "was moved or replaced while it was open; put it back and start again",
    "SQLITE_READONLY": "cannot be written; let the service's user write the file and its folder",
    "SQLITE_CORRUPT": DAMAGED,
    "SQLITE_NOTADB": DAMAGED,
    "SQLITE_FULL": "cannot grow: the disk is full; free some space, nothing recorded is lost",
    "SQLITE_CANTOPEN": "cannot be opened; its folder must exist, and this user be allowed to read it",
    "SQLITE_IOERR": "cannot be read or written: the disk reports an error; look at the system's log",
}
"""What to say, by the beginning of SQLite's name for the error; the longer beginning comes first."""

SERVER_REMEDIES = {
    "55P03": "keeps a row or table locked for longer than store.busy_seconds; end that transaction "
    "(`SELECT * FROM pg_stat_activity` names it), or raise the setting",
    "40": "met another service's transaction; it is tried again",
    "53100": "cannot grow: the server's disk is full; free some space, nothing recorded is lost",
    "25006": "takes no changes: it is a standby or set read-only; name the primary in store.url",
    "42501": "refuses this role; its owner must grant it the right",
}
"""The same for PostgreSQL, by the beginning of the SQLSTATE."""
UNREACHED = (
    "cannot be reached: is the server up, the database made (`createdb`), the role of store.url let in "
    "(pg_hba.conf), its password known (PGPASSFILE)?"
)
AGAIN = ("40001", "40P01")
"""SQLSTATEs of transactions that lost against another, by a deadlock, and may simply be repeated."""


def unavailable(where: str, error: BaseException | None) -> StoreUnavailable:
    """Say what `error` means for the database at `where`, and what to do."""
    name = str(getattr(error, "sqlite_errorname", ""))
    for beginning, remedy in REMEDIES.items():
        if name.startswith(beginning):
            return StoreUnavailable(f"{where}: the database {remedy} ({error})")
    if error is not None and hasattr(error, "sqlstate"):
        state = str(error.sqlstate or "08")
        found = (remedy for beginning, remedy in SERVER_REMEDIES.items() if state.startswith(beginning))
        remedy = UNREACHED if state.startswith(("08", "57P")) else next(found, f"refused ({state})")
        kind = LostRace if state in AGAIN else StoreUnavailable
        return kind(f"{where}: the database {remedy} ({_one_line(error)})")
    return StoreUnavailable(
        f"{where}: the database refused ({error}); `leukowatch doctor` looks for the cause"
    )


def _one_line(error: BaseException | None) -> str:
    return " ".join(str(error).split())


@contextmanager
def store_errors(where: str) -> Iterator[None]:
    """Translate the driver's errors inside the block.

    Args:
        where: the file or server, as the message shall name it.

    Raises:
        StoreUnavailable: the database is locked, read-only, damaged, full or gone.
        LostRace: another transaction went first; the same may be tried again.
        IntegrityError: a constraint refused a row; the caller knows better what that means.
    """
    try:
        yield
    except IntegrityError:
        raise
    except DBAPIError as error:
        raise unavailable(where, error.orig) from error
    except sqlite3.Error as error:
        raise unavailable(where, error) from error
    except OSError as error:
        raise StoreUnavailable(
            f"{where}: {error.strerror or error}; mend the file system and start again"
        ) from error
