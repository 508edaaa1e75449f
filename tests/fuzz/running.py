"""Runs batches of cases in processes of their own and notices what crashes, hangs or trespasses."""

import math
import os
import select
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from fuzz.targets import SHARES

BATCH = 200
DEADLINE = 60.0
"""Seconds of processor time that one case may take; also those in which a batch gets ready."""
STILL = 10
"""Times as long is waited by the clock for a case that uses no processor: on a busy machine it has its turn late."""
_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""Where homes are made: no case is about waiting for a disk."""


@dataclass(slots=True)
class Findings:
    """What came of a run."""

    outcomes: dict[str, Counter[str]] = field(default_factory=dict)
    """By target."""
    bad: list[str] = field(default_factory=list)
    """Crashes, hangs and trespasses, each with the case that repeats it."""
    slowest: float = 0.0
    """Longest case in seconds, on a machine that does other things too."""
    megabytes: int = 0
    """Largest resident memory of a process."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, target: str, seed: int, line: str, seconds: float) -> int:
        """Take in one line of a batch; give the number of the case behind it, 0 where it tells of none."""
        word, _, outcome = line.partition(" ")
        with self.lock:
            if word == "memory":
                self.megabytes = max(self.megabytes, int(outcome))
                return 0
            self.slowest = max(self.slowest, seconds)
            self.outcomes[target]["BAD" if outcome.startswith("BAD") else outcome] += 1
            if outcome.startswith("BAD"):
                self.bad.append(f"{target} {seed} {word}: {outcome}")
            return int(word) + 1


def run(
    cases: int,
    seed: int,
    processes: int,
    only: Sequence[str] = tuple(SHARES),
    seconds: float = math.inf,
) -> Findings:
    """Run a number of cases in all, spread over the targets by their shares, for a time.

    Args:
        cases: at most, in all.
        seed: of the mutations.
        processes: that work at once.
        only: the targets.
        seconds: after which no further batch is begun; however far it comes, each target has its share.
    """
    findings = Findings({target: Counter() for target in only})
    end = time.monotonic() + seconds

    def batch(target: str, first: int, count: int) -> None:
        if time.monotonic() < end:
            _batch(findings, seed, target, first, count)

    with ThreadPoolExecutor(processes) as pool:
        for done in [pool.submit(batch, *each) for each in batches(cases, only)]:
            done.result()
    return findings


def batches(cases: int, only: Sequence[str]) -> list[tuple[str, int, int]]:
    """Give target, first case and number of cases of each batch, all targets going forward side by side."""
    total = sum(SHARES[target] for target in only)
    counts = {target: round(cases * SHARES[target] / total) for target in only}
    made = [
        (target, first, min(BATCH, counts[target] - first))
        for target in only
        for first in range(0, counts[target], BATCH)
    ]
    return sorted(made, key=lambda batch: batch[1] / counts[batch[0]])


def _batch(findings: Findings, seed: int, target: str, first: int, count: int) -> None:
    """Run one batch; where a case ends its process, go on behind it."""
    end = first + count
    while first < end:
        with tempfile.TemporaryDirectory(prefix="leukowatch-fuzz-", dir=_MEMORY) as folder:
            reached = _attempt(findings, seed, target, first, end - first, Path(folder) / "home")
            strangers = sorted(path.name for path in Path(folder).iterdir() if path.name != "home")
        with findings.lock:
            if strangers:
                findings.bad.append(f"{target} {seed} {first}..{reached}: files beside the home: {strangers}")
        first = reached


def _attempt(findings: Findings, seed: int, target: str, first: int, count: int, home: Path) -> int:
    """Run cases in one process; give the number of the first that was not run."""
    home.mkdir()
    number, wrong = first, ""
    with subprocess.Popen(
        [sys.executable, "-m", "fuzz.batch", target, *map(str, (seed, first, count)), home],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            for line, seconds in _lines(process):
                number = findings.note(target, seed, line, seconds) or number
        except TimeoutError:
            wrong = f"hangs for more than {DEADLINE:g} s"
            process.kill()
    if not wrong and (process.returncode or number < first + count):
        wrong = f"ended its process with code {process.returncode}"
    if wrong:
        with findings.lock:
            findings.bad.append(f"{target} {seed} {number}: {wrong}")
    return number + 1 if wrong else first + count


def _lines(process: "subprocess.Popen[bytes]") -> Iterator[tuple[str, float]]:
    """Give a batch's lines with the seconds that each took, until it ends.

    Raises:
        TimeoutError: one takes longer than the deadline.
    """
    assert process.stdout is not None
    pending, since, used = b"", time.monotonic(), 0.0
    while time.monotonic() - since < STILL * DEADLINE and _used(process.pid) - used < DEADLINE:
        if not select.select([process.stdout], [], [], DEADLINE / 4)[0]:
            continue
        block = os.read(process.stdout.fileno(), 1 << 16)
        if not block:
            return
        *lines, pending = (pending + block).split(b"\n")
        now = time.monotonic()
        for line in lines:
            yield line.decode(), now - since
            since, used = now, _used(process.pid)
    raise TimeoutError


def _used(pid: int) -> float:
    """Seconds of processor time that a process and those below it have used."""
    with suppress(psutil.NoSuchProcess):
        own = psutil.Process(pid)
        return sum(sum(each.cpu_times()[:2]) for each in [own, *own.children(recursive=True)])
    return 0.0
