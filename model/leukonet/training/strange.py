"""Smears as other microscopes might show them: another stain, lamp, camera and zoom, laid over a field.

Wider than what the networks are trained with, so that no field is refused merely for looking unfamiliar.
"""

import numpy as np
import numpy.typing as npt
from PIL import Image

from leukonet.colour import Colour

Levels = npt.NDArray[np.float64]

LEAST_CROPPED = 200
"""Pixels: a smaller picture is a single cell's, and a part of it no field."""


def strange(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The same field, restained, under another lamp and at another zoom."""
    zoomed = _zoomed(image, rng)
    light = np.clip(_restained(np.asarray(zoomed, np.float32), rng), 0, 1) ** np.exp(rng.normal(0, 0.15))
    light *= _lamp(zoomed.size, rng)
    light += rng.normal(0, rng.uniform(0, 0.02), light.shape)
    return Image.fromarray((np.clip(light, 0, 1) * 255).astype(np.uint8))


def _zoomed(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A part of the field, or all of it in fewer pixels, or as it is."""
    choice, part = rng.integers(3), rng.uniform(0.5, 1)
    width, height = (round(part * length) for length in image.size)
    if choice == 0 and width > LEAST_CROPPED:
        x, y = int(rng.integers(image.width - width + 1)), int(rng.integers(image.height - height + 1))
        return image.crop((x, y, x + width, y + height))
    if choice == 1:
        return image.resize((width, height), Image.Resampling.BILINEAR)
    return image


def _restained(levels: Colour, rng: np.random.Generator) -> Levels:
    """Mix the channels' optical densities anew over a tinted ground; 0 to about 1."""
    density = -np.log((levels + 1) / 256)
    gain = np.exp(rng.normal(0, 0.25, 3) + rng.normal(0, 0.25))
    mixed = density @ ((np.eye(3) + rng.normal(0, 0.12, (3, 3))) * gain)
    stained: Levels = np.exp(-mixed - np.abs(rng.normal(0, 0.12, 3)))
    return stained


def _lamp(size: tuple[int, int], rng: np.random.Generator) -> Levels:
    """A coloured slope of light and a vignette, about 1."""
    y, x = np.mgrid[-1 : 1 : size[1] * 1j, -1 : 1 : size[0] * 1j][..., None]
    slopes = rng.normal(0, 0.06, 3) * x + rng.normal(0, 0.06, 3) * y
    lamp: Levels = 1 + slopes + rng.normal(0, 0.06, 3) * (x * x + y * y - 0.7)
    return lamp
