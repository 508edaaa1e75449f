"""How long one field of 640x480 with one cell takes: light, canvas, locating, crop and naming, decoding aside.

Rival: the paper's network on the whole picture, in Keras, float32, on one thread; it names one cell and finds none.
Run: `python bench/field.py [--runs 200]`, pinned to one core by itself; needs the `train` extra for the rival.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable

import numpy as np

from leukonet.analysis import analyse
from leukonet.bundle import DEFAULT, load_bundle
from leukonet.decode import decode
from leukonet.field import SIZE
from leukonet.phantom import field_bytes

WARM = 20
"""Runs that do not count."""


def milliseconds(work: Callable[[], object], runs: int) -> list[float]:
    """Time of each run."""
    for _ in range(WARM):
        work()
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        times.append((time.perf_counter() - started) * 1000)
    return times


def rival() -> Callable[[], object]:
    """The paper's network on one whole picture."""
    os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["TF_NUM_INTEROP_THREADS"] = "1"
    from leukonet.training import networks  # noqa: PLC0415  TensorFlow: only after the threads are set

    model = networks.paper()
    picture = np.zeros((1, SIZE[1], SIZE[0], 3), np.uint8)
    return lambda: model.predict_on_batch(picture)


def told(name: str, times: list[float]) -> str:
    """Median and spread of a row."""
    low, *_, high = statistics.quantiles(times, n=20)
    return f"{name:<44}{statistics.median(times):8.2f}{low:8.2f}{high:8.2f}"


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--bundle", default=DEFAULT)
    asked = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    bundle, data = load_bundle(asked.bundle), field_bytes(1)
    whole = milliseconds(lambda: analyse(data, bundle), asked.runs)
    decoding = milliseconds(lambda: decode(data), asked.runs)
    theirs = milliseconds(rival(), asked.runs)
    ours = statistics.median(whole) - statistics.median(decoding)
    print(f"{asked.runs} runs on one core, {len(analyse(data, bundle).cells)} cell located; milliseconds")
    print(f"{'':<44}{'median':>8}{'5%':>8}{'95%':>8}")
    print(told(f"{bundle.name}, decoding and all", whole))
    print(told("decoding", decoding))
    print(f"{bundle.name + ', decoding aside':<44}{ours:8.2f}")
    print(told("rival: the paper's network, Keras float32", theirs))
    print(f"ratio rival / ours, decoding aside: {statistics.median(theirs) / ours:.2f}")


if __name__ == "__main__":
    main()
