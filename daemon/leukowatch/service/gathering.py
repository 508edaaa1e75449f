"""Which results share a transaction: what comes in quick succession does, and what comes alone waits for nothing."""

import queue
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, Protocol, TypeVar

Thing = TypeVar("Thing")
Given_co = TypeVar("Given_co", covariant=True)
COMPANY_SECONDS = 0.2
"""Least time from the beginning of one group to that of the next, unless groups are full."""


class Source(Protocol[Given_co]):
    """What things come from; a `queue.Queue` is one."""

    def get(self, block: bool = ..., timeout: float | None = ...) -> Given_co:
        """Wait at most `timeout` seconds, or for ever, for the next thing; raise `queue.Empty` where none comes."""


class Gathering(Generic[Thing]):
    """Makes groups of what comes.

    Args:
        source: see `Source`.
        most: things in a group.
        last: ends its group at once, as nothing comes after it.
        clock: monotonic seconds.
    """

    def __init__(
        self, source: Source[Thing], most: int, last: Thing, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.busy = False
        """Whether a group is being gathered or dealt with: from its first thing to the caller's `done`."""
        self._source = source
        self._most = most
        self._last = last
        self._clock = clock
        self._next_group = clock()

    def gather(self, patience: float | None) -> list[Thing]:
        """Wait for something; then for company, if the last group was just now.

        Args:
            patience: seconds to wait for the first thing; None for ever.

        Returns:
            What came, in order: at most `most`; nothing where the patience ended.
        """
        group: list[Thing] = []
        with suppress(queue.Empty):
            group.append(self._source.get(timeout=patience))
            self.busy = True
            while group[-1] != self._last and len(group) < self._most:
                group.append(self._source.get(timeout=max(0.0, self._next_group - self._clock())))
        self.busy = True
        self._next_group = self._clock() + COMPANY_SECONDS
        return group

    def done(self) -> None:
        """Be told that the group was dealt with."""
        self.busy = False
