"""The home: its folders, its name, and the lock that keeps a second daemon out."""

import fcntl
import os
import pwd
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from leukowatch.errors import HomeInUse, StoreUnavailable
from leukowatch.settings import Settings
from leukowatch.store.files import FOLDER_MODE

LOCK = "leukowatch.lock"
NAME = "leukowatch.name"


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
            folder.chmod(FOLDER_MODE)
        except OSError as error:
            raise StoreUnavailable(
                f"{folder}: cannot be made ({error.strerror}); check LEUKOWATCH_HOME"
            ) from error


def home_name(settings: Settings) -> str:
    """Name this home among those that share a database; it is made up once and kept in the home.

    Returns:
        The host's name and eight digits of chance; empty where the database is the home's own.

    Raises:
        StoreUnavailable: the name cannot be read or kept.
    """
    if not settings.store.url:
        return ""
    path = settings.home / NAME
    try:
        if not path.exists():
            draft = path.with_name(f".{NAME}.part")
            with draft.open("w", encoding="utf-8") as file:
                file.write(f"{socket.gethostname()}-{secrets.token_hex(4)}\n")
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        return path.read_text("utf-8").strip()
    except OSError as error:
        raise StoreUnavailable(f"{path}: cannot be read or made ({error.strerror}); mend its mode") from error


@contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Hold the home's lock.

    Raises:
        HomeInUse: another process holds it.
        StoreUnavailable: the lock's file cannot be written, or belongs to another user.
    """
    lock = FileLock(home / LOCK, blocking=False, mode=0o640)
    try:
        lock.acquire()
    except Timeout as error:
        raise HomeInUse(
            f"{home}: another leukowatch works here (lock {LOCK}); stop it, or choose another home with --home"
        ) from error
    except OSError as error:
        raise StoreUnavailable(_why_not_locked(home / LOCK, error)) from error
    try:
        yield
    finally:
        lock.release()


def is_locked(home: Path) -> bool:
    """Whether a process holds the home's lock; makes nothing, and lets go at once.

    Raises:
        StoreUnavailable: the lock's file cannot be read.
    """
    path = home / LOCK
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise StoreUnavailable(_why_not_locked(path, error)) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _why_not_locked(path: Path, error: OSError) -> str:
    """Say whose the lock's file is, where it is another user's."""
    try:
        uid = path.stat().st_uid
    except OSError:
        uid = os.geteuid()
    if not isinstance(error, PermissionError) or uid == os.geteuid():
        return f"{path}: cannot be locked ({error.strerror}); may this user write there?"
    try:
        owner = pwd.getpwuid(uid).pw_name
    except KeyError:
        owner = f"user {uid}"
    return f"{path}: owned by {owner}; remove it, where no service runs, or run as that user"


def below_home(home: Path, path: Path) -> bytes:
    """A destination as the ledger keeps it: raw, relative to the home."""
    return os.fsencode(os.path.relpath(path, home))
