"""Whether files are taken at all: not while a person paused it, the disk is nearly full, or out of hours.

What is shut out stays in the inbox and waits; nothing of it is lost. The daemon asks, and the console too.
"""

import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from datetime import time as Time  # noqa: N812  a class, and the module is needed as well
from pathlib import Path

import structlog

from leukowatch.errors import OutputFailed
from leukowatch.settings import Settings

_log = structlog.get_logger(__name__)

PAUSE = "leukowatch.paused"
"""File in the home that pauses the taking."""
AGAIN = 1.1
"""Once the disk was too full, taking goes on when this part of the limit is free: no coming and going."""
LOOK_SECONDS = 1.0
"""Time between two looks."""
_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Shut:
    """Why nothing is taken."""

    kind: str
    """`paused`, `disk` or `hours`."""
    told: str
    """A sentence with the remedy."""


def free_bytes(folder: Path) -> int:
    """Bytes that a user may still write where the folder is.

    Raises:
        OSError: it is not there.
    """
    return shutil.disk_usage(folder).free


def within(window: str, now: Time) -> bool:
    """Whether a time of day is in a window, its beginning included and its end not.

    Args:
        window: the setting `analysis.window`, also over midnight; empty is the whole day.
        now: local.
    """
    if not window:
        return True
    begin, end = map(Time.fromisoformat, window.split("-"))
    if begin < end:
        return begin <= now < end
    return now >= begin or now < end


def why_shut(
    settings: Settings,
    folders: Sequence[Path],
    now: datetime,
    free: Callable[[Path], int] = free_bytes,
    margin: float = 1.0,
) -> Shut | None:
    """Say why nothing is taken, or None where files are.

    Args:
        settings: in force.
        folders: those that are written to; one that is not there is passed over.
        now: local.
        free: bytes that are free where a folder is.
        margin: times `inbox.min_free_megabytes` must be free.
    """
    if (settings.home / PAUSE).exists():
        return Shut("paused", "paused: `leukowatch resume` goes on")
    least = settings.inbox.min_free_megabytes
    for folder in folders if least else ():
        with suppress(OSError):
            left = free(folder) / _MEGABYTE
            if left < margin * least:
                return Shut(
                    "disk",
                    f"{folder}: {left:.0f} MB are free, inbox.min_free_megabytes is {least}: make room",
                )
    window = settings.analysis.window
    if not within(window, now.time()):
        return Shut("hours", f"files are taken from {window.replace('-', ' to ')} (analysis.window)")
    return None


def set_paused(home: Path, *, paused: bool) -> None:
    """Pause the taking, or let it go on; a service that runs sees it within seconds.

    Raises:
        OutputFailed: this user may not write in the home, or there is none.
    """
    mark = home / PAUSE
    try:
        if paused:
            mark.touch()
        else:
            mark.unlink(missing_ok=True)
    except OSError as error:
        raise OutputFailed(
            f"{mark}: cannot be changed ({error.strerror}); run this as the service's user, on its home"
        ) from error


class Gate:
    """Keeps an eye on `why_shut`, and tells the log when it changes.

    Args:
        settings: in force.
        folders: those that are written to.
        free: bytes that are free where a folder is.
        clock: monotonic seconds.
        now: local time.
    """

    def __init__(
        self,
        settings: Settings,
        folders: Sequence[Path],
        free: Callable[[Path], int] = free_bytes,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        self._settings = settings
        self._folders = folders
        self._free = free
        self._clock = clock
        self._now = now
        self._shut: Shut | None = None
        self._look_at = clock()

    def shut(self) -> Shut | None:
        """Say why nothing is taken, as of the last second."""
        if self._clock() >= self._look_at:
            self._look_at = self._clock() + LOOK_SECONDS
            self._look()
        return self._shut

    def _look(self) -> None:
        before = self._shut.kind if self._shut else ""
        margin = AGAIN if before == "disk" else 1.0
        self._shut = why_shut(self._settings, self._folders, self._now(), self._free, margin)
        kind = self._shut.kind if self._shut else ""
        if kind != before and self._shut:
            _log.warning("files wait in the inbox", because=self._shut.told)
        elif kind != before:
            _log.warning("files are taken again")
