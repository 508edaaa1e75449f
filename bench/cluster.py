"""What a field costs on a cluster, beside the local pool, and how a cluster scales from one to two workers.

Every round runs three ways one after another on the same fields: the local pool with one worker, the cluster with one,
the cluster with two; scheduler and workers are processes of this machine, so the wire is loopback. What is compared are
ratios within a round.
Run: `python bench/cluster.py [--fields 200] [--rounds 5]`; needs the `cluster` extra.
"""

import argparse
import os
import queue
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service import PATIENCE

from leukonet.bundle import load_bundle
from leukonet.phantom import field_bytes
from leukonet.result import FieldResult
from leukowatch.analysis.answers import Pool
from leukowatch.analysis.cluster import ClusterPool
from leukowatch.analysis.pool import LocalPool
from leukowatch.console.logs import configure_logs

AHEAD = 3
"""Fields in hand for each worker, as in the service."""
LIMITS = {"deadline": 60.0, "attempts": 3, "max_pixels": 100_000_000, "memory_megabytes": 2500}
WAYS = ("local, 1 worker", "cluster, 1 worker", "cluster, 2 workers")


@contextmanager
def cluster() -> Iterator[str]:
    """A scheduler on loopback; gives its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = str(listener.getsockname()[1])
    command = ["dask", "scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard"]
    with process(command):
        yield f"tcp://127.0.0.1:{port}"


@contextmanager
def process(command: list[str]) -> Iterator[None]:
    """A program of this Python, told to stop at the end."""
    started = subprocess.Popen(
        [sys.executable, "-m", *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        started.terminate()
        started.wait(60)


def seconds_per_field(pool: Pool, fields: list[bytes], workers: int) -> float:
    """Time of the fields through a pool, warm, with as many in hand as the service has."""
    answers: queue.SimpleQueue[object] = queue.SimpleQueue()
    place = Path(os.devnull)
    for data in fields[: 2 * workers]:  # each worker opens its networks
        pool.submit(data, answers.put, place)
    for _ in fields[: 2 * workers]:
        answers.get(timeout=PATIENCE)
    while pool.workers < workers:
        time.sleep(0.1)
    for data in fields[:8]:
        pool.submit(data, answers.put, place)
    for _ in fields[:8]:
        answers.get(timeout=PATIENCE)
    waiting, got = iter(fields), 0
    started = time.perf_counter()
    for data in [next(waiting) for _ in range(min(AHEAD * workers, len(fields)))]:
        pool.submit(data, answers.put, place)
    while got < len(fields):
        answer = answers.get(timeout=PATIENCE)
        assert isinstance(answer, FieldResult), answer
        got += 1
        data = next(waiting, None)
        if data is not None:
            pool.submit(data, answers.put, place)
    return (time.perf_counter() - started) / len(fields)


def one_round(fields: list[bytes]) -> list[float]:
    """Seconds a field, each of the ways once."""
    bundle = load_bundle()
    local = LocalPool(bundle, bundle.name, workers=1, **LIMITS)
    times = [seconds_per_field(local, fields, 1)]
    local.stop(1)
    for workers in (1, 2):
        with (
            cluster() as address,
            process(["leukowatch", "worker", address, "--workers", str(workers), "--bundle", bundle.name]),
        ):
            pool = ClusterPool(bundle, bundle.name, address, by_path=False, **LIMITS)
            times.append(seconds_per_field(pool, fields, workers))
            pool.stop(1)
    return times


def told(name: str, values: list[float], unit: str) -> str:
    """Median and range."""
    return f"{name:<44}{statistics.median(values):8.2f} ({min(values):.2f} to {max(values):.2f}) {unit}"


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fields", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    configure_logs("error", terminal=False)
    fields = [field_bytes(seed) for seed in range(min(12, asked.fields))]
    fields = [fields[number % len(fields)] for number in range(asked.fields)]
    rounds = [one_round(fields) for _ in range(asked.rounds)]
    size = statistics.mean(map(len, fields)) / 1000
    load = os.getloadavg()[0]
    print(
        f"{asked.rounds} rounds of {asked.fields} phantoms of {size:.0f} kB on {os.cpu_count()} cores, load {load:.1f}"
    )
    for way, times in zip(WAYS, zip(*rounds, strict=True), strict=True):
        print(told(way, [1000 * each for each in times], "ms a field"))
    print(told("cluster over local, 1 worker each", [one / here for here, one, _ in rounds], ""))
    print(told("one worker over two: the speed-up", [one / two for _, one, two in rounds], "of 2"))


if __name__ == "__main__":
    main()
