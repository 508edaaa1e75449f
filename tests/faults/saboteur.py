"""Leukowatch with a fault built in: run by Python in the place of `-m leukowatch`.

It is the same program in the same processes. Workers are spawned, and import this file as the daemon runs it, so
that a fault reaches them too. What goes wrong is said by variables of the environment:

    SABOTAGE_KILL=MOMENT     the daemon is killed by SIGKILL at a moment, one of `MOMENTS`
    SABOTAGE_CLOCK=FILE      the daemon's wall clock is wrong by the seconds that the file holds, whoever asks it
    SABOTAGE_SWAP=FILE       a field is replaced by this file between the look at it and its taking, by an empty one
                             it is only removed
    SABOTAGE_SQL=WORDS       the process is killed by SIGKILL before it runs a statement with these words

and by what follows the end of an image, which no decoder reads:

    segfault                 the worker reads at address 0
    hungry                   the worker takes memory until it is killed
    hang                     the worker never comes back
    gate:PATH                the worker says so by a file PATH.PID, and waits until there is a file of that path

A name with `explode` in it makes watchdog's handler of events raise.
"""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

PAGE = 1 << 20
MOMENTS = {
    "after claim": ("leukowatch.analysis.pool", "LocalPool", "submit", True),
    "after inference": ("leukowatch.service.writing", "Writer", "put", False),
    "between commit and move": ("leukowatch.inbox.filing", "Filer", "file_all", False),
    "before a copy": ("leukowatch.inbox.carrying", "Source", "renamed", True),
    "between copy and removal": ("leukowatch.inbox.carrying", "Source", "remove", False),
    "after move": ("leukowatch.store.ledger", "Ledger", "mark_filed", False),
}
"""Moment: module, class and method of the daemon, and whether the kill comes after the call or in its place."""


def poisoned(decode: Callable[..., Any]) -> Callable[..., Any]:
    """Give a decoder that does what the end of the image asks for."""

    def look(data: bytes, *arguments: Any) -> Any:
        if data.endswith(b"segfault"):
            ctypes.string_at(0)
        taken = []
        while data.endswith(b"hungry"):
            taken.append(bytearray(os.urandom(1) * PAGE))
        while data.endswith(b"hang"):
            time.sleep(1)
        _, gated, gate = data.rpartition(b"gate:")
        if gated:
            Path(f"{os.fsdecode(gate)}.{os.getpid()}").touch()
        while gated and not Path(os.fsdecode(gate)).exists():
            time.sleep(0.01)
        return decode(data, *arguments)

    return look


def kill_at(moment: str) -> None:
    """Have this process killed at a moment."""
    module, owner, name, after = MOMENTS[moment]
    place = getattr(import_module(module), owner)
    method = getattr(place, name)

    def killed(*arguments: Any, **named: Any) -> Any:
        if after:
            method(*arguments, **named)
        elif len(arguments) > 1 and not arguments[1]:  # nothing to move or to note, as at the start
            return method(*arguments, **named)
        os.kill(os.getpid(), signal.SIGKILL)
        return None

    setattr(place, name, killed)


class AnyDatetime(type):
    """Class of a class of which every date and time is an instance."""

    def __instancecheck__(cls, instance: object) -> bool:
        """Whether it is a date and time at all."""
        return isinstance(instance, datetime)


def wrong_clock(file: Path) -> None:
    """Let the wall clock be wrong by what the file says, for all modules that are imported from now on."""
    true_time = time.time

    def wrong() -> float:
        return true_time() + float(file.read_text())

    class Wrong(datetime, metaclass=AnyDatetime):
        """A date and time by the wrong clock."""

        @classmethod
        def now(cls, tz: Any = None) -> Any:
            """Tell the wrong time."""
            moment = datetime.fromtimestamp(0, UTC) + timedelta(seconds=wrong())
            return moment.astimezone(tz) if tz else moment.astimezone().replace(tzinfo=None)

    time.time = wrong
    time.time_ns = lambda: round(wrong() * 1e9)
    sys.modules["datetime"].datetime = Wrong  # type: ignore[attr-defined]


def swap_before_taking(content: Path) -> None:
    """Replace the first file that is looked at by another, under its name, before it is opened again."""
    taking: Any = import_module("leukowatch.service.taking")
    look = taking.look

    def looked(inbox: Path, relative: bytes, *arguments: Any) -> Any:
        seen = look(inbox, relative, *arguments)
        if content.exists() and content.stat().st_size:
            content.replace(inbox / os.fsdecode(relative))
        elif content.exists():
            content.unlink()
            (inbox / os.fsdecode(relative)).unlink()
        return seen

    taking.look = looked


def kill_before(words: str) -> None:
    """Have this process killed before it runs a statement with these words."""
    from sqlalchemy import Engine, event  # noqa: PLC0415  workers have no need of it

    def told(_connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
        if words in statement:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", told)


def explode() -> None:
    """Have the handler of events raise on some names."""
    observing: Any = import_module("leukowatch.inbox.observing")
    candidate = observing.is_candidate

    def is_candidate(relative: bytes) -> bool:
        if b"explode" in relative:
            raise RuntimeError("a fault of the handler")
        return bool(candidate(relative))

    observing.is_candidate = is_candidate


def main() -> None:
    """Build the daemon's faults in, then be `leukowatch`."""
    if os.environ.get("SABOTAGE_CLOCK"):  # before anybody has got hold of the right one
        wrong_clock(Path(os.environ["SABOTAGE_CLOCK"]))
    import leukowatch.service.daemon  # noqa: PLC0415  the modules to change
    from leukowatch.cli import main as leukowatch_main  # noqa: PLC0415

    assert leukowatch.service.daemon
    explode()
    for variable, build in (
        ("SABOTAGE_KILL", kill_at),
        ("SABOTAGE_SQL", kill_before),
        ("SABOTAGE_SWAP", lambda file: swap_before_taking(Path(file))),
    ):
        if os.environ.get(variable):
            build(os.environ[variable])
    leukowatch_main()


if __name__ == "__main__":
    main()
elif __name__ == "__mp_main__":
    import leukonet.analysis

    analysing: Any = leukonet.analysis
    analysing.decode = poisoned(analysing.decode)
