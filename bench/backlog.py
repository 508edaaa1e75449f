"""A backlog that the service finds at its start: fields a second, processor time a field and memory, tenth by tenth.

Flat is what does not change from the first tenth to the last, nor from a small backlog to a large one. The processor
time tells of growth also where other programs take their share of the machine; and where the machine itself is lent
quicker and slower, that time beside a bare look's: every second this program looks at one picture, with no service.
Run: `python bench/backlog.py [--sizes 1000 10000 100000] [--burst 500]`; a size of 100,000 takes 2 GB of disk and
twenty minutes. With `--burst` there is no backlog: so many files come at once, when those before are counted.
Rows come as the tenths do.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path

from service import drop, memory, pictures, processor_seconds, require_all, running, wait_for

from leukonet.analysis import analyse
from leukonet.bundle import DEFAULT, load_bundle

TENTHS = 10
SLIDE = Path("inbox", "BENCH")


@dataclass(frozen=True, slots=True)
class Mark:
    """The service at one moment."""

    fields: int
    """That have a committed row."""
    seconds: float
    """Since the start."""
    processor: float
    """Seconds of all processes since READY."""
    bare: float
    """Seconds of the processor that a bare look took meanwhile, the median."""
    megabytes: float
    """Of all processes, proportional."""


class Bare:
    """Looks at one picture now and then, in this process, from memory."""

    def __init__(self) -> None:
        self._data, self._bundle = next(pictures(1)[0]), load_bundle(DEFAULT)
        self._took: list[float] = []
        self._next = 0.0
        analyse(self._data, self._bundle)  # opens the networks

    def look(self) -> None:
        """Look, unless the last look is not a second ago."""
        if time.monotonic() >= self._next:
            begun = time.process_time()
            analyse(self._data, self._bundle)
            self._took.append(time.process_time() - begun)
            self._next = time.monotonic() + 1.0

    def median(self) -> float:
        """Seconds of the processor a look since this was last asked; one look at least."""
        if not self._took:
            self._next = 0.0
            self.look()
        took, self._took = self._took, []
        return statistics.median(took)


@dataclass(frozen=True, slots=True)
class Tenth:
    """A tenth of a backlog; or several, where one commit passed them together."""

    number: int
    """From 1."""
    rate: float
    """Fields a second."""
    milliseconds: float
    """Of the processor, a field."""
    looks: float
    """The same, in bare looks."""
    megabytes: float
    """At its end."""


def watched(size: int, burst: int) -> Iterator[Mark]:
    """Have a service work a backlog off, or bursts: a mark at READY, then one at the first commit past each tenth."""
    with tempfile.TemporaryDirectory() as folder:
        home, bare = Path(folder), Bare()
        files = pictures(size)[0]
        if not burst:
            drop(files, home / SLIDE)
        started = time.perf_counter()
        with running(home, ANALYSIS__WORKERS="2") as process:
            ready, spent = time.perf_counter() - started, processor_seconds(process.pid)
            yield Mark(0, ready, 0.0, bare.median(), memory(process.pid))
            found = 0
            for goal in (size * tenth // TENTHS for tenth in range(1, TENTHS + 1)):
                if burst:
                    in_bursts(files, home, found, goal, burst)
                found = wait_for(home, goal, bare.look)
                seconds, used = time.perf_counter() - started, processor_seconds(process.pid) - spent
                yield Mark(found, seconds, used, bare.median(), memory(process.pid))
        require_all(home, size)


def in_bursts(files: Iterator[bytes], home: Path, begin: int, end: int, burst: int) -> None:
    """Drop the files of these numbers, so many at once, each burst when the one before is counted."""
    for start in range(begin, end, burst):
        some = min(burst, end - start)
        drop(islice(files, some), home / SLIDE, start)
        wait_for(home, start + some)


def tenths(marks: Iterable[Mark]) -> Iterator[Tenth]:
    """What happened between each two marks; fields are committed in groups, so a mark is seldom right at its tenth."""
    for number, (one, two) in enumerate(pairwise(marks), 1):
        if two.fields > one.fields:
            rate = (two.fields - one.fields) / (two.seconds - one.seconds)
            seconds = (two.processor - one.processor) / (two.fields - one.fields)
            yield Tenth(number, rate, 1000 * seconds, seconds / two.bare, two.megabytes)


def measure(size: int, burst: int) -> None:
    """Print the tenths, each when it is done, then how flat they were."""
    print(
        f"{size} files ({pictures(1)[1]}), 2 workers, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    )
    print(f"{'':<10}{'fields/s':>10}{'ms a field':>12}{'bare looks':>12}{'MB':>8}")
    marks: list[Mark] = []

    def noted() -> Iterator[Mark]:
        for mark in watched(size, burst):
            if not marks:
                print(f"{'at READY':<10}{'':>34}{mark.megabytes:8.0f}", flush=True)
            marks.append(mark)
            yield mark

    rows = []
    for row in tenths(noted()):
        print(
            f"{f'tenth {row.number}':<10}{row.rate:10.1f}{row.milliseconds:12.2f}{row.looks:12.2f}{row.megabytes:8.0f}",
            flush=True,
        )
        rows.append(row)
    ready, end = marks[0].seconds, marks[-1].seconds
    print(f"READY after {ready:.2f} s; all {size} counted at {size / (end - ready):.1f} fields/s")
    for what, figures in (
        ("fields/s", [row.rate for row in rows]),
        ("ms", [row.milliseconds for row in rows]),
        ("bare looks", [row.looks for row in rows]),
    ):
        print(f"{what}: {spread(figures)}")


def spread(figures: list[float]) -> str:
    """How far the least and the greatest are from the median; a tenth too short for the processor's clock has 0."""
    middle = statistics.median(figures)
    if not middle:
        return "too few files to tell"
    low, high = 100 * min(figures) / middle - 100, 100 * max(figures) / middle - 100
    return f"{low:+.0f}% to {high:+.0f}% of the median of the tenths"


def main() -> None:
    """Measure each size."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--burst", type=int, default=0)
    asked = parser.parse_args()
    for size in asked.sizes:
        measure(size, asked.burst)


if __name__ == "__main__":
    main()
