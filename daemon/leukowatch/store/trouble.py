"""Turns what a database driver raises into `StoreUnavailable`, which names the file and the remedy."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError

from leukowatch.errors import StoreUnavailable

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


def unavailable(where: str, error: BaseException | None) -> StoreUnavailable:
    """Say what `error` means for the database at `where`, and what to do."""
    name = str(getattr(error, "sqlite_errorname", ""))
    for beginning, remedy in REMEDIES.items():
        if name.startswith(beginning):
            return StoreUnavailable(f"{where}: the database {remedy} ({error})")
    return StoreUnavailable(
        f"{where}: the database refused ({error}); `leukowatch doctor` looks for the cause"
    )


@contextmanager
def store_errors(where: str) -> Iterator[None]:
    """Translate the driver's errors inside the block.

    Args:
        where: the file or server, as the message shall name it.

    Raises:
        StoreUnavailable: the database is locked, read-only, damaged, full or gone.
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
