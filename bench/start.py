"""How soon the service is ready, and how much memory it takes at rest.

Rival: the same Python importing TensorFlow and doing nothing else, which is where a service on Keras starts.
Run: `python bench/start.py [--runs 5]`; needs the `train` extra for the rival.
"""

import argparse
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REST_SECONDS = 3.0
"""After READY the service is left alone this long before its memory is read."""


def tree(pid: int) -> list[int]:
    """Process ids of a process and of all below it."""
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [pid] + [each for child in listed.stdout.split() for each in tree(int(child))]


def proportional(pid: int) -> float:
    """Megabytes of a process, pages shared with others counted in part (PSS)."""
    rows = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(row.split()[1]) for row in rows if row.startswith("Pss:")) / 1024


def service(home: Path) -> tuple[float, float]:
    """Seconds from the start of `leukowatch run` to READY, and megabytes of all its processes at rest."""
    address = f"\0leukowatch-bench-{os.getpid()}-{time.monotonic_ns()}"
    environment = {
        **os.environ,
        "LEUKOWATCH_HOME": str(home),
        "LEUKOWATCH_ANALYSIS__WORKERS": "2",
        "NOTIFY_SOCKET": "@" + address[1:],
    }
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(address)
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "leukowatch", "run"],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while b"READY=1" not in channel.recv(4096):
            pass
        seconds = time.perf_counter() - started
        time.sleep(REST_SECONDS)
        megabytes = sum(proportional(pid) for pid in tree(process.pid))
        process.send_signal(signal.SIGTERM)
        process.wait()
    return seconds, megabytes


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
