"""Tells the service manager, from the main thread, that the daemon is alive and how far it is."""

import time
from collections.abc import Callable, Mapping

import structlog

from leukowatch.service import systemd
from leukowatch.service.vitality import Vitals, first_pulse, next_pulse, why_not_alive
from leukowatch.store.outcome import Status

_log = structlog.get_logger(__name__)

EVERY = 1.0
"""Seconds between two beats, at most."""


class Heartbeat:
    """Feels the daemon's pulse; while something stands still it is silent, and the manager restarts the service.

    Args:
        vitals: of now.
        status: one line for people.
        patience: seconds that a part may stand still.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        vitals: Callable[[], Vitals],
        status: Callable[[], str],
        patience: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._vitals = vitals
        self._status = status
        self._patience = patience
        self._clock = clock
        wanted = systemd.watchdog_seconds()
        self._watched = wanted is not None
        self._every = min(EVERY, wanted or EVERY)
        self._pulse = first_pulse(vitals(), clock())
        self._next = 0.0
        self._ill = ""
        self._told = ""

    def beat(self) -> None:
        """Feel the pulse where it is time, and tell."""
        now = self._clock()
        if now < self._next:
            return
        self._next = now + self._every
        self._pulse = next_pulse(self._pulse, self._vitals(), now)
        why = why_not_alive(self._pulse, now, self._patience)
        if why and not self._ill:
            _log.error("no sign of life is given", why=why, restart=self._watched)
        self._ill = why
        states = ["WATCHDOG=1"] if self._watched and not why else []
        status = f"{why}; {self._status()}" if why else self._status()
        if status != self._told:
            states.append(f"STATUS={status}")
            self._told = status
        if states:
            systemd.notify(*states, patience=0.0)  # a busy manager is told next time


def counts(filed: Mapping[Status, int], waiting: int) -> str:
    """What was filed since the start and what waits, as `counted 120, quarantined 2, waiting 3`."""
    shown = {
        "counted": filed.get(Status.COUNTED, 0),
        "not assessable": filed.get(Status.NOT_ASSESSABLE, 0),
        "duplicates": filed.get(Status.DUPLICATE, 0),
        "quarantined": filed.get(Status.QUARANTINED, 0),
    }
    always = ("counted", "quarantined")
    told = [f"{what} {number}" for what, number in shown.items() if number or what in always]
    return ", ".join([*told, f"waiting {waiting}"])
