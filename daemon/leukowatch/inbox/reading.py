"""Reads a complete file for the workers, or says why none of them need see it."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from leukowatch.errors import ChangedWhileRead, FileTooLarge
from leukowatch.inbox.bounded import Wholeness
from leukowatch.inbox.intake import Look, identify, received, received_unread, take
from leukowatch.inbox.naming import printable
from leukowatch.setting_tables import InboxSettings
from leukowatch.store.outcome import Outcome, Received


@dataclass(frozen=True, slots=True)
class Readable:
    """A file that a worker is to look at."""

    received: Received
    data: bytes
    """Its whole content."""


def read(folder: Path, key: bytes, seen: Look, inbox: InboxSettings, now: datetime) -> Readable | Outcome:
    """Read a file that is to wait no longer.

    Args:
        folder: the inbox.
        key: raw path below it.
        seen: the look by which it was judged; what took its name since must be judged anew.
        inbox: in force.
        now: aware, UTC.

    Returns:
        The file, or the outcome of one that is refused for its size or its lack of an end.

    Raises:
        IntakeError: it cannot be taken now; the leaf says why.
    """
    try:
        arrival = take(folder, key, inbox.max_bytes, inbox.slide_pattern, now)
    except FileTooLarge as error:
        unread = received_unread(key, identify(folder, key), inbox.slide_pattern, now)
        return Outcome(unread, None, error.reason, str(error))
    if arrival.identity != seen.identity:
        raise ChangedWhileRead(f"{printable(key)}: replaced before it was opened; it is looked at anew")
    taken = received(arrival, now)
    flaw = _flaw(seen)
    return Outcome(taken, None, *flaw) if flaw else Readable(taken, arrival.data)


def _flaw(seen: Look) -> tuple[str, str] | None:
    """Reason and sentence for what needs no decoder to be refused."""
    if not seen.identity.size:
        return "empty", "the file has no bytes: have the microscope export it again"
    if seen.wholeness is Wholeness.CUT:
        return "truncated", "the image's end is missing: copy the file again"
    return None
