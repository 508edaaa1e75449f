"""A backlog that the service finds at its start: fields a second, processor time a field and memory, tenth by tenth.

Flat is what does not change from the first tenth to the last, nor from a small backlog to a large one. The processor
time tells of growth also where other programs take their share of the machine.
Run: `python bench/backlog.py [--sizes 1000 10000 100000]`; a size of 100,000 takes 2 GB of disk and most of an hour.
"""

import argparse
import os
import statistics
import tempfile
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from service import drop, memory, pictures, processor_seconds, require_all, running, wait_for

TENTHS = 10


@dataclass(frozen=True, slots=True)
class Mark:
    """The service at one moment."""

    fields: int
    """That have a committed row."""
    seconds: float
    """Since READY."""
    processor: float
    """Seconds of all processes since READY."""
    megabytes: float
    """Of all processes, proportional."""


@dataclass(frozen=True, slots=True)
class Tenth:
    """A tenth of a backlog; or several, where one commit passed them together."""

    number: int
    """From 1."""
    rate: float
    """Fields a second."""
    milliseconds: float
    """Of the processor, a field."""
    megabytes: float
    """At its end."""


def watched(size: int) -> tuple[float, list[Mark]]:
    """Have a service work a backlog off.

    Returns:
        Seconds from the start to READY, and marks: one at READY, then one at the first commit past each tenth.
    """
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        files, _ = pictures(size)
        drop(files, home / "inbox" / "BENCH")
        started = time.perf_counter()
        with running(home, ANALYSIS__WORKERS="2") as process:
            ready, spent = time.perf_counter(), processor_seconds(process.pid)
            marks = [Mark(0, 0.0, 0.0, memory(process.pid))]
            while len(marks) <= TENTHS:
                found = wait_for(home, size * len(marks) // TENTHS)
                seconds, used = time.perf_counter() - ready, processor_seconds(process.pid) - spent
                marks.append(Mark(found, seconds, used, memory(process.pid)))
        require_all(home, size)
        return ready - started, marks


def tenths(marks: list[Mark]) -> list[Tenth]:
    """What happened between each two marks; fields are committed in groups, so a mark is seldom right at its tenth."""
    return [
        Tenth(
            number,
            (two.fields - one.fields) / (two.seconds - one.seconds),
            1000 * (two.processor - one.processor) / (two.fields - one.fields),
            two.megabytes,
        )
        for number, (one, two) in enumerate(pairwise(marks), 1)
        if two.fields > one.fields
    ]


def main() -> None:
    """Measure each size and print a table of its tenths."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000])
    for size in parser.parse_args().sizes:
        start, marks = watched(size)
        rows = tenths(marks)
        print(
            f"{size} files ({pictures(1)[1]}), 2 workers, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
        )
        print(f"{'':<10}{'fields/s':>10}{'ms a field':>12}{'MB':>8}")
        print(f"{'at READY':<10}{'':>10}{'':>12}{marks[0].megabytes:8.0f}")
        for row in rows:
            print(f"{f'tenth {row.number}':<10}{row.rate:10.1f}{row.milliseconds:12.2f}{row.megabytes:8.0f}")
        print(f"READY after {start:.2f} s; all {size} counted at {size / marks[-1].seconds:.1f} fields/s")
        for what, figures in (
            ("fields/s", [row.rate for row in rows]),
            ("ms", [row.milliseconds for row in rows]),
        ):
            middle = statistics.median(figures)
            low, high = 100 * min(figures) / middle - 100, 100 * max(figures) / middle - 100
            print(f"{what}: {low:+.0f}% to {high:+.0f}% of the median of the tenths")


if __name__ == "__main__":
    main()
