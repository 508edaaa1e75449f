"""What the fields of one slide share, and how stain in the light's way becomes a picture."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from leukonet.phantom.shapes import Colour


@dataclass(frozen=True, slots=True)
class Look:
    """Stain and optics of one slide under one microscope."""

    background: Colour
    """Red, green, blue of the empty glass, 0 to 255."""
    haemoglobin: Colour
    """Optical density of a red cell where it is thickest."""
    strength: float
    """Factor on every white cell's stain; 1 is the recipe's own."""
    slope: tuple[float, float]
    """Change of light across the field, rightwards and downwards, as a fraction of the whole."""
    blur: float
    """Standard deviation in pixels."""
    noise: float
    """Standard deviation of the camera's noise in grey levels."""


_WARM = ((252.0, 229.0, 205.0), (0.25, 0.37, 0.27))
_COOL = ((226.0, 222.0, 238.0), (0.26, 0.41, 0.28))
"""Glass and haemoglobin of the two ends between which a look lies."""


def draw_look(rng: np.random.Generator) -> Look:
    """Draw a stain between warm and cool, and a microscope of fair quality."""
    cool, depth = rng.uniform(0, 1), rng.uniform(0.85, 1.15)
    return Look(
        background=_between(_WARM[0], _COOL[0], cool, 1.0),
        haemoglobin=_between(_WARM[1], _COOL[1], cool, depth),
        strength=float(rng.uniform(0.85, 1.1)),
        slope=(float(rng.uniform(-0.08, 0.08)), float(rng.uniform(-0.08, 0.08))),
        blur=float(rng.uniform(0.4, 0.9)),
        noise=float(rng.uniform(1.0, 2.5)),
    )


def _between(first: Colour, last: Colour, share: float, factor: float) -> Colour:
    red, green, blue = (float(factor * (a + share * (b - a))) for a, b in zip(first, last, strict=True))
    return red, green, blue


def develop(rng: np.random.Generator, density: NDArray[np.float32], look: Look) -> NDArray[np.uint8]:
    """Take the picture: light through the stain, lenses, camera.

    Input shape:
        `density` is `(height, width, 3)`, optical density; it is overwritten.

    Output shape:
        The same, `uint8`.
    """
    height, width = density.shape[:2]
    light = np.exp(np.negative(density, out=density), out=density)
    light *= np.asarray(look.background, np.float32)
    across = np.linspace(-0.5, 0.5, width, dtype=np.float32) * np.float32(look.slope[0])
    down = np.linspace(-0.5, 0.5, height, dtype=np.float32) * np.float32(look.slope[1])
    light *= (1 + across[np.newaxis, :] + down[:, np.newaxis])[..., np.newaxis]
    sharp = Image.fromarray(np.clip(light, 0, 255, out=light).astype(np.uint8))
    seen = np.asarray(sharp.filter(ImageFilter.GaussianBlur(look.blur)))
    grain = rng.standard_normal((height, width, 1), np.float32) * np.float32(look.noise)
    picture: NDArray[np.uint8] = np.clip(seen + grain, 0, 255).astype(np.uint8)
    return picture
