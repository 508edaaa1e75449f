"""How soon the service is ready, and how much memory it takes at rest.

Rival: the same Python importing TensorFlow and doing nothing else, which is where a service on Keras starts.
Run: `python bench/start.py [--runs 5] [--before CHECKOUT]`; needs the `train` extra for the rival.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import NamedTuple

from service import RUN, memory, processor_seconds, running, told

REST_SECONDS = 3.0
"""After READY the service is left alone this long before its memory is read."""


class Start(NamedTuple):
    """What one start cost."""

    seconds: float
    """From the process' start to READY, or to its end."""
    processor: float
    """Seconds of the processor until then, workers and all."""
    megabytes: float


def service(home: Path, program: tuple[str, ...] = RUN) -> Start:
    """Start `leukowatch run`, and leave it alone for a while."""
    started = time.perf_counter()
    with running(home, program, ANALYSIS__WORKERS="2") as process:
        seconds = time.perf_counter() - started
        processor = processor_seconds(process.pid)
        time.sleep(REST_SECONDS)
        return Start(seconds, processor, memory(process.pid))


def rival() -> Start:
    """Import TensorFlow."""
    code = "import tensorflow; print(open('/proc/self/smaps_rollup').read())"
    started, before = time.perf_counter(), os.times()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, after = time.perf_counter() - started, os.times()
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    pss = next(row for row in done.stdout.splitlines() if row.startswith("Pss:"))
    return Start(seconds, processor, int(pss.split()[1]) / 1024)


def another(checkout: Path) -> tuple[str, ...]:
    """The program as it is in another checkout."""
    return ("env", f"PYTHONPATH={checkout / 'daemon'}:{checkout / 'model'}", *RUN)


def main() -> None:
    """Start each in turn and print medians, ranges and ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--before", type=Path, help="another checkout, to be compared with")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        starts = {"leukowatch run, 2 workers": partial(service, Path(folder) / "ours")}
        if asked.before:
            program = another(asked.before.absolute())
            starts["the other checkout"] = partial(service, Path(folder) / "other", program)
        for make_the_database in starts.values():
            make_the_database()  # not counted
        starts["import tensorflow"] = partial(rival)
        rounds = [{name: start() for name, start in starts.items()} for _ in range(asked.runs)]
    print(f"{'':<28}{'seconds':>22}{'of the processor':>22}{'MB':>22}")
    for name in starts:
        seconds, processor, megabytes = zip(*(each[name] for each in rounds), strict=True)
        print(f"{name:<28}{told(seconds):>22}{told(processor):>22}{told(megabytes, 0):>22}")
    ours, *others = starts
    for name in others:
        ratios = [each[ours].seconds / each[name].seconds for each in rounds]
        print(f"seconds, ours over {name}: {told(ratios)}")


if __name__ == "__main__":
    main()
