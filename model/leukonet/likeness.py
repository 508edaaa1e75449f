"""How like a smear a field looks: nine traits that a person could name, weighed together.

A smear is two dyes on an even, light ground: its hues are few, it is nowhere black, much of it is flat, and what is
not flat has soft round edges. No trait alone parts smears from photographs; in pairs they do.
"""

from typing import NamedTuple

import numpy as np

from leukonet.colour import Colour, Pixels, upper_quantile
from leukonet.preprocessing import BACKGROUND

GROUND = 0.12
"""A pixel of less than this mean optical density is ground; of more, stained."""
FLAT = 3.0
"""Grey levels: two neighbours that differ by less are flat."""
BLOCKS = 4
"""The field is parted into this many rows and columns of blocks, to see whether it is alike throughout."""
REACH = 4.0
"""Traits further than this many deviations from a smear's are taken as this far."""
SMALLEST = 2 * BLOCKS
"""Pixels of width and height from which on the traits can be measured."""
ABSORBANCE: Colour = -np.log((np.arange(256, dtype=np.float32) + 1) / np.float32(BACKGROUND + 1))
"""Optical density of each level, below 0 of what is lighter than the ground."""
DENSITY: Colour = np.maximum(ABSORBANCE, 0)
"""The same; 0 of what is lighter than the ground."""
BLACKEST = 1.6
"""Optical density from which on black is black."""
WITHOUT_GROUND = 30.0
"""Grey levels: told as the tints of a ground that is not there."""


class Traits(NamedTuple):
    """What is measured of a field."""

    light: float
    """Share of ground, 0 to 1."""
    black: float
    """Optical density that the darkest 1% of pixels reach in every channel. Nuclei are clear in one of them."""
    hues: float
    """How far the stained pixels differ in red against green, as a part of their density."""
    yellow: float
    """How much more blue than green the stain takes away, as a part of its density; below 0 for purple and pink."""
    flat: float
    """Share of neighbours that hardly differ, 0 to 1."""
    sharp: float
    """`assess.detail`: the sharpest edges, in grey levels."""
    fine: float
    """`assess.texture`: fine structure over coarse structure."""
    uneven: float
    """How far the blocks of the field differ, over how far its pixels do."""
    ground: float
    """How far the ground's pixels are tinted, in grey levels."""


CENTRE: tuple[float, ...] = (0.559, 0.421, 0.083, -0.219, 0.645, 2.667, -1.098, 0.444, 5.072)
SPREAD: tuple[float, ...] = (0.154, 0.244, 0.049, 0.139, 0.142, 0.518, 0.603, 0.144, 3.65)
WEIGHTS: tuple[tuple[float, ...], ...] = (
    (8.196, 0.823, 0.651, -0.131, -0.623, -0.374, -1.462, -1.176, 0.037, -0.128),
    (0.0, -0.48, 0.115, 0.208, 0.146, 0.246, -0.046, -0.295, -0.497, -0.34),
    (0.0, 0.0, -0.143, -0.057, 0.062, -0.079, -0.069, -0.357, -0.206, -0.189),
    (0.0, 0.0, 0.0, -0.353, 0.028, -0.244, -0.226, 0.12, 0.095, 0.266),
    (0.0, 0.0, 0.0, 0.0, -0.243, 0.033, -0.058, 0.233, -0.012, 0.22),
    (0.0, 0.0, 0.0, 0.0, 0.0, -0.998, -0.825, -0.631, 0.077, -0.129),
    (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -0.781, -0.089, 0.163, 0.357),
    (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -0.038, -0.163, 0.003),
    (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -0.262, 0.225),
    (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -0.275),
)
"""Printed by `leukonet train likeness`, in the order of `Traits`: mean and standard deviation of the terms in fields of
the training parts and phantoms, as they are and restained, and the weights of 1, each term and each product of two.
The limit lies where 0.6% of the restained fields fall below 0. Of the tuning list a picture of shapes passes, and a
cloud of noise so much like a smear by every trait that no weights refuse it (3.7)."""


def likeness(seen: Traits) -> float:
    """Weigh the traits: above 0 for a smear, the further the surer."""
    told = np.append(np.float32(1), standard(terms(seen)))
    return float(told @ np.array(WEIGHTS, np.float32) @ told)


def terms(seen: Traits) -> Colour:
    """The traits as they are weighed, `(9,)` float32: the ratios by their logarithm."""
    logs = {"sharp": np.log(seen.sharp + 0.01), "fine": np.log(seen.fine + 0.01)}
    return np.array(seen._replace(**logs), np.float32)


def standard(weighed: Colour) -> Colour:
    """Terms `(..., 9)` in deviations from those of smears."""
    far: Colour = np.clip(
        (weighed - np.array(CENTRE, np.float32)) / np.array(SPREAD, np.float32), -REACH, REACH
    )
    return far


def traits(channels: Pixels, levels: Colour, sharp: float, fine: float) -> Traits:
    """Measure a field, its background brought to `BACKGROUND`, at least `SMALLEST` wide and high.

    Args:
        channels: `(3, height, width)` uint8, of every second row and column.
        levels: its grey level, `(height, width)` float32.
        sharp: `assess.detail` of it.
        fine: `assess.texture` of it.
    """
    red, green, blue = np.take(DENSITY, channels)
    mean = (red + green + blue) / np.float32(3)
    bare = mean < GROUND
    hues, yellow = _hues(red, green, blue, np.where(bare, 0, mean))
    return Traits(
        light=float(bare.mean()),
        black=min(BLACKEST, upper_quantile(np.minimum(np.minimum(red, green), blue), 0.99)),
        hues=hues,
        yellow=yellow,
        flat=_flat(levels),
        sharp=sharp,
        fine=fine,
        uneven=_uneven(mean),
        ground=_tints(channels.reshape(3, -1).take(np.flatnonzero(bare), axis=1).astype(np.float32)),
    )


def _hues(red: Colour, green: Colour, blue: Colour, weight: Colour) -> tuple[float, float]:
    """Spread of red against green, and mean of blue against green, each pixel by its stain."""
    weight = weight / (weight.sum() + 1e-6)
    total = red + green + blue + 0.05
    pink = (red - green) / total
    spread = np.sqrt((weight * (pink - (weight * pink).sum()) ** 2).sum())
    return float(spread), float((weight * (blue - green) / total).sum())


def _uneven(density: Colour) -> float:
    rows, columns = (length // BLOCKS for length in density.shape)
    parts = density[: rows * BLOCKS, : columns * BLOCKS].reshape(BLOCKS, rows, BLOCKS, columns)
    return float(parts.mean(axis=(1, 3)).std() / (density.std() + 1e-3))


def _tints(ground: Colour) -> float:
    """How far the channels of `(3, n)` pixels lie from their mean."""
    red, green, blue = ground
    if not len(red):
        return WITHOUT_GROUND
    grey = (red + green + blue) / 3
    return float(np.sqrt(((red - grey) ** 2 + (green - grey) ** 2 + (blue - grey) ** 2).mean() / 3))


def _flat(levels: Colour) -> float:
    down, across = np.abs(np.diff(levels, axis=0)), np.abs(np.diff(levels, axis=1))
    return (
        float(np.count_nonzero(down < FLAT) / down.size + np.count_nonzero(across < FLAT) / across.size) / 2
    )
