"""Milliseconds from a file's drop to its committed row, on a service that has nothing else to do.

Rival: the same service with polling, one listing a second, which is how a folder without events is watched.
Run: `python bench/latency.py [--files 300] [--pause 1.0] [--slide 300]`; each slide is a new folder.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from service import PATIENCE, counted, drop, pictures, running


def latencies(files: list[bytes], pause: float, slide: int, **settings: str) -> list[float]:
    """Milliseconds of each file, in the order dropped, so many to a slide."""
    times = []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with running(home, **settings):
            for number, data in enumerate(files):
                time.sleep(pause)
                started = time.perf_counter()
                drop([data], home / "inbox" / f"BENCH-{number // slide}", number)
                while counted(home) <= number:
                    if time.perf_counter() - started > PATIENCE:
                        raise SystemExit(f"file {number} was not counted within {PATIENCE:g} s")
                    time.sleep(0.001)
                times.append((time.perf_counter() - started) * 1000)
    return times


def main() -> None:
    """Measure and print the quantiles."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=300)
    parser.add_argument("--pause", type=float, default=1.0, help="seconds between two files")
    parser.add_argument(
        "--slide", type=int, default=300, help="files to a slide, whose first makes its folder"
    )
    asked = parser.parse_args()
    made, what = pictures(asked.files)
    files = list(made)
    print(
        f"{what}; {asked.files} files, {asked.slide} a slide, one every {asked.pause:g} s; milliseconds to the row"
    )
    print(f"{'':<28}{'p50':>8}{'p95':>8}{'p99':>8}{'most':>8}")
    ours = latencies(files, asked.pause, asked.slide)
    some = files[: max(3, len(files) // 10)]
    polled = latencies(some, asked.pause, asked.slide, INBOX__POLLING="true", INBOX__RESCAN_SECONDS="1")
    for name, times in (("leukowatch run", ours), (f"rival: polling, {len(some)} files", polled)):
        cuts = statistics.quantiles(times, n=100, method="inclusive")
        print(f"{name:<28}{cuts[49]:8.1f}{cuts[94]:8.1f}{cuts[98]:8.1f}{max(times):8.1f}")
    ratio = statistics.median(polled) / statistics.median(ours)
    print(f"median, rival's over ours: {ratio:.1f}")


if __name__ == "__main__":
    main()
