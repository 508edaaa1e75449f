"""A whole synthetic field: background, red cells, platelets, and white cells whose boxes are known."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukonet.phantom.look import Look, develop, draw_look
from leukonet.phantom.red import RED_RADIUS, platelets, red_cells
from leukonet.phantom.shapes import tint, windows
from leukonet.phantom.white import RECIPES, WhiteCell, draw_white
from leukonet.result import Box

LEAST_MAGNIFICATION, MOST_MAGNIFICATION = 0.1, 10.0
MOST_PIXELS = 25_000_000

_NORMAL = {
    "neutrophil": 0.58,
    "lymphocyte": 0.28,
    "monocyte": 0.08,
    "eosinophil": 0.04,
    "basophil": 0.01,
    "immature_granulocyte": 0.005,
    "erythroblast": 0.005,
}
"""How often each class comes where nobody says which: a healthy adult's smear, and a little more."""
_WHITE_CELLS = (0.15, 0.50, 0.25, 0.10)
"""How often a field holds none, one, two, three."""
_TRIES = 30
"""Places tried for a white cell before it may touch another."""
_EXTENT = 0.5
"""Least cover of a pixel that belongs to the cell's box."""


@dataclass(frozen=True, slots=True)
class PhantomField:
    """A rendered field and what it holds."""

    pixels: NDArray[np.uint8]
    """Height x width x 3, red green blue."""
    cells: tuple[tuple[str, Box], ...]
    """Class and true extent of every white cell, in the order drawn; whole pixels, clipped to the field."""


def render_field(
    rng: np.random.Generator,
    width: int = 640,
    height: int = 480,
    cells: Sequence[str] | None = None,
    *,
    magnification: float = 1.0,
    look: Look | None = None,
) -> PhantomField:
    """Draw one field; the same generator state gives the same pixels.

    Args:
        rng: where everything random comes from; it is advanced.
        width: in pixels, at least 1.
        height: in pixels, at least 1; 25 million pixels in all at most.
        cells: class of each white cell; empty draws none, None none to three as in a normal differential.
        magnification: 0.1 to 10; at 1 a red cell is 44 pixels wide and most white ones about 90.
        look: the slide's stain and optics; None draws one.

    Output shape:
        `pixels` is `(height, width, 3)`, `uint8`.

    Raises:
        ValueError: a size or the magnification is out of range, or a class is unknown.

    Example:
        >>> render_field(np.random.default_rng(1), cells=["neutrophil"]).cells[0][0]
        'neutrophil'
    """
    names = _draw_names(rng) if cells is None else tuple(cells)
    _check(width, height, magnification, names)
    look = look or draw_look(rng)
    whites = [draw_white(rng, name, RED_RADIUS * magnification) for name in names]
    places = _place(rng, whites, width, height)
    taken = [(x, y, white.radius) for white, (x, y) in zip(whites, places, strict=True)]
    density = tint(red_cells(rng, (height, width), magnification, taken), look.haemoglobin)
    platelets(rng, density, magnification)
    truth = tuple(
        (white.name, _cover(density, white, x, y, look.strength))
        for white, (x, y) in zip(whites, places, strict=True)
    )
    return PhantomField(develop(rng, density, look), truth)


def _check(width: int, height: int, magnification: float, names: Sequence[str]) -> None:
    if width < 1 or height < 1 or width * height > MOST_PIXELS:
        raise ValueError(f"a field of {width} x {height} pixels: give 1 to {MOST_PIXELS:,} in all")
    if not LEAST_MAGNIFICATION <= magnification <= MOST_MAGNIFICATION:
        raise ValueError(f"magnification {magnification}: give {LEAST_MAGNIFICATION} to {MOST_MAGNIFICATION}")
    for name in names:
        if name not in RECIPES:
            raise ValueError(f"class {name!r}: give one of {', '.join(RECIPES)}")


def _draw_names(rng: np.random.Generator) -> tuple[str, ...]:
    count = int(rng.choice(len(_WHITE_CELLS), p=_WHITE_CELLS))
    return tuple(str(name) for name in rng.choice(list(_NORMAL), size=count, p=list(_NORMAL.values())))


def _place(
    rng: np.random.Generator, whites: Sequence[WhiteCell], width: int, height: int
) -> list[tuple[int, int]]:
    """Find each cell's centre pixel `(x, y)` in the field, apart from the others where there is room."""
    places: list[tuple[int, int]] = []
    for index, white in enumerate(whites):
        margin_x, margin_y = (min(0.7 * white.radius, (side - 1) / 2) for side in (width, height))
        for _ in range(_TRIES):
            x, y = int(rng.uniform(margin_x, width - margin_x)), int(rng.uniform(margin_y, height - margin_y))
            others = zip(whites[:index], places, strict=True)
            if all(np.hypot(x - ox, y - oy) > white.radius + other.radius for other, (ox, oy) in others):
                break
        places.append((x, y))
    return places


def _cover(density: NDArray[np.float32], white: WhiteCell, x: int, y: int, strength: float) -> Box:
    """Lay a white cell over what is there, and say where it can be seen."""
    rows, columns, part_rows, part_columns = windows(density.shape, white.cover.shape, x, y)
    cover = white.cover[part_rows, part_columns]
    below = density[rows, columns]
    below *= (1 - cover)[..., np.newaxis]
    below += np.float32(strength) * white.density[part_rows, part_columns]
    seen_rows, seen_columns = (np.flatnonzero((cover >= _EXTENT).any(axis=axis)) for axis in (1, 0))
    return Box(
        float(columns.start + seen_columns[0]),
        float(rows.start + seen_rows[0]),
        float(columns.start + seen_columns[-1] + 1),
        float(rows.start + seen_rows[-1] + 1),
    )
