"""What several benchmarks share: a running service, its memory, files to drop, spread of figures."""

import os
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from leukonet.phantom import field_bytes

PATIENCE = 600.0
"""Seconds after which a benchmark gives up waiting."""


@contextmanager
def running(home: Path, **settings: str) -> Iterator["subprocess.Popen[bytes]"]:
    """`leukowatch run` on a home, from READY until the block is left; settings as `ANALYSIS__WORKERS="2"`."""
    address = f"\0leukowatch-bench-{os.getpid()}-{time.monotonic_ns()}"
    variables = {f"LEUKOWATCH_{key}": value for key, value in settings.items()}
    environment = {
        **os.environ,
        **variables,
        "LEUKOWATCH_HOME": str(home),
        "NOTIFY_SOCKET": "@" + address[1:],
    }
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(address)
        channel.settimeout(PATIENCE)
        process = subprocess.Popen(
            [sys.executable, "-m", "leukowatch", "run"],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            while b"READY=1" not in channel.recv(4096):
                pass
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def counted(home: Path) -> int:
    """Fields that have a committed row."""
    try:
        with closing(
            sqlite3.connect(f"file:{home / 'leukowatch.db'}?mode=ro", uri=True, timeout=10)
        ) as store:
            return int(store.execute("SELECT count(*) FROM field").fetchone()[0])
    except sqlite3.OperationalError:  # not made yet
        return 0


def wait_for(home: Path, fields: int) -> None:
    """Wait until so many fields have rows."""
    end = time.monotonic() + PATIENCE
    while (found := counted(home)) < fields:
        if time.monotonic() > end:
            raise SystemExit(f"{found} of {fields} fields counted within {PATIENCE:g} s: nothing is reported")
        time.sleep(0.01)


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


def memory(pid: int) -> float:
    """Megabytes of a process and all below it."""
    return sum(proportional(each) for each in tree(pid))


def pictures(count: int) -> tuple[list[bytes], str]:
    """BCCD's fields where `LEUKOWATCH_DATA` has them, else phantoms, each a distinct file by a JPEG comment.

    Returns:
        `count` files, and a word on what they are.
    """
    folder = Path(os.environ.get("LEUKOWATCH_DATA", "data")) / "bccd" / "images"
    real = [path.read_bytes() for path in sorted(folder.glob("*.jpg"))]
    some = real or [field_bytes(seed) for seed in range(20)]
    made = [commented(some[number % len(some)], f"copy {number}") for number in range(count)]
    return made, "BCCD's fields, 640 x 480" if real else "phantoms, 640 x 480"


def commented(jpeg: bytes, text: str) -> bytes:
    """A JPEG with a comment after its first marker: other bytes, the same picture."""
    comment = text.encode()
    return jpeg[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + jpeg[2:]


def drop(files: Sequence[bytes], folder: Path, start: int = 0) -> None:
    """Put files into a slide's folder as a microscope does: written aside, then renamed in."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(files, start):
        part = folder / f".{number}.tmp"
        part.write_bytes(data)
        part.rename(folder / f"field-{number:06}.jpg")


def told(figures: Sequence[float], digits: int = 2) -> str:
    """Median and range."""
    low, high = min(figures), max(figures)
    return f"{statistics.median(figures):.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"
