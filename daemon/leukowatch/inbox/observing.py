"""Watchdog's observers, made to tell what this service needs: renames into place, and lost events."""

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from watchdog.events import (
    FileClosedEvent,
    FileCreatedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers.api import BaseObserver
from watchdog.observers.inotify import InotifyFullEmitter
from watchdog.observers.inotify_c import InotifyEvent, InotifyFD
from watchdog.observers.polling import PollingObserverVFS

from leukowatch.inbox.naming import is_candidate
from leukowatch.inbox.stability import Sign

POLL_SECONDS = 2.0
"""How often a polling observer lists the inbox."""

_LISTENED: list[type[FileSystemEvent]] = [FileCreatedEvent, FileMovedEvent, FileClosedEvent]
_POLLED: list[type[FileSystemEvent]] = [FileCreatedEvent, FileMovedEvent, FileModifiedEvent]


@dataclass(frozen=True, slots=True)
class Hint:
    """Something happened to a file; what is so, a look will show."""

    relative: bytes
    """Raw path below the inbox."""
    sign: Sign


class HintHandler(FileSystemEventHandler):
    """Turns watchdog's events into hints about files that are to be taken.

    Args:
        root: the watched folder, absolute.
        give: takes each hint; must not wait.
    """

    def __init__(self, root: Path, give: Callable[[Hint], None]) -> None:
        self._below = os.path.join(os.fsencode(root), b"")  # noqa: PTH118  Path has no bytes
        self._give = give

    def dispatch(self, event: FileSystemEvent) -> None:
        """Give the hints of one event.

        Created means only that the file is there, unless its folder was moved in whole (synthetic).
        """
        if isinstance(event, FileMovedEvent):
            self._hint(event.src_path, Sign.GONE)
            self._hint(event.dest_path, Sign.MOVED)
        elif isinstance(event, FileClosedEvent):
            self._hint(event.src_path, Sign.CLOSED)
        else:
            self._hint(event.src_path, Sign.MOVED if event.is_synthetic else Sign.SEEN)

    def _hint(self, path: bytes | str, sign: Sign) -> None:
        raw = os.fsencode(path)
        if raw.startswith(self._below) and is_candidate(raw[len(self._below) :]):
            self._give(Hint(raw[len(self._below) :], sign))


class _Listener(InotifyFD):
    """Reads the kernel's events, and says when it lost some or may watch no more folders.

    That a file has left is passed over: a look finds it gone. Watchdog would hold it, and all that came after, for half
    a second, lest the file turn up elsewhere; and every file that the service itself moves away is one.
    """

    def __init__(self, lost: Callable[[], None]) -> None:
        super().__init__()
        self._lost = lost
        self.refusal: OSError | None = None
        """The kernel's refusal to watch one more folder; of a folder below the root watchdog says nothing."""

    def add_callback(self, path: bytes, mask: Any, callback: Any, id_: Any) -> Any:
        try:
            return super().add_callback(path, mask, callback, id_)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                self.refusal = error
            raise

    def handle_event(self, event: InotifyEvent) -> None:
        if event.is_queue_overflow:
            self._lost()
        if event.is_directory or not event.is_moved_from:
            super().handle_event(event)


class ListeningObserver(BaseObserver):
    """An inotify observer that tells a rename into place from a creation, and says when events were lost.

    Args:
        lost: called in the reading thread when the kernel's queue has overflowed.
    """

    def __init__(self, lost: Callable[[], None]) -> None:
        self.listener = _Listener(lost)
        self.listener.start()
        super().__init__(InotifyFullEmitter, inotify_fd=self.listener)

    def on_thread_stop(self) -> None:
        """Stop the emitters, then the reading thread."""
        super().on_thread_stop()
        self.listener.stop()
        self.listener.join()


def listen(root: Path, handler: HintHandler, lost: Callable[[], None]) -> ListeningObserver:
    """Start listening to the kernel.

    Raises:
        OSError: `ENOSPC` or `EMFILE` where its limits of watches or listeners are used up; nothing runs then.
    """
    observer = ListeningObserver(lost)
    try:
        observer.schedule(handler, str(root), recursive=True, event_filter=_LISTENED)
        observer.start()
        if observer.listener.refusal:
            raise observer.listener.refusal
    except OSError:
        observer.stop()
        if observer.ident is not None:
            observer.join()
        raise
    return observer


def poll(root: Path, handler: HintHandler) -> BaseObserver:
    """Start listing the folder every `POLL_SECONDS`.

    Raises:
        OSError: the folder cannot be listed.
    """
    observer = PollingObserverVFS(os.lstat, os.scandir, polling_interval=POLL_SECONDS)
    observer.schedule(handler, str(root), recursive=True, event_filter=_POLLED)
    observer.start()
    return observer


def is_running(observer: BaseObserver) -> bool:
    """Whether all of an observer's threads are alive, and none of its folders was refused."""
    threads = [observer, *observer.emitters]
    if isinstance(observer, ListeningObserver):
        threads.append(observer.listener)
        if observer.listener.refusal:
            return False
    return bool(observer.emitters) and all(thread.is_alive() for thread in threads)
