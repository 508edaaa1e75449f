"""A field's own colour reference: its background is made the same light grey in every field."""

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageFilter

from leukonet.preprocessing import BACKGROUND

Pixels = npt.NDArray[np.uint8]
Colour = npt.NDArray[np.float32]

BACKGROUND_QUANTILE = 0.9
"""The background is the level that this share of a field's lit pixels does not exceed, per channel."""
LIT = 12
"""A pixel whose brightest channel is below this is a black border, not part of the smear."""
DIM = 20
"""Grey level below which a pixel of a field with a black border belongs to that border, with two pixels around it:
JPEG blurs the edge."""
LOWEST_WHITE = 60.0
"""A background darker than this is not trusted: the gain stays at most `BACKGROUND / LOWEST_WHITE`."""


def white_point(pixels: Pixels) -> Colour:
    """Estimate a field's background colour.

    Args:
        pixels: `(height, width, 3)` uint8 RGB; a thumbnail will do.

    Returns:
        `(3,)` float32, from `LOWEST_WHITE` to 255; plain white where no pixel is lit.
    """
    lit = pixels[pixels.max(axis=2) >= LIT]
    if not lit.size:
        return np.full(3, 255, np.float32)
    white: Colour = np.maximum(np.quantile(lit, BACKGROUND_QUANTILE, axis=0), LOWEST_WHITE).astype(np.float32)
    return white


def planes(pixels: Pixels) -> Pixels:
    """The channels of `(height, width, 3)` uint8 pixels apart, `(3, height, width)`: faster to reckon with."""
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))


def upper_quantile(values: Colour, share: float) -> float:
    """`np.quantile` of many values, for a share near 1; most of them are passed over by a sample's verdict.

    Args:
        values: float32 of any shape, at least one.
        share: 0 to 1.
    """
    flat = values.ravel()
    place = (len(flat) - 1) * share
    sample = np.sort(flat[::8])
    top = flat[flat >= sample[int(len(sample) * max(0.0, 2 * share - 1))]]
    if len(top) < len(flat) - int(place):  # the sample deceived
        top = flat
    top = np.sort(top)
    below = int(place) - (len(flat) - len(top))
    low, high = top[below], top[min(below + 1, len(top) - 1)]
    return float(low + (high - low) * (place - int(place)))


def brightest(image: Image.Image) -> Image.Image:
    """The brightest of the three channels at each pixel, as a grey image."""
    red, green, blue = image.split()
    return ImageChops.lighter(ImageChops.lighter(red, green), blue)


def normalise(image: Image.Image, ground: Colour) -> Image.Image:
    """Bring an RGB image's background to `BACKGROUND`, and paint what no light fell on in that grey too.

    An eyepiece's rim or a turned picture's corners are black: neither is smear, and both look like stain.

    Args:
        image: RGB.
        ground: its background's levels, `(height, width, 3)` or `(3,)` float32, above 0.
    """
    levels = np.asarray(image, np.uint8)
    lifted = levels * (BACKGROUND / ground)
    lifted += np.float32(0.5)
    even = Image.fromarray(np.minimum(lifted, 255, out=lifted).astype(np.uint8))
    if levels.min() >= LIT or np.asarray(brightest(image), np.uint8).min() >= LIT:
        return even
    dark = image.convert("L").point([255] * DIM + [0] * (256 - DIM)).filter(ImageFilter.MaxFilter(5))
    even.paste((BACKGROUND,) * 3, mask=dark)
    return even
