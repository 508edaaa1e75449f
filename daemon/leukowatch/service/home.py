"""The home: its folders, and the lock that keeps a second daemon out."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from leukowatch.errors import HomeInUse, StoreUnavailable
from leukowatch.settings import Settings

LOCK = "leukowatch.lock"
_GROUP_READS = 0o750


def make_home(settings: Settings) -> None:
    """Make the home and its folders where they are missing; those that exist keep their modes.

    Raises:
        StoreUnavailable: a folder cannot be made.
    """
    folders = (settings.home, settings.inbox_folder, settings.archive_folder, settings.quarantine_folder)
    for folder in folders:
        if folder.is_dir():
            continue
        try:
            folder.mkdir(parents=True)
            folder.chmod(_GROUP_READS)
        except OSError as error:
            raise StoreUnavailable(
                f"{folder}: cannot be made ({error.strerror}); check LEUKOWATCH_HOME"
            ) from error


@contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Hold the home's lock.

    Raises:
        HomeInUse: another process holds it.
        StoreUnavailable: the lock's file cannot be written.
    """
    lock = FileLock(home / LOCK, blocking=False, mode=0o640)
    try:
        lock.acquire()
    except Timeout as error:
        raise HomeInUse(
            f"{home}: another leukowatch works here (lock {LOCK}); stop it, or choose another home with --home"
        ) from error
    except OSError as error:
        raise StoreUnavailable(
            f"{home}: cannot be locked ({error.strerror}); may this user write there?"
        ) from error
    try:
        yield
    finally:
        lock.release()


def below_home(home: Path, path: Path) -> bytes:
    """A destination as the ledger keeps it: raw, relative to the home."""
    return os.fsencode(os.path.relpath(path, home))
