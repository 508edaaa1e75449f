"""Keeps an ear on the inbox: hints from the file system, and the list of what is there.

Events are hints and can be lost; then a rescan is asked for. A rescan is the truth.
"""

import errno
import os
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import structlog
from watchdog.observers.api import BaseObserver

from leukowatch.errors import InboxVanished
from leukowatch.inbox.listing import Listed, list_files, remove_empty_folders
from leukowatch.inbox.naming import printable
from leukowatch.inbox.observing import Hint, HintHandler, is_running, listen, poll

_log = structlog.get_logger(__name__)

_GONE = {errno.ENOENT, errno.ENOTDIR}
_LIMITS = {errno.ENOSPC: "fs.inotify.max_user_watches", errno.EMFILE: "fs.inotify.max_user_instances"}


class InboxWatch:
    """Watches one inbox, recursively.

    Args:
        folder: the inbox; may be a link.
        queue_size: hints kept for `take_hints`; what overflows is left to a rescan.
        polling: list regularly instead of listening to the kernel, for network shares.
    """

    def __init__(self, folder: Path, queue_size: int, *, polling: bool) -> None:
        self.polling = polling
        """True also where the kernel's limits forced it."""
        self._folder = folder
        self._hints: queue.Queue[Hint | None] = queue.Queue(queue_size)
        self._rescan = threading.Event()
        self._observer: BaseObserver | None = None
        self._place: tuple[int, int] | None = None
        self._odd: set[bytes] = set()

    def start(self) -> None:
        """Begin to watch, and ask for a rescan: what came before gave no hint.

        Raises:
            InboxVanished: there is no such folder, or it may not be listed.
        """
        self._place = self._now_at()
        root = Path(os.path.realpath(self._folder))
        try:
            self._observer = self._observe(root)
        except (FileNotFoundError, PermissionError) as error:
            raise self._vanished(error) from error
        self._rescan.set()

    def stop(self) -> None:
        """Stop watching; may be repeated."""
        if self._observer is not None:
            self._observer.stop()
            if self._observer.ident is not None:
                self._observer.join()
            self._observer = None

    def check(self) -> None:
        """Make sure that the inbox is the folder that is watched.

        Raises:
            InboxVanished: it was removed, renamed or unmounted, or another folder has its name; `rearm`
                once it is there again.
        """
        if self._now_at() != self._place:
            raise self._vanished()

    def armed(self) -> bool:
        """Whether hints can come: all threads run, and the inbox is the folder that is watched."""
        try:
            self.check()
        except InboxVanished:
            return False
        return self._observer is not None and is_running(self._observer)

    def revive(self) -> None:
        """Watch the inbox anew where a thread has died or a folder was refused; what was missed, a rescan finds.

        Raises:
            InboxVanished: as `rearm`.
        """
        if self._observer is None or not is_running(self._observer):
            _log.error("the watch has failed and is made anew", inbox=str(self._folder))
            self.rearm()

    def rearm(self) -> None:
        """Watch the folder that has the inbox's name now, and ask for a rescan.

        Raises:
            InboxVanished: there is none, or it may not be listed.
        """
        self.stop()
        self.start()

    def take_hints(self, limit: int, timeout: float) -> list[Hint]:
        """Give up to `limit` hints, in order; wait at most `timeout` seconds for the first, or until `wake`."""
        hints: list[Hint | None] = []
        try:
            hints.append(self._hints.get(timeout=timeout) if timeout > 0 else self._hints.get_nowait())
            while len(hints) < limit:
                hints.append(self._hints.get_nowait())
        except queue.Empty:
            pass
        return [hint for hint in hints if hint is not None]

    def wake(self) -> None:
        """End the wait of `take_hints`, or its next one, from any thread."""
        with suppress(queue.Full):  # then it does not wait
            self._hints.put_nowait(None)

    def rescan_wanted(self) -> bool:
        """Whether hints were lost, or watching began, since this was last asked."""
        wanted = self._rescan.is_set()
        self._rescan.clear()
        return wanted

    def scan(self, ended: Callable[[bytes], None] = lambda _path: None) -> Iterator[Listed]:
        """Give every regular file that is to be taken; log once what else is there.

        Args:
            ended: told the raw path of each file that marks the end of its slide.

        Raises:
            InboxVanished: the inbox cannot be listed.
        """
        odd: set[bytes] = set()

        def report(relative: bytes, kind: str) -> None:
            odd.add(relative)
            if relative not in self._odd:
                _log.warning("left alone in the inbox", file=printable(relative), kind=kind)

        try:
            yield from list_files(self._folder, report, ended)
        except OSError as error:
            raise self._vanished(error) from error
        self._odd = odd

    def remove_empty_folders(self, older_than: float, now: float) -> None:
        """Remove empty slide folders that nothing was added to for `older_than` seconds.

        Args:
            older_than: seconds.
            now: wall time, seconds since 1970.
        """
        for relative in remove_empty_folders(self._folder, older_than, now):
            _log.info("empty folder removed", folder=printable(relative))

    def _observe(self, root: Path) -> BaseObserver:
        handler = HintHandler(root, self._give)
        if not self.polling:
            try:
                return listen(root, handler, self._rescan.set)
            except OSError as error:
                if error.errno not in _LIMITS:
                    raise
                _log.warning(
                    "the kernel watches no more folders: the inbox is listed regularly instead",
                    remedy=f"raise {_LIMITS[error.errno]} with sysctl, then restart",
                )
                self.polling = True
        return poll(root, handler)

    def _give(self, hint: Hint) -> None:
        try:
            self._hints.put_nowait(hint)
        except queue.Full:
            self._rescan.set()

    def _now_at(self) -> tuple[int, int]:
        """Device and inode of the inbox."""
        try:
            status = self._folder.stat()
        except OSError as error:
            raise self._vanished(error) from error
        return status.st_dev, status.st_ino

    def _vanished(self, error: OSError | None = None) -> InboxVanished:
        if error is not None and error.errno not in _GONE:
            return InboxVanished(
                f"{self._folder}: the inbox cannot be listed ({error.strerror}); check permissions and the disk"
            )
        return InboxVanished(f"{self._folder}: the inbox was removed, renamed or unmounted; put it back")
