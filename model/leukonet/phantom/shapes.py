"""The pencils of the phantom: a cell's own grid, its wobbly outline, chains of capsules, clumped noise."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Plane = NDArray[np.float32]
"""One value a pixel."""
Colour = tuple[float, float, float]
"""Red, green, blue; for stains the optical density in each (natural logarithm), 0 lets all light pass."""

EDGE = 1.6
"""Pixels over which an outline fades: the optics' own softness."""


class Capsule(NamedTuple):
    """A thick line from one point to another, in units of the cell's radius: the stuff nuclei are made of."""

    x0: float
    y0: float
    x1: float
    y1: float
    radius: float


@dataclass(frozen=True, slots=True)
class Grid:
    """A square patch of pixels around a cell's centre, measured in the cell's radius."""

    radius: float
    """Of the cell, in pixels."""
    x: Plane
    """Distance right of the centre, one row of the patch."""
    y: Plane
    """Distance below the centre, one column of the patch."""

    @property
    def side(self) -> int:
        """Pixels along each edge of the patch; always odd, the cell's centre in the middle pixel."""
        return int(self.x.shape[1])

    @property
    def distance(self) -> Plane:
        """From the centre."""
        return np.sqrt(self.x * self.x + self.y * self.y)


def grid(radius: float) -> Grid:
    """Make the patch that holds a cell of `radius` pixels with a margin for its wobble."""
    half = int(np.ceil(radius * 1.25)) + 2
    axis = (np.arange(-half, half + 1) / radius).astype(np.float32)
    return Grid(radius, axis[np.newaxis, :], axis[:, np.newaxis])


def fade(grid: Grid, depth: Plane) -> Plane:
    """Turn depth below an outline (positive inside, in radii) into coverage from 0 to 1."""
    cover: Plane = np.clip(depth * np.float32(grid.radius / EDGE) + np.float32(0.5), 0, 1)
    return cover


def outline(rng: np.random.Generator, grid: Grid, wobble: float) -> Plane:
    """Cover a roughly round cell whose edge departs from the circle by about `wobble` radii."""
    waves = np.arange(2, 6)
    heights = rng.normal(0, wobble, waves.size) / waves
    phases = rng.uniform(0, 2 * np.pi, waves.size)
    angle = np.arctan2(grid.y, grid.x)
    edge = np.ones_like(angle)
    for wave, height, phase in zip(waves, heights, phases, strict=True):
        edge += np.float32(height) * np.cos(np.float32(wave) * angle + np.float32(phase))
    return fade(grid, np.clip(edge, 0.8, 1.2) - grid.distance)


def chain(grid: Grid, capsules: Sequence[Capsule], roughness: Plane) -> Plane:
    """Cover the union of `capsules`, its border moved in and out by `roughness` radii."""
    gap = np.full((grid.side, grid.side), np.inf, np.float32)
    for x0, y0, x1, y1, radius in capsules:
        along_x, along_y = x1 - x0, y1 - y0
        length = max(along_x**2 + along_y**2, 1e-9)
        x, y = grid.x - np.float32(x0), grid.y - np.float32(y0)
        step = np.clip((x * np.float32(along_x) + y * np.float32(along_y)) / np.float32(length), 0, 1)
        away = np.hypot(x - step * np.float32(along_x), y - step * np.float32(along_y))
        gap = np.minimum(gap, away - np.float32(radius))
    return fade(grid, roughness - gap)


def clumps(rng: np.random.Generator, side: int, grain: float) -> Plane:
    """Fill a square patch with smooth noise of about unit height whose clumps are `grain` pixels wide."""
    cells = max(2, int(np.ceil(side / max(grain, 1.0))))
    coarse = rng.standard_normal((cells, cells), np.float32)
    return np.asarray(Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC))


def tint(amount: Plane, colour: Colour) -> NDArray[np.float32]:
    """Give a plane of thickness a stain's colour: height x width x 3."""
    return amount[..., np.newaxis] * np.asarray(colour, np.float32)


def lay(field: NDArray[np.float32], patch: NDArray[np.float32], x: int, y: int) -> None:
    """Add the part of a patch centred on `(x, y)` that lies inside the field."""
    rows, columns, part_rows, part_columns = windows(field.shape, patch.shape, x, y)
    field[rows, columns] += patch[part_rows, part_columns]


def windows(
    field: tuple[int, ...], patch: tuple[int, ...], x: int, y: int
) -> tuple[slice, slice, slice, slice]:
    """Cut a patch around `(x, y)` to the field: rows and columns of the field, then those of the patch."""
    top, left = y - patch[0] // 2, x - patch[1] // 2
    rows = slice(max(top, 0), max(min(top + patch[0], field[0]), 0))
    columns = slice(max(left, 0), max(min(left + patch[1], field[1]), 0))
    return rows, columns, _moved(rows, top), _moved(columns, left)


def _moved(window: slice, origin: int) -> slice:
    return slice(window.start - origin, max(window.stop, window.start) - origin)
