"""Finds the outline of the one cell in the middle of a picture, for sets that give a class and no box."""

import numpy as np
from PIL import Image
from scipy import ndimage

from leukonet.preprocessing import BACKGROUND
from leukonet.result import Box
from leukonet.views import on_canvas, pixels

CYTOPLASM = 1.3
"""The nucleus' box is widened by this factor: stained cytoplasm is found only in part."""
SMALLEST, LARGEST = 0.22, 0.95
"""A central cell's box, as a share of the picture's side, is kept within these."""


def central_box(image: Image.Image) -> Box:
    """Box of the stained cell nearest the centre of an RGB picture.

    Red light passes red cells and is absorbed by stained nuclei, so Otsu's threshold (IEEE SMC-9, 1979)
    on the red channel's optical density parts the white cell from the rest.
    """
    canvas = on_canvas(image)
    width, height = (round(length * canvas.scale) for length in image.size)
    red = pixels(canvas.image)[:height, :width, 0].astype(np.float32)
    density = ndimage.gaussian_filter(-np.log((red + 1) / (BACKGROUND + 1)), 2)
    labels, count = ndimage.label(density > otsu(density))
    if not count:
        return Box(image.width * 0.25, image.height * 0.25, image.width * 0.75, image.height * 0.75)
    box = _nearest(labels, (height / 2, width / 2), 0.02 * width * height)
    x, y = box.centre
    side = box.longer * CYTOPLASM
    half = min(max(side, SMALLEST * min(width, height)), LARGEST * min(width, height)) / 2
    inside = (max(0.0, x - half), max(0.0, y - half), min(width, x + half), min(height, y + half))
    limits = (image.width, image.height) * 2
    return Box(*(min(corner / canvas.scale, limit) for corner, limit in zip(inside, limits, strict=True)))


def otsu(values: np.ndarray) -> float:
    """Threshold that best parts an array's values into two groups; above every value where all are alike."""
    if np.ptp(values) == 0:
        return float("inf")
    counts, edges = np.histogram(values, 128)
    middles = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * middles)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return float(middles[np.nanargmax(between)])


def _nearest(labels: np.ndarray, centre: tuple[float, float], enough: float) -> Box:
    """Box of the pieces that belong to the central cell: the nearest large one and what lies close to it."""
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    large = np.flatnonzero(sizes >= min(enough, sizes.max()))
    middles = np.array(ndimage.center_of_mass(labels > 0, labels, large))
    distance = np.hypot(*(middles - centre).T)
    near = large[distance <= distance.min() + 0.12 * min(labels.shape)]
    rows, columns = np.nonzero(np.isin(labels, near))
    return Box(float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1))
