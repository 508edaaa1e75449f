"""The one thread that writes: groups of outcomes are committed, then their files are moved, then that is noted."""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path

import structlog

from leukowatch.errors import FilingFailed, StoreUnavailable
from leukowatch.inbox.filing import Filer
from leukowatch.service.gathering import Gathering
from leukowatch.service.home import below_home
from leukowatch.service.progress import Progress
from leukowatch.store.ledger import Ledger
from leukowatch.store.outcome import Filing, Outcome, Status

_log = structlog.get_logger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds between tries to commit or to move, doubled after each failure."""


class Fate(StrEnum):
    """What the writer tells of a file."""

    FILED = "filed"
    """It left the inbox, or was gone; another file may have its name by now."""
    STUCK = "stuck"
    """It is recorded, and cannot be moved for now; it is tried again."""
    BACK = "back"
    """It was not recorded and stays in the inbox."""


Settled = Callable[[bytes, Fate], None]
"""Told a file's raw path below the inbox, and its fate."""


class Writer(threading.Thread):
    """Commits, files and notes, in that order, until `finish`.

    Args:
        ledger: over the store's only writing engine.
        filer: moves the files.
        home: destinations are noted relative to it.
        group: most outcomes in one transaction.
        settled: see `Settled`; called in this thread.
        clock: monotonic seconds.
    """

    def __init__(
        self, ledger: Ledger, filer: Filer, home: Path, group: int, settled: Settled,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        super().__init__(name="writer")
        self.failure: BaseException | None = None
        """What ended the thread, if it did not end by itself."""
        self.refusals = 0
        """How often in a row the database has refused a group; 0 while it takes them."""
        self.progress = Progress()
        """What was done so far."""
        self.turns = 0
        """How often it has moved: groups dealt with, and tries that were refused."""
        self._ledger = ledger
        self._filer = filer
        self._home = home
        self._settled = settled
        self._clock = clock
        self._outcomes: queue.Queue[Outcome | str | None] = queue.Queue()
        self._gathering = Gathering(self._outcomes, group, None, clock)
        self._ends: list[str] = []
        self._unmoved: list[Filing] = []
        self._unnoted: list[tuple[int, bytes | None]] = []
        self._retry_at = 0.0
        self._pause = FIRST_PAUSE
        self._stopping = threading.Event()

    def put(self, outcome: Outcome) -> None:
        """Hand over what became of one file."""
        self._outcomes.put(outcome)

    def put_end(self, slide: str) -> None:
        """Hand over that a slide has all its fields."""
        self._outcomes.put(slide)

    def in_hand(self) -> int:
        """What waits for it, and 1 for what it is at."""
        return self._outcomes.qsize() + self._gathering.busy

    def recover(self) -> int:
        """Finish the moves that an earlier run committed and did not make; before the first scan.

        Returns:
            How many there were.

        Raises:
            StoreUnavailable: the database cannot be read or written.
        """
        filings = self._ledger.unfiled()
        self._move(filings)
        self._filer.release()
        return len(filings)

    def finish(self) -> None:
        """Write what was handed over, then end; what cannot be written stays in the inbox."""
        self._stopping.set()
        self._outcomes.put(None)

    def run(self) -> None:
        """The thread's life."""
        try:
            while self._round():
                pass
        except BaseException as error:  # noqa: BLE001  the daemon must learn of it and stop
            self.failure = error
            _log.exception("the writer ended")

    def _round(self) -> bool:
        """Write one group, or retry what failed; False once everything is written."""
        waits = self._unmoved or self._unnoted
        group = self._gathering.gather(max(0.0, self._retry_at - self._clock()) if waits else None)
        outcomes = [each for each in group if each is not None and not isinstance(each, str)]
        if outcomes:
            self._move(self._committed(outcomes))
        self._note_ends([each for each in group if isinstance(each, str)])
        ending = None in group
        if ending or ((self._unmoved or self._unnoted) and self._clock() >= self._retry_at):
            self._retry()
        self._gathering.done()
        self.turns += 1
        return not ending

    def _retry(self) -> None:
        """Try the moves and notes that failed once more, later each time."""
        again, self._unmoved = self._unmoved, []
        self._move(again)
        self._pause = min(2 * self._pause, LONGEST_PAUSE) if self._unmoved or self._unnoted else FIRST_PAUSE
        self._retry_at = self._clock() + self._pause

    def _committed(self, outcomes: Sequence[Outcome]) -> list[Filing]:
        """Commit a group, however long the database makes it wait; nothing while stopping."""
        pause = FIRST_PAUSE
        while True:
            begun = self._clock()
            try:
                filings = self._ledger.commit(outcomes)
            except StoreUnavailable as error:
                self.refusals += 1
                self.turns += 1
                _log.error("results wait for the database", error=str(error), fields=len(outcomes))
                if self._stopping.wait(pause):
                    _log.warning("not written; the files stay in the inbox", fields=len(outcomes))
                    for outcome in outcomes:
                        self._settled(outcome.received.relative, Fate.BACK)
                    return []
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                self.refusals = 0
                self.progress.committed(outcomes, filings, self._clock() - begun)
                return filings

    def _move(self, filings: Sequence[Filing]) -> None:
        """Move files and note it; what cannot be moved is kept for `_retry`."""
        moved: list[tuple[int, bytes | None]] = []
        fates: list[tuple[bytes, Fate]] = []
        begun = self._clock()
        places = self._filer.file_all(filings, self._named)
        self.progress.moved(len(filings), self._clock() - begun)
        for filing, place in zip(filings, places, strict=True):
            if isinstance(place, FilingFailed):
                _log.error("a file waits to be moved", error=str(place))
                if not self._unmoved:
                    self._retry_at = self._clock() + FIRST_PAUSE
                self._unmoved.append(filing)
                fates.append((filing.relative, Fate.STUCK))
                continue
            moved.append((filing.arrival_id, below_home(self._home, place) if place else None))
            fates.append((filing.relative, Fate.FILED))
            _log_filed(filing, place)
        self._note(moved)
        for relative, fate in fates:
            self._settled(relative, fate)

    def _named(self, filing: Filing, place: Path) -> bool:
        """Whether another file's row names a place, or will once its move is noted."""
        raw = below_home(self._home, place)
        coming = any(raw == noted and number != filing.arrival_id for number, noted in self._unnoted)
        return coming or self._ledger.is_named(filing, raw)

    def _note_ends(self, slides: list[str]) -> None:
        """Record which slides have ended; what the database refuses goes with the next group."""
        self._ends += slides
        if not self._ends:
            return
        try:
            self._ledger.note_ends(self._ends)
        except StoreUnavailable as error:
            _log.error("ends of slides are not noted yet", error=str(error), slides=len(self._ends))
        else:
            self._ends = []

    def _note(self, moved: list[tuple[int, bytes | None]]) -> None:
        """Record moves; what the database refuses goes with the next group, at the latest with the next start."""
        self._unnoted += moved
        try:
            self._ledger.mark_filed(self._unnoted)
        except StoreUnavailable as error:
            _log.error("moves are not noted yet", error=str(error), files=len(self._unnoted))
        else:
            self._unnoted = []


def _log_filed(filing: Filing, place: Path | None) -> None:
    facts = {"file": filing.relative.decode(errors="backslashreplace"), "slide": filing.slide}
    if place is None:
        _log.warning("the file was gone or replaced before it could be moved", **facts)
    elif filing.status is Status.QUARANTINED:
        _log.warning("quarantined", reason=filing.reason, detail=filing.detail, **facts)
    elif filing.status is Status.DUPLICATE:
        _log.warning("duplicate", of=filing.duplicate_of, **facts)
    else:
        _log.info(filing.status.value, **facts)
