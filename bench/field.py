"""How long one field of 640x480 with one cell takes, stage by stage: its light, the judgement of it, its cell.

Rival: the paper's network on the whole picture, in Keras, float32, on one thread; it names one cell and finds none.
Run: `python bench/field.py [--runs 200]`, pinned to one core by itself; needs the `train` extra for the rival.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable

import numpy as np
from service import pictures

from leukonet.analysis import analyse, open_networks
from leukonet.assess import why_not_assessable
from leukonet.bundle import DEFAULT, Bundle, load_bundle
from leukonet.classify import name_at
from leukonet.decode import decode
from leukonet.field import SIZE
from leukonet.tiles import locate_field
from leukonet.views import on_canvas

WARM = 20
"""Runs that do not count."""
LOOKED_AT = 40
"""Fields among which the one with one cell is searched."""


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


def stages(data: bytes, bundle: Bundle) -> dict[str, Callable[[], object]]:
    """What is done to a field with one cell, one after the other, and the whole."""
    image = decode(data)
    canvas = on_canvas(image)
    locator, classifier = open_networks(bundle)
    (place,) = locate_field(locator, canvas, image, bundle.cell_threshold)
    return {
        "decode": lambda: decode(data),
        "canvas and light": lambda: on_canvas(image),
        "assess": lambda: why_not_assessable(canvas, image.size),
        "locate": lambda: locate_field(locator, canvas, image, bundle.cell_threshold),
        "classify": lambda: name_at(bundle, classifier, image, canvas.light, *place),
        "all of it": lambda: analyse(data, bundle),
    }


def rival() -> Callable[[], object]:
    """The paper's network on one whole picture."""
    os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["TF_NUM_INTEROP_THREADS"] = "1"
    from leukonet.training import networks  # noqa: PLC0415  TensorFlow: only after the threads are set

    model = networks.paper()
    picture = np.zeros((1, SIZE[1], SIZE[0], 3), np.uint8)
    return lambda: model.predict_on_batch(picture)


def row(name: str, times: list[float]) -> str:
    """Median and spread."""
    low, *_, high = statistics.quantiles(times, n=20)
    return f"{name:<44}{statistics.median(times):8.2f}{low:8.2f}{high:8.2f}"


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--bundle", default=DEFAULT)
    asked = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    bundle = load_bundle(asked.bundle)
    files, kind = pictures(LOOKED_AT)
    data = next((each for each in files if len(analyse(each, bundle).cells) == 1), None)
    if data is None:
        raise SystemExit(
            f"none of {LOOKED_AT} of {kind} has exactly one cell by {bundle.name}: nothing is measured"
        )
    times = {name: milliseconds(work, asked.runs) for name, work in stages(data, bundle).items()}
    theirs = milliseconds(rival(), asked.runs)
    print(f"{bundle.name}: one of {kind}, with one cell, on one core; milliseconds of {asked.runs} runs")
    print(f"{'':<44}{'median':>8}{'5%':>8}{'95%':>8}")
    for name, each in times.items():
        print(row(name, each))
    usual = {name: statistics.median(each) for name, each in times.items()}
    aside = usual["all of it"] - usual["decode"]
    print(f"{'locate and classify':<44}{usual['locate'] + usual['classify']:8.2f}")
    print(f"{'decoding aside':<44}{aside:8.2f}")
    print(row("rival: the paper's network, Keras float32", theirs))
    print(f"ratio rival / ours, decoding aside: {statistics.median(theirs) / aside:.2f}")


if __name__ == "__main__":
    main()
