"""Which files of the inbox are complete: pure logic, no I/O, its clock handed in.

A file is complete at once when a writer closed it, or it was renamed into place, or nobody has it open for writing, and
its own end marker is there. Where nothing says so, or the format has no end marker, its size and time must stay
unchanged for a while; where its end is missing, or may not be written yet, for a longer while, after which
it is given up on, or taken as it is.
"""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from leukowatch.inbox.arrival import Identity
from leukowatch.inbox.bounded import Wholeness
from leukowatch.inbox.naming import is_candidate

_SHORTEST_PAUSE = 0.5


class Sign(StrEnum):
    """What was noticed of a file."""

    SEEN = "seen"
    """It is there: created, changed, or found by a rescan."""
    CLOSED = "closed"
    """Its writer closed it."""
    MOVED = "moved"
    """It was renamed into place."""
    GONE = "gone"
    """It was deleted or renamed away."""


@dataclass(slots=True)
class _Waiting:
    """What is known of one file."""

    known: float
    """When it was first heard of, on the tracker's clock."""
    due: float | None = None
    """When to look, on the tracker's clock; None while somebody looks, or after release."""
    identity: Identity | None = None
    """As of the last look."""
    since: float = 0.0
    """When that identity was first seen."""
    finished: bool = False
    """A writer was done with this identity."""
    hinted: bool = False
    """A writer was done after the last look."""
    released: bool = False
    """Said to be ready; stays known, so that a rescan does not release it twice."""


class Stability:
    """Keeps the files that wait, and says when to look at which and whether it is ready.

    A key is the raw path below the inbox. The round is: `hint`, `due`, look at each file, `observe`;
    then `forget` a file that was filed or is gone, `retry` one that could not be taken.

    Args:
        clock: monotonic seconds.
        quiet_seconds: unchanged this long is complete, where nothing proves it at once.
        truncated_seconds: unchanged this long without its end, or with nothing but zeros there, is released.
    """

    def __init__(self, clock: Callable[[], float], quiet_seconds: float, truncated_seconds: float) -> None:
        self._clock = clock
        self._quiet = quiet_seconds
        self._truncated = truncated_seconds
        self._files: dict[bytes, _Waiting] = {}
        self._looks: list[tuple[float, bytes]] = []

    def __len__(self) -> int:
        """Files known, waiting or released."""
        return len(self._files)

    def waiting(self) -> Iterator[bytes]:
        """Give the keys of the files that are not ready yet."""
        return (key for key, file in self._files.items() if not file.released)

    def oldest_seconds(self) -> float:
        """How long the file known longest has been known, 0 for none."""
        oldest = next(iter(self._files.values()), None)  # in the order in which they were heard of
        return self._clock() - oldest.known if oldest else 0.0

    def hint(self, key: bytes, sign: Sign) -> None:
        """Take note of a sign; temporary names and those that are left alone are passed over."""
        if sign is Sign.GONE:
            self.forget(key)
            return
        if not is_candidate(key):
            return
        file = self._files.setdefault(key, _Waiting(self._clock()))
        if sign is Sign.SEEN and file.released:
            return
        file.hinted = file.hinted or sign is not Sign.SEEN
        self._schedule(key, file, self._clock())

    def due(self, limit: int | None = None) -> list[bytes]:
        """Give the files to look at now, longest due first, at most `limit`; `observe` each."""
        now, keys = self._clock(), list[bytes]()
        while self._looks and self._looks[0][0] <= now and (limit is None or len(keys) < limit):
            when, key = heapq.heappop(self._looks)
            file = self._files.get(key)
            if file is not None and file.due == when:
                file.due = None
                keys.append(key)
        return keys

    def next_look(self) -> float | None:
        """Give the time of the next look on the clock, or None where nothing waits for one."""
        while self._looks:
            when, key = self._looks[0]
            file = self._files.get(key)
            if file is not None and file.due == when:
                return when
            heapq.heappop(self._looks)
        return None

    def observe(self, key: bytes, identity: Identity, wholeness: Wholeness, *, closed: bool = False) -> bool:
        """Take a look's result and say whether the file is ready to be taken.

        Args:
            key: the file that was looked at.
            identity: its state.
            wholeness: what its structure says.
            closed: whether it is known that nobody has it open for writing.
        """
        file = self._files.get(key)
        if file is None:
            return False
        now = self._clock()
        if identity != file.identity:
            file.identity, file.since = identity, now
            file.finished = file.released = False
        file.finished, file.hinted = file.finished or file.hinted or closed, False
        if file.released:
            return False
        complete = file.since + self._needed(file, wholeness)
        file.released = now >= complete
        if not file.released:
            pause = max(self._quiet, (now - file.since) / 2, _SHORTEST_PAUSE)
            self._schedule(key, file, min(complete, now + pause))
        return file.released

    def retry(self, key: bytes) -> None:
        """Wait anew for a file that was due or ready but could not be looked at or taken."""
        file = self._files.get(key)
        if file is not None:
            self._files[key] = fresh = _Waiting(file.known)
            self._schedule(key, fresh, self._clock() + max(self._quiet, _SHORTEST_PAUSE))

    def forget(self, key: bytes) -> None:
        """Drop a file that left the inbox."""
        self._files.pop(key, None)

    def _needed(self, file: _Waiting, wholeness: Wholeness) -> float:
        """Seconds that the file must stay unchanged."""
        if wholeness in {Wholeness.CUT, Wholeness.HOLLOW}:
            return self._truncated
        return 0.0 if wholeness is Wholeness.WHOLE and file.finished else self._quiet

    def _schedule(self, key: bytes, file: _Waiting, when: float) -> None:
        if file.due is None or when < file.due:
            file.due = when
            heapq.heappush(self._looks, (when, key))
