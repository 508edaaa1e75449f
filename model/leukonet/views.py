"""The two views of a field that the networks see: the whole field on a canvas, and one cell's crop.

Training and analysis cut both here, so that they cannot differ.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from leukonet.colour import Pixels, normalise
from leukonet.light import Light, measure_light
from leukonet.preprocessing import BACKGROUND, CANVAS, CONTEXT, CROP
from leukonet.result import Box

SMALLEST_CROP = 16.0
"""A crop takes in at least this many pixels of the field, however small the box."""
GAP = 1.0
"""A picture that is to be scaled is first shrunk by the whole number that leaves it this many times as large or more:
by blocks, which is quick (Pillow's `reducing_gap`). At 2.0 no more cells are found, nor named right."""
WHOLE = Box(0.0, 0.0, 1.0, 1.0)
"""The window that shows the whole field."""


class Canvas(NamedTuple):
    """A field drawn small, its background brought to `BACKGROUND`."""

    image: Image.Image
    """RGB, `CANVAS` wide and high; what the field does not fill is `BACKGROUND`."""
    scale: float
    """Canvas pixels per field pixel, at most 1: a small field is not enlarged."""
    light: Light
    """The field's own background, to normalise its crops by."""


def on_canvas(
    image: Image.Image, side: int = CANVAS, light: Callable[[Pixels], Light] = measure_light
) -> Canvas:
    """Scale an RGB field to fit the canvas, at its upper left corner.

    Args:
        image: the field as it came.
        side: of the canvas, in pixels.
        light: finds the field's background.
    """
    scale = min(1.0, side / max(image.size))
    width, height = (max(1, round(length * scale)) for length in image.size)
    small = (
        image if scale == 1.0 else image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=GAP)
    )
    found = light(pixels(small))
    even = normalise(small, found.over(WHOLE, small.size))
    return Canvas(_padded(even, side, (0, 0)), scale, found)


def halved(canvas: Canvas) -> Canvas:
    """The same field drawn half as large, in the same light."""
    side = canvas.image.width
    return Canvas(_padded(canvas.image.reduce(2), side, (0, 0)), canvas.scale / 2, canvas.light)


def crop_square(box: Box, context: float = CONTEXT) -> Box:
    """The square around a box's centre that its crop shows; it may reach beyond the field."""
    x, y = box.centre
    half = max(box.longer, SMALLEST_CROP / context) * context / 2
    return Box(x - half, y - half, x + half, y + half)


def crop(
    image: Image.Image, box: Box, light: Light, side: int = CROP, context: float = CONTEXT
) -> Image.Image:
    """Cut one cell out of an RGB field, scaled so that every cell fills its crop alike.

    Args:
        image: the field as it came.
        box: the cell, in the field's pixels.
        light: the field's background, from its `Canvas`.
        side: of the crop, in pixels.
        context: the crop's side in the field, in units of the box's longer side.

    Returns:
        RGB image of `side` x `side`; beyond the field's edge it is `BACKGROUND`.
    """
    square = crop_square(box, context)
    left, top = max(0.0, square.xmin), max(0.0, square.ymin)
    right, bottom = min(float(image.width), square.xmax), min(float(image.height), square.ymax)
    zoom = side / (square.xmax - square.xmin)
    x, y = round((left - square.xmin) * zoom), round((top - square.ymin) * zoom)
    beyond, below = round((right - square.xmin) * zoom), round((bottom - square.ymin) * zoom)
    size = max(1, beyond - x), max(1, below - y)
    part = image.resize(size, Image.Resampling.BILINEAR, box=(left, top, right, bottom), reducing_gap=GAP)
    window = Box(left / image.width, top / image.height, right / image.width, bottom / image.height)
    return _padded(normalise(part, light.over(window, part.size)), side, (x, y))


def mirror_images(picture: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.uint8], ...]:
    """`(..., height, width, 3)` as it is, upside down, left to right, and both: a cell has no upper side."""
    return picture, picture[..., ::-1, :, :], picture[..., ::-1, :], picture[..., ::-1, ::-1, :]


def pixels(image: Image.Image) -> Pixels:
    """An RGB image as `(height, width, 3)` uint8."""
    return np.asarray(image, np.uint8)


def _padded(image: Image.Image, side: int, at: tuple[int, int]) -> Image.Image:
    if image.size == (side, side):
        return image
    drawn = Image.new("RGB", (side, side), (BACKGROUND,) * 3)
    drawn.paste(image, at)
    return drawn
