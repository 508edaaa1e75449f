"""Raises a pale stain towards the usual one, before the networks look.

Beer and Lambert: a dye's optical density grows with its amount, so less dye takes the same factor from the density of
every pixel, and a camera's gamma does. A field tells that factor by its densest parts, a cell by its nucleus, the one
thing that every white cell has. Networks that never saw so pale a smear find and name more of its cells then.
"""

import numpy as np

from leukonet.colour import Colour, Pixels, planes
from leukonet.preprocessing import BACKGROUND

NUCLEUS = 0.6
"""Optical density (natural logarithm, mean of the channels) below which a nucleus is pale. Medians over training cells:
PBC 1.1, BCCD 0.4, Chula 0.3."""
FIELD = 0.4
"""The like of a field's `DENSEST`. Medians over training fields: PBC and TXL-PBC 0.9, BCCD 0.3, Chula 0.2."""
DARKEST = 0.9
"""A nucleus is as dense as the pixel that is darker than this share of the cell's box, per channel."""
DENSEST = 0.97
"""A field is as dense as the pixel that is denser than this share of it."""
FAINTEST_NUCLEUS, FAINTEST_FIELD = 0.05, 0.1
"""Densities below these are noise, and are raised no further."""
EVERY = 4
"""A field's density is told by every so many of its rows and columns."""

_DENSITY: Colour = np.log(BACKGROUND / np.maximum(np.arange(256, dtype=np.float32), 1))
"""Optical density of each level, below 0 of what is lighter than the ground."""


def raise_cell(crop: Pixels, share: float, part: float) -> Pixels:
    """Raise a crop whose cell is pale; give any other as it is.

    Args:
        crop: `(side, side, 3)` uint8, its background at `BACKGROUND`.
        share: of the side that the cell's box takes, in the middle.
        part: of the way to the usual, in the logarithm of the density, 0 to 1.
    """
    if not part:
        return crop
    rim = round((1 - share) / 2 * len(crop))
    return _raised(crop, nucleus(crop[rim : len(crop) - rim, rim : len(crop) - rim]), NUCLEUS, part)


def raise_field(canvas: Pixels, part: float) -> Pixels:
    """Raise a field whose stain is pale; give any other as it is.

    Args:
        canvas: `(height, width, 3)` uint8, its background at `BACKGROUND`, and what the field does not fill.
        part: as of `raise_cell`.
    """
    return _raised(canvas, _of_field(canvas), FIELD, part) if part else canvas


def nucleus(cell: Pixels) -> float:
    """Optical density of a cell's nucleus, the mean of its channels, `FAINTEST_NUCLEUS` or more.

    Args:
        cell: `(height, width, 3)` uint8, the cell's box, its background at `BACKGROUND`.
    """
    flat = cell.reshape(-1, 3)
    place = int((1 - DARKEST) * len(flat))
    return max(FAINTEST_NUCLEUS, float(_DENSITY[np.partition(flat, place, axis=0)[place]].mean()))


def _of_field(canvas: Pixels) -> float:
    """Optical density of a field, `FAINTEST_FIELD` or more."""
    red, green, blue = planes(canvas[::EVERY, ::EVERY])
    filled = (red != BACKGROUND) | (green != BACKGROUND) | (blue != BACKGROUND)
    if not filled.any():
        return FIELD
    density = ((_DENSITY[red] + _DENSITY[green] + _DENSITY[blue]) / np.float32(3))[filled]
    place = int(DENSEST * len(density))
    return max(FAINTEST_FIELD, float(np.partition(density, place)[place]))


def _raised(picture: Pixels, density: float, usual: float, part: float) -> Pixels:
    if density >= usual:
        return picture
    gain = (usual / density) ** part
    levels = np.minimum(BACKGROUND * np.exp(-gain * _DENSITY) + 0.5, 255).astype(np.uint8)
    return np.take(levels, picture)
