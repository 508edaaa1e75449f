"""A field's own light: the colour of its background, which lamp, condenser and camera let vary over the field."""

from functools import lru_cache, reduce
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from leukonet.colour import BACKGROUND_QUANTILE, LIT, LOWEST_WHITE, Colour, Pixels, white_point
from leukonet.result import Box

TILES = 12
"""The background is looked for in this many tiles across and down; a cell fills a few of them, a smear all."""
TILE = 10
"""Pixels across a tile that are looked at."""
LEAST_TILES = 0.4
"""Share of the tiles that must be lit: a smaller view tells no slope of the light."""
STIFFNESS = (0.0, 5e-4, 5e-4, 1e-3, 1e-3, 1e-3, 4e-3, 4e-3, 4e-3)
"""Ridge on each term of the surface, per tile: steeper shapes need more evidence. Chosen on the training parts, where
Chula's background becomes even and the middle of PBC's single cells keeps its density."""
ROUNDS = 6
"""Times that the surface is fitted, tiles below it counting less each time."""
TOLERANCE = 0.12
"""Optical density by which a tile may be darker than the surface and still count half; more where all tiles scatter."""
ON_SURFACE = 0.05
"""Optical density by which a tile of the background differs from the surface at most, in every channel."""
LEAST_ON_SURFACE = 0.6
"""Share of the lit tiles that must be such: a surface that fewer lie on follows a cell that fills the picture
(`leukonet train light`)."""
MESH = 16
"""The surface is evaluated on this many points across and down, and drawn smoothly between them."""
STRIP = 16
"""Rows that are drawn by one product of matrices: a larger one is shared out among threads, which workers on all cores
pay for."""


class Light(NamedTuple):
    """The background's colour at every place of a field."""

    terms: npt.NDArray[np.float64]
    """`(9, 3)`: weights of `_shapes` in the natural logarithm of red, green and blue, 0 to 255."""

    def over(self, window: Box, size: tuple[int, int]) -> Colour:
        """Draw the background of a part of the field.

        Args:
            window: the part, in units of the field's width and height: 0 to 1.
            size: `(width, height)` to draw it at.

        Returns:
            `(height, width, 3)` float32 levels, from `LOWEST_WHITE` to 255.
        """
        width, height = size
        x = window.xmin + (window.xmax - window.xmin) * _STEPS
        y = window.ymin + (window.ymax - window.ymin) * _STEPS
        levels = np.exp(_shapes(2 * x - 1, 2 * y[:, None] - 1) @ self.terms)
        mesh = np.clip(levels, LOWEST_WHITE, 255).astype(np.float32)
        across = _between(width).reshape(-1, len(_STEPS))[:width] @ mesh
        drawn: Colour = (_between(height) @ across.reshape(len(_STEPS), -1)).reshape(-1, width, 3)[:height]
        return np.clip(drawn, LOWEST_WHITE, 255, out=drawn)  # rounding leads out of them by a hair


@lru_cache(maxsize=64)
def _between(length: int) -> Colour:
    """Weights that draw a line of so many pixels between the points of the mesh: `(strips, STRIP, MESH + 2)`."""
    count = -(-length // STRIP) * STRIP
    places = (np.arange(count) + 0.5) / length * MESH + 0.5
    weights: Colour = np.maximum(0, 1 - np.abs(places[:, None] - np.arange(MESH + 2))).astype(np.float32)
    return weights.reshape(-1, STRIP, MESH + 2)


def even_light(field: Pixels) -> Light:
    """Take one colour for the whole field: its `white_point`."""
    terms = np.zeros((len(STIFFNESS), 3))
    terms[0] = np.log(white_point(field))
    return Light(terms)


def measure_light(field: Pixels, least_on_surface: float = LEAST_ON_SURFACE) -> Light:
    """Fit a smooth surface to the background of a field.

    Each tile's background is the level that a tenth of its pixels exceed. A fourth-degree surface in optical
    density goes through them; a tile that is darker than the surface holds a cell and counts less in the next round.

    Args:
        field: `(height, width, 3)` uint8 RGB; a thumbnail will do.
        least_on_surface: share of the lit tiles, 0 to 1.

    Returns:
        The surface; one colour for all where too few tiles are lit, or lie on it.
    """
    side = TILES * TILE
    thumb = np.asarray(Image.fromarray(field).resize((side, side), Image.Resampling.NEAREST), np.uint8)
    tiles = thumb.reshape(TILES, TILE, TILES, TILE, 3).swapaxes(1, 2).reshape(TILES**2, TILE**2, 3)
    channels = (tiles[..., channel] for channel in range(3))
    lit = (reduce(np.maximum, channels) >= LIT).mean(axis=1) > 1 / 2
    if lit.mean() < LEAST_TILES:
        return even_light(field)
    place = round(BACKGROUND_QUANTILE * TILE**2)
    levels = tiles[lit].swapaxes(1, 2).astype(np.int32, order="C")  # the type that numpy orders fastest
    brightest = np.partition(levels, place, axis=2)[..., place]
    shapes, logs = _CENTRES[lit], np.log(np.maximum(brightest, LOWEST_WHITE))
    terms = _surface(shapes, logs)
    on_surface = np.abs(logs - shapes @ terms).max(axis=1) <= ON_SURFACE
    return Light(terms) if on_surface.mean() >= least_on_surface else even_light(field)


def _surface(shapes: npt.NDArray[np.float64], logs: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Weights of the shapes that fit the tiles' logarithms `(n, 3)`, dark tiles counting little."""
    ridge = np.diag(STIFFNESS) * len(shapes)
    weights = np.ones(len(shapes))
    for _ in range(ROUNDS):
        weighted = (shapes * weights[:, None]).T
        terms = np.linalg.solve(weighted @ shapes + ridge, weighted @ logs)
        darker = (logs - shapes @ terms).min(axis=1)
        scatter = 3 * _median(np.abs(darker - _median(darker)))
        weights = (1 + (np.minimum(darker, 0) / max(TOLERANCE, scatter)) ** 2) ** -2
    return np.asarray(terms)


def _median(values: npt.NDArray[np.float64]) -> float:
    """`np.median` of one axis, without its preparations, which cost more than the rest of a round."""
    ordered = np.sort(values)
    return float(ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def _shapes(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """`(..., 9)`: level, slope, bowl and the vignette's fourth degree, at places from -1 to 1."""
    r = x * x + y * y
    drawn = np.empty((*r.shape, len(STIFFNESS)))
    for term, shape in enumerate((1, x, y, x * x, x * y, y * y, x * r, y * r, r * r)):
        drawn[..., term] = shape
    return drawn


_STEPS = (np.arange(-1, MESH + 1) + 0.5) / MESH
"""Where the points of the mesh lie, of a window's side: one more on either side of it."""
_MIDDLES = (2 * np.arange(TILES) + 1) / TILES - 1
_CENTRES = _shapes(*np.meshgrid(_MIDDLES, _MIDDLES)).reshape(TILES**2, -1)
"""The shapes at the middle of each tile, row by row."""
