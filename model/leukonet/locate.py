"""Finds the white cells of a field: peaks of the locator's map, each with a box."""

from typing import NamedTuple

import numpy as np

from leukonet.bundle import LOCATOR
from leukonet.colour import Pixels
from leukonet.network import Network, Scores
from leukonet.pale import raise_field
from leukonet.preprocessing import CANVAS
from leukonet.result import Box
from leukonet.views import Canvas, pixels

STRIDE = 8
"""Canvas pixels a step of the locator's grid."""
SIZE_UNIT = 64.0
"""Canvas pixels that a size output of 0 stands for; each unit more doubles it."""
MOST_OVERLAP = 0.4
"""Of two boxes that overlap more than this (intersection over union), the less certain one goes."""
MOST_CELLS = 200
"""Peaks looked at on one canvas."""
OUTPUTS = 5


class Located(NamedTuple):
    """A place where the locator sees a cell."""

    box: Box
    """In the field's pixels, inside the field."""
    score: float
    """0 to 1."""


class Locator(Network):
    """The locator's network, its shape checked.

    Args:
        content: of its file.
        raised: how far the stain of pale fields is raised before it sees them, 0 to 1.
    """

    def __init__(self, content: bytes, raised: float) -> None:
        super().__init__(content, LOCATOR, (CANVAS, CANVAS), OUTPUTS)
        self._raised = raised

    def __call__(self, image: Pixels) -> Scores:
        """The map of a canvas, as `peaks` takes it.

        Raises:
            BundleDamaged, BadScores: as `Network`.
        """
        return super().__call__(raise_field(image, self._raised))


def locate(network: Network, canvas: Canvas, size: tuple[int, int], threshold: float) -> list[Located]:
    """Find cells.

    Args:
        network: the bundle's `Locator`.
        canvas: the field drawn small.
        size: `(width, height)` of the field in pixels.
        threshold: least score, 0 to 1.

    Returns:
        Cells from the most certain to the least.
    """
    found = peaks(network(pixels(canvas.image)), threshold)
    boxes = [Located(box.scaled(1 / canvas.scale).clipped(size), score) for box, score in found]
    return without_overlap([place for place in boxes if place.box.area > 0])


def peaks(scores: Scores, threshold: float) -> list[tuple[Box, float]]:
    """Decode the locator's map `(rows, columns, 5)` to boxes on the canvas, the most certain first.

    The map holds, for each grid cell, the logit of a centre, its offset in x and y in strides,
    and the base-2 logarithms of width and height over `SIZE_UNIT`.
    """
    logit = scores[..., 0]
    score = np.exp(-np.logaddexp(0, -logit))
    chosen = np.argwhere((score >= threshold) & (logit == _greatest_around(logit)))
    found = []
    for row, column in sorted(chosen.tolist(), key=lambda place: -logit[*place])[:MOST_CELLS]:
        _, dx, dy, wide, high = map(float, scores[row, column])
        x, y = (column + 0.5 + dx) * STRIDE, (row + 0.5 + dy) * STRIDE
        half_width, half_height = SIZE_UNIT * 2**wide / 2, SIZE_UNIT * 2**high / 2
        box = Box(x - half_width, y - half_height, x + half_width, y + half_height)
        found.append((box, float(score[row, column])))
    return found


def _greatest_around(logit: Scores) -> Scores:
    """The greatest of each place of the grid and its neighbours."""
    rimmed = np.full((logit.shape[0] + 2, logit.shape[1] + 2), -np.inf, logit.dtype)
    rimmed[1:-1, 1:-1] = logit
    rows = np.maximum(np.maximum(rimmed[:-2], rimmed[2:]), rimmed[1:-1])
    greatest: Scores = np.maximum(np.maximum(rows[:, :-2], rows[:, 2:]), rows[:, 1:-1])
    return greatest


def without_overlap(places: list[Located]) -> list[Located]:
    """Keep of every overlapping pair the one that comes first."""
    kept: list[Located] = []
    for place in places:
        if all(place.box.overlap(other.box) <= MOST_OVERLAP for other in kept):
            kept.append(place)
    return kept
