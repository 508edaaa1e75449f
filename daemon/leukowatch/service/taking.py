"""The inbox's side of the service: hints and rescans become complete files, files become fields in the pool."""

import os
import queue
import time
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from leukonet.result import FieldResult
from leukowatch.analysis.answers import Answer, Pool, Refused, Returned
from leukowatch.errors import ChangedWhileRead, IntakeError, NotRegular, Unreadable, Vanished
from leukowatch.inbox.gate import Gate
from leukowatch.inbox.intake import Look, look
from leukowatch.inbox.naming import printable, slide_of
from leukowatch.inbox.reading import read
from leukowatch.inbox.stability import Sign, Stability
from leukowatch.inbox.watch import InboxWatch
from leukowatch.service.writing import Fate
from leukowatch.settings import Settings
from leukowatch.store.outcome import Outcome, Received

_log = structlog.get_logger(__name__)

AHEAD = 3
"""Fields in hand for each worker: enough that none waits, few enough that memory stays small."""
GROUPS = 2
"""Groups of results that may wait for the writer: one is filled while the disk takes the other."""
HINTS_AT_ONCE = 1000
LOOKS_AT_ONCE = 200


class Taker:
    """Takes files from the inbox, one round after another, in the caller's thread.

    Args:
        settings: in force.
        watch: started.
        pool: looks at fields.
        put: receives the outcome of each file.
        end: receives the name of each slide whose folder has a `.done` file, once.
        gate: says whether files are taken at all.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        settings: Settings,
        watch: InboxWatch,
        pool: Pool,
        put: Callable[[Outcome], None],
        end: Callable[[str], None],
        gate: Gate,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._folder = settings.inbox_folder
        self._watch = watch
        self._pool = pool
        self._put = put
        self._end = end
        self.gate = gate
        self._clock = clock
        self.filed = 0
        """Files that left the inbox, or were gone, since the start."""
        self._stability = Stability(clock, settings.inbox.quiet_seconds, settings.inbox.truncated_seconds)
        self._settled: queue.SimpleQueue[tuple[bytes, Fate]] = queue.SimpleQueue()
        self._in_hand: set[bytes] = set()
        self._stuck: set[bytes] = set()
        self._refused: dict[bytes, str] = {}
        self._ended: set[str] = set()
        self._next_scan = 0.0
        self._resting = False

    def settled(self, key: bytes, fate: Fate) -> None:
        """Be told a file's fate, from any thread."""
        self._settled.put((key, fate))
        self._rouse()

    def pending(self) -> set[bytes]:
        """Files known and not yet filed: waiting to be complete, or in hand."""
        return self._in_hand | self._stuck | set(self._stability.waiting())

    def unfiled(self) -> int:
        """How many these are, without listing them: the status tells it each second, over any backlog."""
        return len(self._stability)

    def waiting(self) -> int:
        """Files known and not yet taken."""
        return len(self.pending() - self._in_hand)

    def oldest_seconds(self) -> float:
        """How long the oldest file that is not filed has been known; 0 where there is none."""
        return self._stability.oldest_seconds()

    def in_hand(self) -> int:
        """Files between intake and filing."""
        return len(self._in_hand)

    def hopeless(self) -> set[bytes]:
        """Files that only a person can help: those that may not be read, and those that may not be moved."""
        return self._stuck | {key for key, reason in self._refused.items() if reason == Unreadable.reason}

    def round(self, timeout: float) -> None:
        """Take note of hints, rescan if it is time, look at what is due and take what is complete.

        Args:
            timeout: seconds to wait for a hint, an answer or a fate when nothing else is to be done.

        Raises:
            InboxVanished: the inbox is gone.
        """
        self._watch.check()
        self._watch.revive()
        self._resting = True  # before the room is reckoned: what makes room from here on ends the wait
        hints = self._watch.take_hints(HINTS_AT_ONCE, self._patience(timeout))
        self._resting = False
        for hint in hints:
            self._stability.hint(hint.relative, hint.sign)
        self._settle()
        if self._watch.rescan_wanted() or self._clock() >= self._next_scan:
            self.rescan()
        for key in self._stability.due(self._room()):
            self._consider(key)

    def rescan(self) -> None:
        """List the inbox: the truth, whatever events were lost."""
        for listed in self._watch.scan(self._note_end):
            self._stability.hint(listed.relative, Sign.SEEN)
        self._watch.remove_empty_folders(self._settings.inbox.empty_folder_seconds, time.time())
        self._next_scan = self._clock() + self._settings.inbox.rescan_seconds

    def _note_end(self, relative: bytes) -> None:
        """Pass on that a slide has all its fields."""
        slide, _ = slide_of(relative, "", datetime.now(UTC).date())
        if slide not in self._ended:
            self._ended.add(slide)
            self._end(slide)

    def _patience(self, timeout: float) -> float:
        """How long to wait for a hint: until the next look, where there is room for it."""
        upcoming = self._stability.next_look()
        if upcoming is None or not self._room():
            return timeout
        return max(0.0, min(timeout, upcoming - self._clock()))

    def _room(self) -> int:
        """How many files may be looked at now."""
        if self.gate.shut():
            return 0
        looking = AHEAD * self._pool.workers
        unlooked = looking - self._pool.in_hand()
        unfiled = looking + GROUPS * self._settings.store.group - len(self._in_hand)
        return max(0, min(LOOKS_AT_ONCE, unlooked, unfiled))

    def _settle(self) -> None:
        while True:
            try:
                key, fate = self._settled.get_nowait()
            except queue.Empty:
                return
            self._in_hand.discard(key)
            self._stuck.discard(key)
            self._refused.pop(key, None)
            if fate is Fate.STUCK:
                self._stuck.add(key)
            elif fate is Fate.FILED:
                self.filed += 1
                self._stability.forget(key)
                self._stability.hint(key, Sign.SEEN)  # another file may have its name by now
            else:
                self._stability.retry(key)

    def _consider(self, key: bytes) -> None:
        """Look at a file that is due; take it if it is complete."""
        if key in self._in_hand or key in self._stuck:  # what has its name now comes after it is filed
            self._stability.retry(key)
            return
        try:
            seen = look(self._folder, key, self._settings.inbox.max_bytes)
            closed = seen.closed and not self._watch.polling  # others than this machine may write there
            if self._stability.observe(key, seen.identity, seen.wholeness, closed=closed):
                self._take(key, seen)
        except IntakeError as error:
            self._not_now(key, error)

    def _take(self, key: bytes, seen: Look) -> None:
        """Read a complete file, and have it looked at where it can be."""
        taken = read(self._folder, key, seen, self._settings.inbox, datetime.now(UTC))
        self._in_hand.add(key)
        if isinstance(taken, Outcome):
            self._put(taken)
        else:
            file = taken.received
            self._pool.submit(
                taken.data, lambda answer: self._deliver(file, answer), self._folder / os.fsdecode(key)
            )

    def _deliver(self, taken: Received, answer: Answer) -> None:
        """Pass a field's answer on to the writer; runs in the pool's thread."""
        if isinstance(answer, FieldResult):
            self._put(Outcome(taken, answer))
        elif isinstance(answer, Refused):
            self._put(Outcome(taken, None, answer.reason, str(answer)))
        elif isinstance(answer, Returned):
            self.settled(taken.relative, Fate.BACK)
        self._rouse()

    def _rouse(self) -> None:
        """End a rest, from any thread: there is room for another field."""
        if self._resting:
            self._resting = False
            self._watch.wake()

    def _not_now(self, key: bytes, error: IntakeError) -> None:
        """A file that cannot be taken: gone, not ours, or to be tried again."""
        if isinstance(error, Vanished):
            self._stability.forget(key)
            self._refused.pop(key, None)
        elif isinstance(error, NotRegular):
            self._stability.forget(key)
            self._note_refused(key, error)
        elif isinstance(error, Unreadable | ChangedWhileRead):
            self._stability.retry(key)
            self._note_refused(key, error)

    def _note_refused(self, key: bytes, error: IntakeError) -> None:
        if self._refused.get(key) != error.reason:
            _log.warning("not taken", file=printable(key), reason=error.reason, error=str(error))
        self._refused[key] = error.reason
