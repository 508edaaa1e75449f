"""Says why a field is no usable smear: blank, out of focus, without stain, or no smear at all.

The limits were set on the training parts of BCCD, Chula, TXL-PBC and PBC, none of which they refuse, on the same
fields blurred by a Gaussian of 6 pixels or more, and on generated noise and blanks. They are wide on purpose: a smear
that is refused costs a cell, and a picture that passes still has to show something like a white cell. What no single
limit refuses is weighed in `leukonet.likeness`.
"""

from functools import cached_property

import numpy as np
from PIL import Image, ImageFilter

from leukonet.colour import Colour, Pixels, planes, upper_quantile
from leukonet.likeness import ABSORBANCE, GROUND, SMALLEST, Traits, likeness, traits
from leukonet.views import Canvas, pixels

LEAST_CONTRAST = 4.0
"""Standard deviation of the grey level, 0 to 255. Smears: 9 and more; blanks: below 1."""
LEAST_DETAIL = 2.6
"""Upper 0.5% of the Laplacian of the lightly smoothed grey level. Smears: 3.7 and more; blurred ones: up to 2.5."""
SOFT_DETAIL, SOFT_SHARE = 4.2, 0.025
"""What has no more detail than this, and less than this share of its own range of levels, is out of focus as well: a
large cell in deep stain keeps some detail when blurred, a share of 0.015 to 0.025; smears have 0.026 and more."""
MOST_TEXTURE = 4.0
"""Fine structure over coarse structure, once the light is even. Smears: up to 2.7; noise: above 6."""
LEAST_COLOUR, MOST_COLOUR = 0.012, 0.7
"""Mean spread of the channels' optical densities where there is stain. Smears: 0.02 to 0.32; grey pictures: 0."""


def why_not_assessable(canvas: Canvas, size: tuple[int, int]) -> str:
    """Judge a field by its canvas.

    Args:
        canvas: the field drawn small.
        size: `(width, height)` of the field in pixels.

    Returns:
        A short reason, or an empty string where the field may be counted.
    """
    small = Drawn(part_filled(canvas, size))
    return why_plainly_not(small) or ("" if likeness(measured(small)) > 0 else "no smear")


class Drawn:
    """A field drawn small, each thing about it measured once and only where it is asked for."""

    def __init__(self, image: Image.Image) -> None:
        self.image = image

    @cached_property
    def pixels(self) -> Pixels:
        """`(height, width, 3)` uint8; a picture gives a copy each time that it is asked."""
        return pixels(self.image)

    @cached_property
    def quarter(self) -> Pixels:
        """Planes `(3, height, width)` of every second row and column: they tell the colours as well."""
        return planes(self.pixels[::2, ::2])

    @cached_property
    def levels(self) -> Colour:
        """Grey level, `(height, width)` float32 of 0 to 255."""
        red, green, blue = planes(self.pixels).astype(np.float32)
        grey: Colour = (red + green + blue) / np.float32(3)
        return grey

    @cached_property
    def detail(self) -> float:
        """See `detail`."""
        return detail(self.levels)

    @cached_property
    def texture(self) -> float:
        """See `texture`."""
        return texture(self.image.convert("L"))


def part_filled(canvas: Canvas, size: tuple[int, int]) -> Image.Image:
    """The part of the canvas that a field of this `(width, height)` fills."""
    width, height = (max(1, round(length * canvas.scale)) for length in size)
    return canvas.image.crop((0, 0, width, height))


def why_plainly_not(small: Drawn) -> str:
    """The reason that one measure alone gives against a field drawn small, or an empty string."""
    if min(small.levels.shape) < SMALLEST or small.levels.std() < LEAST_CONTRAST:
        return "blank"
    colour = colour_spread(small.quarter)
    if colour < LEAST_COLOUR:
        return "no stain"
    if colour > MOST_COLOUR or small.texture > MOST_TEXTURE:
        return "no smear"
    return "out of focus" if is_soft(small) else ""


def is_soft(small: Drawn) -> bool:
    """Whether a field drawn small has no sharp edge."""
    if small.detail < LEAST_DETAIL:
        return True
    if small.detail >= SOFT_DETAIL:
        return False
    return small.detail < SOFT_SHARE * (upper_quantile(small.levels, 0.9) - float(small.levels.min()))


def measured(small: Drawn) -> Traits:
    """The traits of a field drawn small, at least `SMALLEST` wide and high."""
    return traits(small.quarter, small.levels, small.detail, small.texture)


def detail(levels: Colour) -> float:
    """How sharp the sharpest edges of a grey picture, `(height, width)` float32 of 0 to 255, are."""
    level = _smoothed(levels)
    bend = 4 * level[1:-1, 1:-1]
    for beside in (level[:-2, 1:-1], level[2:, 1:-1], level[1:-1, :-2], level[1:-1, 2:]):
        bend -= beside
    return upper_quantile(np.abs(bend, out=bend), 0.995)


def _smoothed(levels: Colour) -> Colour:
    """A Gaussian of one pixel, the border repeated. Pillow's rounds to whole levels, which looks like detail."""
    reach = 3
    taps = np.exp(-0.5 * np.arange(reach + 1, dtype=np.float32) ** 2)
    taps /= taps.sum() + taps[1:].sum()
    height, width = levels.shape
    padded = np.pad(levels, ((reach, reach), (0, 0)), "edge")
    down: Colour = taps[0] * levels
    for step, tap in enumerate(taps[1:], 1):
        down += tap * (padded[reach - step :][:height] + padded[reach + step :][:height])
    padded = np.pad(down, ((0, 0), (reach, reach)), "edge")
    down *= taps[0]
    for step, tap in enumerate(taps[1:], 1):
        down += tap * (padded[:, reach - step :][:, :width] + padded[:, reach + step :][:, :width])
    return down


def texture(grey: Image.Image) -> float:
    """Contrast of what is finer than about 3 pixels, over the contrast of the rest."""
    coarse = np.asarray(grey.filter(ImageFilter.GaussianBlur(3)), np.float32)
    return float((np.asarray(grey, np.float32) - coarse).std() / (coarse.std() + 1e-6))


def colour_spread(channels: Pixels) -> float:
    """How far channels `(3, height, width)` lie from their mean in optical density, where there is stain; else 0."""
    density = np.take(ABSORBANCE, channels)
    mean = density.sum(axis=0) / np.float32(3)
    stained = mean > GROUND
    if not stained.any():
        return 0.0
    return float(np.abs(density - mean).sum(axis=0)[stained].mean()) / 3
