"""Workers that crash, starve or hang cost time; what they looked at is tried a bounded number of times."""

import json
import os
import signal
from pathlib import Path

import pytest

from faults.accounts import Account, counted, settled
from faults.memory import little_memory
from lab import Home, wait_until

pytestmark = pytest.mark.slow

SETTINGS = {"ANALYSIS__ATTEMPTS": "2", "ANALYSIS__DEADLINE_SECONDS": "8"}


def workers_of(pid: int) -> list[int]:
    """Process ids of a service's workers."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    found = [int(child) for child in children]
    return [child for child in found if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


def poisoned(home: Home, name: str, tries: int, reason: str, *good: str) -> Account:
    """Give the account where one file is poison, after this many tries, and the others are good."""
    card = json.loads((home.quarantine / "S" / f"{name}.json").read_text())
    assert f"{tries} tries" in card["error"]
    rows = {name: [f"quarantined: {reason}"]} | {each: ["counted"] for each in good}
    return Account(rows, archive=sorted(good), quarantine=[name], fields=len(good))


def dropped(home: Home, phantoms, end: bytes) -> None:
    """Drop a file that ends so, and three good ones around it."""
    (home.inbox / "S").mkdir()
    for number, tail in enumerate((b"", end, b"", b"")):
        (home.inbox / "S" / f"{number}.jpg").write_bytes(phantoms[number] + tail)


@pytest.mark.parametrize(("end", "reason"), [(b"segfault", "worker_lost"), (b"hang", "timed_out")])
def test_poison_is_quarantined_after_its_tries_and_stops_no_other(home, phantoms, end, reason):
    """A segmentation fault in a decoder, and one that never returns, at each try: the others are counted."""
    home._variables |= {f"LEUKOWATCH_{key}": value for key, value in SETTINGS.items()}
    with home.service() as process:
        dropped(home, phantoms, end)
        found = settled(home, "S", 4)
        code = home.stop(process)

    assert 0 == code
    assert poisoned(home, "1.jpg", 2, reason, "0.jpg", "2.jpg", "3.jpg") == found


def test_worker_killed_for_its_memory_stops_no_other(home, phantoms):
    """The kernel's own killer ends a worker that takes too much, at each try; daemon and others go on."""
    home._variables |= {"LEUKOWATCH_ANALYSIS__ATTEMPTS": "2"}
    with little_memory(900_000_000) as group, home.service(*group) as process:
        dropped(home, phantoms, b"hungry")
        found = settled(home, "S", 4)
        code = home.stop(process)

    assert 0 == code
    assert poisoned(home, "1.jpg", 2, "worker_lost", "0.jpg", "2.jpg", "3.jpg") == found


def test_workers_killed_at_work_and_at_rest_cost_no_field(home, phantoms, gate):
    """Killed from outside with a field in hand, and without: the field is looked at again and counts once."""
    (home.inbox / "S").mkdir()
    with home.service() as process:
        (home.inbox / "S" / "a.jpg").write_bytes(phantoms[0] + b"gate:" + os.fsencode(gate))
        [waiting] = wait_until(lambda: list(gate.parent.glob("gate.*")))
        os.kill(int(waiting.suffix[1:]), signal.SIGKILL)
        wait_until(lambda: len(list(gate.parent.glob("gate.*"))) == 2)
        gate.touch()
        first = settled(home, "S", 1)
        for worker in workers_of(process.pid):
            os.kill(worker, signal.SIGKILL)
        (home.inbox / "S" / "b.jpg").write_bytes(phantoms[1])
        second = settled(home, "S", 2)

    assert counted("a.jpg") == first
    assert counted("a.jpg", "b.jpg") == second
