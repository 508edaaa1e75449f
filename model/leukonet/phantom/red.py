"""What lies around the white cells: red cells with their pallor, and platelets."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from leukonet.phantom.shapes import Colour, Plane, clumps, fade, grid, lay, outline, tint

RED_RADIUS = 22.0
"""Pixels at magnification 1."""

_CROWDING = (60, 120)
"""Red cells in a field of 640 x 480 pixels at magnification 1."""
_CROWDED_AREA = 640 * 480
_PLATELETS = (2, 8)
"""The same for platelets."""
_PLATELET: Colour = (0.50, 0.66, 0.20)

Disc = tuple[int, int, float]
"""A place that is taken: x, y and radius in pixels."""


def red_cells(
    rng: np.random.Generator, shape: tuple[int, int], magnification: float, taken: Sequence[Disc]
) -> Plane:
    """Draw how thick haemoglobin lies over a field (height, width): 1 under one cell, more under two."""
    thickness = np.zeros(shape, np.float32)
    radius = RED_RADIUS * magnification
    for x, y in _scatter(rng, shape, magnification):
        size = radius * np.clip(rng.normal(1, 0.07), 0.75, 1.25)
        if all(np.hypot(x - ox, y - oy) > 0.95 * (size + other) for ox, oy, other in taken):
            lay(thickness, _red_cell(rng, size), x, y)
    return np.minimum(thickness, 1) + np.float32(0.6) * np.maximum(thickness - 1, 0)


def _scatter(rng: np.random.Generator, shape: tuple[int, int], magnification: float) -> NDArray[np.int64]:
    """Choose centre pixels `(x, y)` by shaking a grid: crowded, some overlapping, some just outside."""
    height, width = shape
    crowd = rng.integers(_CROWDING[0], _CROWDING[1], endpoint=True)
    pitch = magnification * np.sqrt(_CROWDED_AREA / crowd)
    first = rng.uniform(-pitch, 0, 2)
    columns, rows = np.arange(first[0], width + pitch, pitch), np.arange(first[1], height + pitch, pitch)
    places = np.stack(np.meshgrid(columns, rows), axis=-1)
    places[1::2, :, 0] += pitch / 2
    places += rng.normal(0, 0.28 * pitch, places.shape)
    return rng.permutation(places.reshape(-1, 2).astype(np.int64))


def _red_cell(rng: np.random.Generator, radius: float) -> Plane:
    """Draw one disc, thin in the middle, a little oval."""
    patch = grid(radius)
    lean, oval = rng.uniform(0, np.pi), np.float32(np.clip(rng.normal(0, 0.07), -0.2, 0.2))
    cosine, sine = np.float32(np.cos(lean)), np.float32(np.sin(lean))
    x, y = patch.x * cosine + patch.y * sine, patch.y * cosine - patch.x * sine
    squared = (x * (1 + oval)) ** 2 + (y * (1 - oval)) ** 2
    pallor, width = np.float32(rng.uniform(0.15, 0.75)), np.float32(rng.uniform(0.12, 0.34))
    hollow = pallor / (1 + (squared / width) ** 2)
    return fade(patch, 1 - np.sqrt(squared)) * (1 - hollow)


def platelets(rng: np.random.Generator, density: NDArray[np.float32], magnification: float) -> None:
    """Add platelets to a field's optical density, height x width x 3."""
    height, width = density.shape[:2]
    share = height * width / (_CROWDED_AREA * magnification**2)
    for _ in range(rng.poisson(share * rng.uniform(*_PLATELETS))):
        patch = grid(RED_RADIUS * magnification * rng.uniform(0.18, 0.36))
        cover = outline(rng, patch, 0.1)
        mottled = np.clip(0.8 + 0.35 * clumps(rng, patch.side, patch.radius * 0.4), 0, 2)
        lay(density, tint(cover * mottled, _PLATELET), int(rng.integers(width)), int(rng.integers(height)))
