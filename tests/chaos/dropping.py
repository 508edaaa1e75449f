"""The droppers: threads that bring files into the inbox as microscopes and people do, and remember them."""

import ctypes
import errno
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import TypeVar

from chaos.disk import Place
from chaos.drops import Drop, Way

PAUSE = 0.3
"""Longest pause in seconds between two steps of a slow writer; far below `inbox.truncated_seconds`."""
_NOREPLACE, _EXCHANGE = 1, 2
T = TypeVar("T")
_libc = ctypes.CDLL(None, use_errno=True)


class Dropper(threading.Thread):
    """Drops its part of the plan, each file when its time has come.

    Args:
        place: where.
        drops: pairs of seconds after `begun` and what to drop then.
        begun: on the monotonic clock.
        rng: its own.
    """

    def __init__(self, place: Place, drops: Sequence[tuple[float, Drop]], begun: float, rng: Random) -> None:
        super().__init__(name="dropper")
        self.done: list[Drop] = []
        """What lies in the inbox whole, or left it."""
        self.displaced = 0
        """Files that another one of their name displaced, and that came back under a new name."""
        self.failure: BaseException | None = None
        self._place, self._drops, self._begun, self._rng = place, drops, begun, rng
        self._ways = {
            Way.WRITTEN: self._write,
            Way.SLOWLY: self._write,
            Way.MOVED_IN: self._move_in,
            Way.RENAMED: self._rename,
        }

    def run(self) -> None:
        """The thread's life."""
        try:
            for due, drop in self._drops:
                time.sleep(max(0.0, self._begun + due - time.monotonic()))
                self._drop(drop)
                self.done.append(drop)
        except BaseException as error:  # noqa: BLE001  the run must fail by it
            self.failure = error

    def _drop(self, drop: Drop) -> None:
        """Drop one file; from the beginning where its folder was renamed or removed before it was in."""
        while True:
            path = self._place.inbox / drop.slide
            try:
                _patiently(lambda: path.mkdir(exist_ok=True))  # noqa: B023  called at once
                with _folder(path) as folder:
                    self._ways[drop.way](folder, drop)
            except FileNotFoundError:
                continue
            return

    def _write(self, folder: int, drop: Drop) -> None:
        """Write under the final name, which must be free, else under another one."""
        try:
            file = _create(folder, drop.name)
        except FileExistsError:
            file = _create(folder, self._other(drop.name))
        steps = self._rng.randint(2, 5) if drop.way is Way.SLOWLY else 1
        length = max(1, -(-len(drop.content) // steps))
        for start in range(0, len(drop.content), length):
            if start:
                time.sleep(self._rng.random() * PAUSE)
                file = _closed_and_opened(file)
            _write_all(file, drop.content[start : start + length])
        os.close(file)

    def _move_in(self, folder: int, drop: Drop) -> None:
        with _folder(self._place.outside) as outside:
            self._bring(outside, str(threading.get_ident()), folder, drop)

    def _rename(self, folder: int, drop: Drop) -> None:
        self._bring(folder, f"{drop.name}.{threading.get_ident()}.part", folder, drop)

    def _bring(self, start: int, temporary: str, folder: int, drop: Drop) -> None:
        """Write under a temporary name, then rename; where the name is taken, now and then displace that file."""
        file = _create(start, temporary, os.O_TRUNC)
        _write_all(file, drop.content)
        os.close(file)
        if _rename(start, temporary, folder, drop.name, _NOREPLACE):
            return
        if self._rng.random() < 0.5 and _rename(start, temporary, folder, drop.name, _EXCHANGE):
            self.displaced += 1
        while not _rename(start, temporary, folder, self._other(drop.name), _NOREPLACE):
            pass

    def _other(self, name: str) -> str:
        stem, _, extension = name.rpartition(".")
        return f"{stem}-{self._rng.getrandbits(40):010x}.{extension}"


@contextmanager
def _folder(path: Path) -> Iterator[int]:
    """Open a folder, so that a rename of it goes unnoticed."""
    descriptor = os.open(path, os.O_PATH | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _create(folder: int, name: str, flag: int = os.O_EXCL) -> int:
    """Open a new file in an open folder for writing."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | flag
    return _patiently(lambda: os.open(name, flags, 0o644, dir_fd=folder))


def _closed_and_opened(file: int) -> int:
    """Close a file, which tells the service, and go on with it wherever it is by now."""
    again = os.open(f"/proc/self/fd/{file}", os.O_WRONLY | os.O_APPEND)
    os.close(file)
    return again


def _write_all(file: int, data: bytes) -> None:
    while data:
        rest = data
        data = data[_patiently(lambda: os.write(file, rest)) :]  # noqa: B023  called at once


def _rename(start: int, name: str, folder: int, other: str, flag: int) -> bool:
    """Rename without overwriting, or exchange; False where the other name is taken, or for the exchange is not."""

    def attempt() -> int:
        if _libc.renameat2(start, name.encode(), folder, other.encode(), flag) == 0:
            return 0
        raise OSError(ctypes.get_errno(), "renameat2", name, None, other)

    try:
        _patiently(attempt)
    except FileExistsError:
        return False
    except FileNotFoundError:
        if flag == _EXCHANGE:
            return False
        raise
    return True


def _patiently(action: Callable[[], T]) -> T:
    """Do it, as often as the full disk makes necessary."""
    while True:
        try:
            return action()
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
        time.sleep(0.05)
