"""Finds nucleus and cell in a classifier's crop by Otsu's threshold, as programs did before networks."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from leukonet.colour import Pixels
from leukonet.preprocessing import BACKGROUND, CONTEXT
from leukonet.training.outline import otsu

Mask = npt.NDArray[np.bool_]

SMALLEST_PIECE = 0.004
"""A piece of nucleus is at least this share of the crop: what is smaller is a granule or a platelet."""
REACH = 1.1
"""The cell lies within this many half sides of its box from the crop's centre; what lies beyond is a neighbour."""


@dataclass(frozen=True, slots=True)
class Segments:
    """A crop's pixels, parted."""

    nucleus: Mask
    """`(height, width)`; empty where nothing is stained."""
    cell: Mask
    """The same, nucleus and cytoplasm."""

    @property
    def cytoplasm(self) -> Mask:
        """The cell without its nucleus."""
        return self.cell & ~self.nucleus


def densities(view: Pixels) -> npt.NDArray[np.float64]:
    """Optical density of red, green and blue, about 0 where the background shines through."""
    return -np.log((view + 1.0) / (BACKGROUND + 1.0))


def segment(view: Pixels) -> Segments:
    """Part a crop into nucleus, cytoplasm and what is neither.

    Red light passes red cells and is absorbed by stained nuclei, so the red channel shows the nucleus; every part of
    a white cell absorbs green light. Each is parted by its own threshold (Otsu, IEEE SMC-9, 1979), the cytoplasm from
    what else is near the nucleus.

    Input shape:
        `view` is `(side, side, 3)`, the box in its middle.
    """
    density = ndimage.gaussian_filter(densities(view), (1, 1, 0))
    near = _disk(view.shape[0])
    red, green = density[..., 0], density[..., 1]
    nucleus = _nucleus(red > otsu(red[near]), near)
    around = near & ~ndimage.binary_dilation(nucleus, iterations=2)  # the blurred rim is neither
    stained = (near & (green > otsu(green[around]))) | nucleus
    return Segments(nucleus, ndimage.binary_fill_holes(_touching(stained, nucleus)))


def _disk(side: int) -> Mask:
    """What belongs to the cell at the crop's centre, if it is about round."""
    away = np.arange(side) - (side - 1) / 2
    return np.hypot(away[:, None], away) <= REACH * side / CONTEXT / 2


def _nucleus(dark: Mask, near: Mask) -> Mask:
    """The dark pieces that are large and lie in the cell's reach for the greater part."""
    labels, count = ndimage.label(ndimage.binary_opening(dark))
    pieces = np.arange(1, count + 1)
    sizes = ndimage.sum_labels(np.ones_like(labels), labels, pieces)
    inside = ndimage.sum_labels(near, labels, pieces)
    kept = pieces[(sizes >= SMALLEST_PIECE * dark.size) & (inside > sizes / 2)]
    return np.isin(labels, kept) & near


def _touching(stained: Mask, nucleus: Mask) -> Mask:
    """The stained pieces that hold a part of the nucleus."""
    labels, _ = ndimage.label(stained)
    return np.isin(labels, np.unique(labels[nucleus]))
