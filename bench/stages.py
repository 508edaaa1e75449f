"""Where the time goes in a burst: each stage's share of the time of the daemon's two threads and of the workers.

Every process looks at its own threads a hundred times a second and says what they are at (`sampled.py`); the service's
code is as it is. A thread that waits for the interpreter or the disk amid a stage counts as being at that stage.
Run: `python bench/stages.py [--files 1000] [--workers 2]`.
"""

import argparse
import json
import os
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from sampled import WHERE
from service import drop, pictures, processor_seconds, require_all, running, wait_for

GROUPS = ("taker", "writer", "helpers", "workers")
"""Threads by what they are for; the helpers are those of libraries: pool, watch, timers."""
STAGES = ("hash", *WHERE, "other", "idle")


class Heard(threading.Thread):
    """Collects what the processes say of themselves, until `close`."""

    def __init__(self, address: str) -> None:
        super().__init__(daemon=True)
        self._channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._channel.bind("\0" + address)
        self._said: list[tuple[str, float, list[tuple[str, str, int]]]] = []
        self.start()

    def run(self) -> None:
        """Listen."""
        while said := self._channel.recv(1 << 16):
            self._said.append(tuple(json.loads(said)))

    def samples(self, begin: float, end: float) -> dict[str, Counter[str]]:
        """Group → stage → looks, of the reports between two moments of the monotonic clock.

        Raises:
            SystemExit: the daemon or a worker fell silent meanwhile.
        """
        if {role for role, at, _ in self._said if at > end} != {"daemon", "worker"}:
            raise SystemExit("a process stopped telling where its threads are: nothing is reported")
        found: dict[str, Counter[str]] = {group: Counter() for group in GROUPS}
        for role, at, rows in self._said:
            if begin <= at <= end:
                for thread, stage, number in rows:
                    found[_group(role, thread)][stage] += number
        return found


def _group(role: str, thread: str) -> str:
    if role == "daemon":
        return {"MainThread": "taker", "writer": "writer"}.get(thread, "helpers")
    return "workers" if thread == "MainThread" else "helpers"


def measured(files: int, workers: int) -> tuple[dict[str, Counter[str]], float, float]:
    """Have a burst counted.

    Returns:
        The looks, the burst's seconds, and the processor's seconds of all processes.
    """
    address = f"leukowatch-stages-{os.getpid()}-{time.monotonic_ns()}"
    heard = Heard(address)
    program = [sys.executable, str(Path(__file__).with_name("sampled.py"))]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        os.environ["BENCH_SAMPLES"] = address
        with running(home, program, ANALYSIS__WORKERS=str(workers)) as process:
            spent, begun = processor_seconds(process.pid), time.monotonic()
            drop(pictures(files)[0], home / "inbox" / "BENCH")
            wait_for(home, files)
            seconds, spent = time.monotonic() - begun, processor_seconds(process.pid) - spent
            time.sleep(2.0)  # the last report of each process
        require_all(home, files)
    return heard.samples(begun + 1, begun + max(seconds, 2.0)), seconds, spent


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    found, seconds, spent = measured(asked.files, asked.workers)
    print(
        f"{pictures(1)[1]}; {asked.files} files, {asked.workers} workers, {os.cpu_count()} cores, load "
        f"{os.getloadavg()[0]:.1f}: {asked.files / seconds:.1f} fields/s, {1000 * spent / asked.files:.1f} ms of the "
        "processor a field"
    )
    print(f"{'% of the time of':<24}" + "".join(f"{group:>10}" for group in GROUPS))
    looks = {group: sum(stages.values()) or 1 for group, stages in found.items()}
    for stage in STAGES:
        shares = (100 * found[group][stage] / looks[group] for group in GROUPS)
        print(f"{stage:<24}" + "".join(f"{share:10.1f}" for share in shares))
    print(f"{'looks':<24}" + "".join(f"{sum(found[group].values()):10}" for group in GROUPS))


if __name__ == "__main__":
    main()
