"""What the running service has done since its start: plain numbers, told to whoever asks."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from leukowatch.store.opinions import UNCLASSIFIED
from leukowatch.store.outcome import Filing, Outcome, Status

STAGES = ("decode", "locate", "classify", "commit", "move")
"""Where a field's time goes, in this order."""


@dataclass(frozen=True, slots=True)
class Done:
    """The numbers at one moment."""

    files: Mapping[Status, int]
    """Files recorded, by status."""
    cells: Mapping[str, int]
    """Cells of counted fields, by first class or `unclassified`."""
    seconds: Mapping[str, float]
    """Seconds spent, by stage; those of workers are summed."""
    times: Mapping[str, int]
    """Files that went through, by stage."""
    last_commit: float
    """Wall time of the last commit, seconds since 1970; 0 where there was none."""


class Progress:
    """Adds up; written to by the writer's thread, read by any.

    Args:
        wall: seconds since 1970.
    """

    def __init__(self, wall: Callable[[], float] = time.time) -> None:
        self._wall = wall
        self._lock = threading.Lock()
        self._files: Counter[Status] = Counter(dict.fromkeys(Status, 0))
        self._cells: Counter[str] = Counter()
        self._seconds = dict.fromkeys(STAGES, 0.0)
        self._times = dict.fromkeys(STAGES, 0)
        self._last_commit = 0.0

    def committed(self, outcomes: Sequence[Outcome], filings: Sequence[Filing], seconds: float) -> None:
        """Add a group that was committed.

        Args:
            outcomes: of the group.
            filings: what the ledger made of them, in the same order.
            seconds: that the transaction took.
        """
        with self._lock:
            for outcome, filing in zip(outcomes, filings, strict=True):
                self._files[filing.status] += 1
                self._add_result(outcome, filing)
            self._add("commit", len(outcomes), seconds)
            self._last_commit = self._wall()

    def moved(self, files: int, seconds: float) -> None:
        """Add a group that was filed, in so many seconds."""
        if files:
            with self._lock:
                self._add("move", files, seconds)

    def done(self) -> Done:
        """Give the numbers as they are now."""
        with self._lock:
            return Done(
                dict(self._files),
                dict(self._cells),
                dict(self._seconds),
                dict(self._times),
                self._last_commit,
            )

    def _add(self, stage: str, times: int, seconds: float) -> None:
        self._times[stage] += times
        self._seconds[stage] += seconds

    def _add_result(self, outcome: Outcome, filing: Filing) -> None:
        if outcome.result is None:
            return
        for stage, milliseconds in outcome.result.timings.items():
            if stage in self._times:
                self._add(stage, 1, milliseconds / 1000)
        if filing.status is Status.COUNTED:
            self._cells.update(
                UNCLASSIFIED if cell.unclassified else cell.first for cell in outcome.result.cells
            )
