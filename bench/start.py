"""How soon the service is ready, and how much memory it takes at rest.

Rival: the same Python importing TensorFlow and doing nothing else, which is where a service on Keras starts.
Run: `python bench/start.py [--runs 5]`; needs the `train` extra for the rival.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from service import memory, running

REST_SECONDS = 3.0
"""After READY the service is left alone this long before its memory is read."""


def service(home: Path) -> tuple[float, float]:
    """Seconds from the start of `leukowatch run` to READY, and megabytes of all its processes at rest."""
    started = time.perf_counter()
    with running(home, ANALYSIS__WORKERS="2") as process:
        seconds = time.perf_counter() - started
        time.sleep(REST_SECONDS)
        return seconds, memory(process.pid)


def rival() -> tuple[float, float]:
    """Seconds that `import tensorflow` takes, and megabytes afterwards."""
    code = "import tensorflow; print(open('/proc/self/smaps_rollup').read())"
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds = time.perf_counter() - started
    pss = next(row for row in done.stdout.splitlines() if row.startswith("Pss:"))
    return seconds, int(pss.split()[1]) / 1024


def main() -> None:
    """Measure both in turn and print medians, ranges and the ratio."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        service(Path(folder))  # makes the database; not counted
        for _ in range(runs):
            ours.append(service(Path(folder)))
            theirs.append(rival())
    for name, rows in (("leukowatch run, 2 workers", ours), ("import tensorflow", theirs)):
        seconds, megabytes = zip(*rows, strict=True)
        print(
            f"{name:<28} {statistics.median(seconds):6.2f} s ({min(seconds):.2f} to {max(seconds):.2f})"
            f"  {statistics.median(megabytes):6.0f} MB ({min(megabytes):.0f} to {max(megabytes):.0f})"
        )
    ratios = [mine[0] / other[0] for mine, other in zip(ours, theirs, strict=True)]
    print(
        f"seconds, ours over theirs: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
    )


if __name__ == "__main__":
    main()
