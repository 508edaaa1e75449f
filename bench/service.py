"""What several benchmarks share: a running service, its memory, files to drop, spread of figures."""

import os
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from leukonet.phantom import field_bytes

PATIENCE = 300.0
"""Seconds without anything new after which a benchmark gives up."""
RUN = (sys.executable, "-m", "leukowatch", "run")


@contextmanager
def running(home: Path, program: Sequence[str] = RUN, **settings: str) -> Iterator["subprocess.Popen[bytes]"]:
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
            program,
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
    """Fields that have a committed row; in a fresh home the newest one's id, which needs no counting."""
    return _asked(home, "SELECT coalesce(max(id), 0) FROM field")


def require_all(home: Path, fields: int) -> None:
    """End with an error where not exactly so many different files have a field, counted one by one."""
    found = _asked(home, "SELECT count(DISTINCT sha256) FROM field")
    if found != fields:
        raise SystemExit(f"{found} fields for {fields} files: nothing is reported")


def _asked(home: Path, question: str) -> int:
    try:
        with closing(
            sqlite3.connect(f"file:{home / 'leukowatch.db'}?mode=ro", uri=True, timeout=10)
        ) as store:
            return int(store.execute(question).fetchone()[0])
    except sqlite3.OperationalError:  # not made yet
        return 0


def wait_for(home: Path, fields: int, meanwhile: Callable[[], None] = lambda: None) -> int:
    """Wait until so many fields have rows, and give how many have; end with an error where none comes for long."""
    found, end = -1, 0.0
    while (now := counted(home)) < fields:
        if now != found:
            found, end = now, time.monotonic() + PATIENCE
        if time.monotonic() > end:
            raise SystemExit(
                f"{found} of {fields} fields, and no more in {PATIENCE:g} s: nothing is reported"
            )
        meanwhile()
        time.sleep(0.05)  # a look at the store costs half a millisecond of the processor
    return now


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


def processor_seconds(pid: int) -> float:
    """Processor time of a process and all below it, in seconds; other programs' load changes it little."""
    ticks = 0
    for each in tree(pid):
        with suppress(FileNotFoundError):  # ended meanwhile, as the program that lists them
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def pictures(count: int) -> tuple[Iterator[bytes], str]:
    """BCCD's fields where `LEUKOWATCH_DATA` has them, else phantoms, each a distinct file by a JPEG comment.

    Returns:
        `count` files, made one by one, and a word on what they are.
    """
    folder = Path(os.environ.get("LEUKOWATCH_DATA", "data")) / "bccd" / "images"
    real = [path.read_bytes() for path in sorted(folder.glob("*.jpg"))]
    some = real or [field_bytes(seed) for seed in range(min(count, 20))]
    made = (commented(some[number % len(some)], f"copy {number}") for number in range(count))
    return made, "BCCD's fields, 640 x 480" if real else "phantoms, 640 x 480"


def commented(jpeg: bytes, text: str) -> bytes:
    """A JPEG with a comment after its first marker: other bytes, the same picture."""
    comment = text.encode()
    return jpeg[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + jpeg[2:]


def drop(files: Iterable[bytes], folder: Path, start: int = 0) -> None:
    """Put files into a slide's folder as a microscope does: written aside, then renamed in."""
    let_in(staged(files, folder, start))


def staged(files: Iterable[bytes], folder: Path, start: int = 0) -> Iterator[tuple[Path, Path]]:
    """Write files aside in a slide's folder, and give each one's path and the one that it is to have."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(files, start):
        part = folder / f".{number}.tmp"
        part.write_bytes(data)
        yield part, folder / f"field-{number:06}.jpg"


def let_in(written: Iterable[tuple[Path, Path]]) -> None:
    """Give files that were `staged` the names that they are to have."""
    for aside, place in written:
        aside.rename(place)


def told(figures: Sequence[float], digits: int = 2) -> str:
    """Median and range."""
    low, high = min(figures), max(figures)
    return f"{statistics.median(figures):.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"
