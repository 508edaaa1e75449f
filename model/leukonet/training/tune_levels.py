"""Shows how well rules for the magnification of large fields do, on fields made of training pictures."""

from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

import numpy as np
from PIL import Image

from leukonet.analysis import open_networks
from leukonet.bundle import Bundle
from leukonet.magnification import RULE, Look, Rule, best_level
from leukonet.phantom import render_field
from leukonet.result import Box
from leukonet.tiles import looks
from leukonet.training.datasets import TRAINING_PARTS, read_dataset
from leukonet.training.detection import Detections, Found
from leukonet.training.mosaics import LARGEST, Scene, enlarged, largest_mosaics, scene, tiled
from leukonet.views import on_canvas

SETS = ("bccd", "chula", "txl_pbc")
"""Sets that box their cells; what may be trained on is looked at."""
ZOOMS = (2.0, 3.5, 5.0)
"""Enlargements of single fields: a few cells in great detail."""
EACH = 3
"""Fields of each kind from each set."""
TRIED = {
    "plausible": (0.2, 0.3, 0.4),
    "doubt": (0.3, 0.4, 0.5),
    "smallest": (8.0, 10.0, 12.0),
    "largest": (110.0, 130.0, 150.0),
    "gain": (0.6, 1.2, 2.0),
    "well_seen": (18.0, 22.0, 28.0),
}
SHOWN = 10


def tune(data: Path, bundle: Bundle, seed: int) -> Iterator[str]:
    """Judge every rule that can be made of `TRIED`, and the one that ships.

    Args:
        data: folder of the labelled sets.
        bundle: of kind `locate-classify`.
        seed: of the fields that are made.

    Yields:
        What was looked at, a head, the line of the rule that ships, and those of the best.

    Raises:
        DataError: data are missing.
    """
    locator, _ = open_networks(bundle)
    least = min(TRIED["plausible"])
    looked: list[tuple[tuple[Box, ...], list[Look]]] = []
    for image, truth in large_fields(data, seed):
        looked.append((truth, list(looks(locator, on_canvas(image), image, least))))
    yield f"{len(looked)} fields, {sum(len(truth) for truth, _ in looked)} cells"
    sides = f"{'smallest':>10}{'largest':>9}"
    yield f"{'plausible':>10}{'doubt':>7}{sides}{'gain':>6}{'well seen':>11}{'found':>7}{'false':>7}"
    yield _line(RULE, _judge(RULE, looked, bundle.cell_threshold)) + "  ships"
    rules = [Rule(*values) for values in product(*TRIED.values())]
    judged = [(rule, _judge(rule, looked, bundle.cell_threshold)) for rule in rules]
    for rule, figures in sorted(judged, key=lambda one: one[1][1] - one[1][0])[:SHOWN]:
        yield _line(rule, figures)


def large_fields(data: Path, seed: int) -> Iterator[Scene]:
    """Mosaics and enlargements of training pictures, and phantoms at several magnifications."""
    random = np.random.default_rng(seed)
    for name in SETS:
        labelled = [field for field in read_dataset(data, name, TRAINING_PARTS[name]) if field.cells]
        wholes = [scene(labelled[index]) for index in random.permutation(len(labelled))[:40]]
        size = wholes[0].image.size
        wholes = [whole for whole in wholes if whole.image.size == size]
        for number in range(EACH):
            start = number * 9
            yield tiled(wholes[start : start + 4], 2, 2)
            yield tiled(wholes[start : start + 9], 3, 3)
            yield enlarged(wholes[number], ZOOMS[number % len(ZOOMS)])
        yield next(largest_mosaics(wholes * 4, LARGEST, random))
    for magnification, count in ((0.5, 12), (1.0, 12), (2.0, 6), (3.0, 3)):
        drawn = render_field(random, 3000, 2250, ["neutrophil"] * count, magnification=magnification)
        yield Scene(Image.fromarray(drawn.pixels), tuple(box for _, box in drawn.cells))


def _judge(
    rule: Rule, looked: Sequence[tuple[tuple[Box, ...], list[Look]]], threshold: float
) -> tuple[int, int]:
    """Labelled cells that are found and places that are none, over all fields."""
    found = false = 0
    for truth, levels in looked:
        places = [Found(*place) for place in best_level(levels, rule).places if place.score >= threshold]
        matched = Detections(truth, tuple(places), threshold, "", (1, 1)).matches()
        false += matched.count(None)
        found += len(matched) - matched.count(None)
    return found, false


def _line(rule: Rule, figures: tuple[int, int]) -> str:
    plausible, doubt, smallest, largest, gain, well_seen = rule
    found, false = figures
    sides = f"{smallest:>10.0f}{largest:>9.0f}"
    return f"{plausible:>10.2f}{doubt:>7.2f}{sides}{gain:>6.1f}{well_seen:>11.0f}{found:>7}{false:>7}"
