"""A cell's own stain: its nucleus is brought to the same density and hue, however pale or blue the smear is.

Beer and Lambert: a dye's optical density grows with its amount, so another amount of dye, another exposure, another
camera are, channel by channel, about a gain of density. The nucleus is the one thing that every white cell has.
The recipe that ships goes without; this is a row of what the ablation tried.
"""

import numpy as np
from PIL import Image

from leukonet.colour import Colour, Pixels
from leukonet.preprocessing import BACKGROUND

NUCLEUS = (0.9, 1.2, 0.3)
"""Optical density, natural logarithm, that every nucleus is brought to in red, green and blue: between PBC's
(1.2, 1.9, 0.4) and Chula's (0.4, 0.4, 0.15), medians over training cells."""
DARKEST = 0.9
"""The nucleus is as dense as the pixel that is darker than this share of the cell's box, per channel."""
FAINTEST = 0.05
"""Densities below this are noise: the gain rises no further."""
LEAST_GAIN, MOST_GAIN = 0.5, 6.0
"""Of all channels together."""
MOST_TINT = 2.0
"""Gain of one channel over that of all together, at most, and one over this at least."""


def gains(cell: Pixels) -> Colour:
    """Gain of density in each channel that brings a cell's nucleus to `NUCLEUS`.

    Args:
        cell: `(height, width, 3)` uint8, the cell's box, its background at `BACKGROUND`.

    Returns:
        `(3,)` float32.
    """
    flat = cell.reshape(-1, 3)
    place = int((1 - DARKEST) * len(flat))
    dark = np.partition(flat, place, axis=0)[place].astype(np.float32)
    density = np.maximum(np.log(BACKGROUND / np.maximum(dark, 1)), FAINTEST)
    overall = np.clip(np.mean(NUCLEUS) / density.mean(), LEAST_GAIN, MOST_GAIN)
    tint = np.array(NUCLEUS, np.float32) / density / overall
    tint = np.clip(tint / np.exp(np.log(tint).mean()), 1 / MOST_TINT, MOST_TINT)
    gained: Colour = (overall * tint).astype(np.float32)
    return gained


def even_stain(image: Image.Image, share: float) -> Image.Image:
    """Even the stain of an RGB crop by the nucleus of its cell.

    Args:
        image: square, its background at `BACKGROUND`.
        share: of the crop's side that the cell's box takes, in the middle.
    """
    rim = round((1 - share) / 2 * image.width)
    gain = gains(np.asarray(image, np.uint8)[rim : image.width - rim, rim : image.width - rim])
    levels = np.maximum(np.arange(256, dtype=np.float32), 1) / BACKGROUND
    raised = BACKGROUND * levels[None, :] ** gain[:, None]
    return image.point([int(level) for level in np.minimum(raised + 0.5, 255).ravel()])
