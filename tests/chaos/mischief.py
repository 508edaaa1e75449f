"""What goes wrong during a run, each kind in a thread of its own, at times that the seed chose."""

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from random import Random

import psutil

from chaos.disk import Place
from chaos.keeping import Keeper

LONGEST_PAUSE, LONGEST_SPELL = 3.0, 4.0
"""Seconds that a process stands still, and that a disk is full; far below `inbox.truncated_seconds`."""
_DAEMONS = 0.45
"""Share of kills and pauses that meet the service itself, not a worker."""
_PATIENCE = 60.0


class Mischief:
    """Kills, pauses, disk-full spells and renames of slide folders.

    Args:
        place: the disks and the inbox.
        keeper: of the service.
        seed: of the run.
    """

    def __init__(self, place: Place, keeper: Keeper, seed: int) -> None:
        self.done: Counter[str] = Counter()
        """How often each thing was done."""
        self.failure: BaseException | None = None
        self._place, self._keeper, self._seed = place, keeper, seed
        self._threads: list[threading.Thread] = []

    def start(self, seconds: float, kills: int) -> None:
        """Begin; everything happens within `seconds`, or a little later where victims are missing."""
        kinds = {
            "kill": (self._kill, kills),
            "pause": (self._pause, kills // 3 + 1),
            "spell": (self._spell, kills // 5 + 1),
            "rename": (self._rename, kills // 2 + 1),
        }
        for name, (act, count) in kinds.items():
            rng = Random(f"{self._seed} {name}")
            times = sorted(rng.uniform(0, seconds) for _ in range(count))
            thread = threading.Thread(target=self._run, args=(act, times, rng), name=name)
            self._threads.append(thread)
            thread.start()

    def wait(self) -> None:
        """Wait for the last of it, and leave nothing paused and no disk full."""
        for thread in self._threads:
            thread.join()

    def _run(self, act: Callable[[Random], None], times: list[float], rng: Random) -> None:
        begun = time.monotonic()
        try:
            for when in times:
                time.sleep(max(0.0, begun + when - time.monotonic()))
                act(rng)
        except BaseException as error:  # noqa: BLE001  the run must fail by it
            self.failure = error

    def _victim(self, rng: Random) -> tuple[str, psutil.Process]:
        """A process that runs, of the kind that the seed wants."""
        kind = "daemon" if rng.random() < _DAEMONS else "worker"
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            service = self._keeper.service()
            found = self._keeper.workers() if kind == "worker" else [service] if service else []
            if found:
                return kind, rng.choice(found)
            time.sleep(0.05)
        raise TimeoutError(f"no {kind} ran for {_PATIENCE:g} s")

    def _kill(self, rng: Random) -> None:
        kind, victim = self._victim(rng)
        try:
            victim.kill()
        except psutil.NoSuchProcess:
            return self._kill(rng)
        self.done[f"kills of {kind}"] += 1
        with suppress(psutil.NoSuchProcess):  # a second signal to it would be no kill
            while victim.status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.01)
        return None

    def _pause(self, rng: Random) -> None:
        kind, victim = self._victim(rng)
        with suppress(psutil.NoSuchProcess):
            victim.suspend()
            self.done[f"pauses of {kind}"] += 1
            time.sleep(rng.uniform(0.1, LONGEST_PAUSE))
            victim.resume()

    def _spell(self, rng: Random) -> None:
        disk = rng.choice(self._place.disks)
        try:
            disk.fill()
            self.done["disk-full spells"] += 1
            time.sleep(rng.uniform(0.5, LONGEST_SPELL))
        finally:
            disk.empty()

    def _rename(self, rng: Random) -> None:
        """Rename a slide's folder in the inbox, full or empty, to a name that nobody used."""
        folders = sorted(_folders(self._place))
        if not folders:
            return
        old = rng.choice(folders)
        number = self.done["renames of folders"]
        with suppress(FileNotFoundError):
            (self._place.inbox / old).rename(self._place.inbox / f"{old.partition('r')[0]}r{number}")
            self.done["renames of folders"] += 1


def _folders(place: Place) -> Iterator[str]:
    with os.scandir(place.inbox) as entries:
        yield from (entry.name for entry in entries if entry.is_dir())
