"""What a pool of workers is asked for and what it answers, be the workers here or on other machines."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from leukonet.result import FieldResult
from leukowatch.errors import LeukowatchError


class Refused(LeukowatchError):
    """A field that gave no result; its image is to be quarantined.

    Args:
        reason: one machine-readable word.
        detail: a sentence for people.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class Returned(LeukowatchError):
    """A field given back unread because the pool stopped; its image stays in the inbox."""


Answer = FieldResult | Refused | Returned
Deliver = Callable[[Answer], None]


class Pool(Protocol):
    """What the daemon asks of workers, here or on other machines."""

    restarts: int
    """Workers that died or hung since the start."""
    answered: int
    """Looks that ended, well or not, since the start."""

    @property
    def workers(self) -> int:
        """Fields that can be looked at at the same time, at least 1."""

    def prove(self) -> None:
        """Raise a `LeukonetError` where the networks do not see a synthetic field as they should."""

    def in_hand(self) -> int:
        """Fields that were given and have no answer yet."""

    def submit(self, data: bytes, deliver: Deliver, place: Path) -> None:
        """Have one field looked at; `deliver` is called once with the answer, mostly in another thread."""

    def check(self) -> None:
        """Raise `WorkersFail` where there is no hope of answers."""

    def stop(self, seconds: float) -> None:
        """Take nothing more, wait for what is in hand, and give back what is not done by then; may be repeated."""
