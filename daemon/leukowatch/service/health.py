"""Whether a service does its work: what waits, what was done last, and how old the last backup is."""

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from leukowatch.errors import LeukowatchError, StoreUnavailable
from leukowatch.inbox.gate import why_shut
from leukowatch.inbox.listing import list_files
from leukowatch.service.backup import last_backup
from leukowatch.service.home import is_locked
from leukowatch.settings import Settings
from leukowatch.store.engines import sqlite_path
from leukowatch.store.opened import reader, written_folders
from leukowatch.store.outbox import FAILED, WAITING, messages
from leukowatch.store.queries import times

HOUR, DAY = 3600.0, 86_400.0
STANDSTILL = 600.0
"""Seconds without a recorded file, while files wait as long, that a service which takes them is given."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The inbox at one moment."""

    files: int
    """That are to be taken."""
    oldest: float
    """Seconds since the oldest of them came or changed; 0 where there is none."""


def waiting(inbox: Path, now: float) -> Waiting:
    """Look into the inbox.

    The time is that of the last change of the file's entry, as copies may keep an older time of change.

    Args:
        inbox: the folder.
        now: seconds since 1970.

    Raises:
        OSError: it cannot be listed.
    """
    changed = list(_changes(inbox))
    return Waiting(len(changed), max(0.0, now - min(changed, default=now)))


def _changes(inbox: Path) -> Iterator[float]:
    for listed in list_files(inbox, lambda _path, _what: None):
        with suppress(OSError):  # it was taken meanwhile
            yield (inbox / listed.relative.decode("utf-8", "surrogateescape")).lstat().st_ctime


def queue(settings: Settings) -> str:
    """Tell what waits; an hour is too long, or a day where files are left to wait on purpose."""
    found = waiting(settings.inbox_folder, time.time())
    shut = why_shut(settings, written_folders(settings), datetime.now().astimezone())
    told = f"{found.files} files wait" + (f", the oldest for {ago(found.oldest)}" if found.files else "")
    told += f"; {shut.told}" if shut else ""
    if found.oldest > (DAY if shut and shut.kind != "disk" else HOUR):
        raise LeukowatchError(f"{told}: see whether the service runs, and what its log says of them")
    return told


def progress(settings: Settings) -> str:
    """Tell when a file was last recorded; a service that stands still while files wait is a finding."""
    with reader(settings) as engine:
        last = times(engine).last_received
    since = time.time() - last.timestamp() if last else None
    told = "no file was recorded yet" if since is None else f"the last file was recorded {ago(since)} ago"
    shut = why_shut(settings, written_folders(settings), datetime.now().astimezone())
    stands = (since is None or since > STANDSTILL) and not shut and is_locked(settings.home)
    if stands and waiting(settings.inbox_folder, time.time()).oldest > STANDSTILL:
        raise LeukowatchError(f"{told}, though files wait and a service runs: its log says why")
    return told


def backups(settings: Settings) -> str:
    """Tell how old the last backup is; what has been at work for as long without one is a finding."""
    if sqlite_path(settings.database_url) is None:
        return "the database is a server's: its backups are made with pg_dump, and not watched here"
    days = settings.store.backup_days
    last = last_backup(settings)
    told = f"the last one was made {ago(time.time() - last)} ago" if last else "none was made yet"
    try:
        with reader(settings) as engine:
            first = times(engine).first_received
    except StoreUnavailable:
        first = None  # the database's own finding
    begun = last or (first.timestamp() if first else None)
    if days and begun is not None and time.time() - begun > days * DAY:
        raise LeukowatchError(f"{told}: `leukowatch backup FOLDER` makes one (store.backup_days = {days})")
    return told


def outbox(settings: Settings) -> str:
    """Tell which signed results are not with the other systems yet; an hour is too long, a refusal is for ever."""
    with reader(settings) as engine:
        failed, left = (messages(engine, state=state) for state in (FAILED, WAITING))
    if failed:
        raise LeukowatchError(
            f"{len(failed)} signed results failed, the last with {failed[-1].last_error}: "
            "see `leukowatch outbox list`, and let them go again by `leukowatch outbox retry`"
        )
    waits = max((time.time() - each.created_at.timestamp() for each in left), default=0.0)
    told = f"{len(left)} signed results wait to be sent"
    if waits > HOUR:
        raise LeukowatchError(
            f"{told}, the oldest for {ago(waits)}: {left[0].last_error or 'does `leukowatch review` run?'}"
        )
    return told


def ago(seconds: float) -> str:
    """Write a span of time in the unit that suits it."""
    for unit, size in (("days", DAY), ("h", HOUR), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"
