"""White cells from recipes: what stains how, where the granules lie, which shape the nucleus has."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukonet.phantom.nuclei import Nucleus, absent, kidney, lobed, rounded
from leukonet.phantom.shapes import Colour, Grid, Plane, chain, clumps, grid, outline, tint

CHROMATIN: Colour = (1.25, 1.75, 0.55)
"""Of a ripe granulocyte."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one class of cell is drawn."""

    size: tuple[float, float]
    """Smallest and largest diameter, in diameters of a red cell."""
    wobble: float
    """How far the outline departs from a circle, in radii."""
    cytoplasm: Colour
    """Between the granules."""
    granule: Colour
    """Added to the cytoplasm where a granule lies."""
    sparse: float
    """Height of noise above which there is a granule: -1 covers nearly all, 2 nearly nothing."""
    grain: float
    """Width of a granule in radii."""
    nucleus: Nucleus
    """Draws the nucleus's shape."""
    chromatin: Colour = CHROMATIN
    """Of the nucleus."""
    covering: bool = False
    """True where the granules lie over the nucleus and hide it."""


@dataclass(frozen=True, slots=True)
class WhiteCell:
    """A drawn cell: a square patch to lay over the field, its centre in the middle pixel."""

    name: str
    """Its class."""
    radius: float
    """In pixels, of the circle from which its outline departs."""
    density: NDArray[np.float32]
    """Optical density, side x side x 3."""
    cover: Plane
    """How much of each pixel is cell, 0 to 1."""


RECIPES = {
    "neutrophil": Recipe(
        size=(1.9, 2.25),
        wobble=0.03,
        cytoplasm=(0.14, 0.2, 0.1),
        granule=(0.18, 0.32, 0.16),
        sparse=0.6,
        grain=0.05,
        nucleus=lobed(3, 5, ring=0.40, radius=0.24, arc=(0.5, 0.75)),
    ),
    "eosinophil": Recipe(
        size=(1.95, 2.3),
        wobble=0.03,
        cytoplasm=(0.17, 0.52, 0.46),
        granule=(0.12, 0.36, 0.42),
        sparse=-0.1,
        grain=0.065,
        nucleus=lobed(2, 3, ring=0.42, radius=0.29, arc=(0.33, 0.5)),
    ),
    "basophil": Recipe(
        size=(1.85, 2.15),
        wobble=0.035,
        cytoplasm=(0.36, 0.5, 0.16),
        granule=(1.05, 1.3, 0.45),
        sparse=0.0,
        grain=0.075,
        nucleus=lobed(2, 3, ring=0.30, radius=0.36, arc=(0.35, 0.6)),
        chromatin=(0.75, 1.05, 0.34),
        covering=True,
    ),
    "lymphocyte": Recipe(
        size=(1.6, 2.0),
        wobble=0.03,
        cytoplasm=(0.5, 0.42, 0.12),
        granule=(0.15, 0.2, 0.05),
        sparse=1.6,
        grain=0.07,
        nucleus=rounded(0.80, stretch=0.1, shift=0.09),
        chromatin=(1.35, 1.8, 0.6),
    ),
    "monocyte": Recipe(
        size=(2.3, 2.6),
        wobble=0.09,
        cytoplasm=(0.42, 0.42, 0.18),
        granule=(0.14, 0.2, 0.08),
        sparse=0.8,
        grain=0.04,
        nucleus=kidney,
        chromatin=(0.98, 1.42, 0.44),
    ),
    "immature_granulocyte": Recipe(
        size=(2.1, 2.5),
        wobble=0.05,
        cytoplasm=(0.38, 0.52, 0.18),
        granule=(0.4, 0.62, 0.22),
        sparse=0.5,
        grain=0.06,
        nucleus=rounded(0.52, stretch=0.4, shift=0.3),
        chromatin=(1.0, 1.45, 0.45),
    ),
    "erythroblast": Recipe(
        size=(1.25, 1.6),
        wobble=0.05,
        cytoplasm=(0.55, 0.5, 0.26),
        granule=(0.1, 0.1, 0.05),
        sparse=1.8,
        grain=0.1,
        nucleus=rounded(0.56, stretch=0.05, shift=0.2),
        chromatin=(1.6, 1.95, 0.8),
    ),
    "artefact": Recipe(
        size=(1.0, 1.7),
        wobble=0.16,
        cytoplasm=(0.34, 0.4, 0.14),
        granule=(0.62, 0.8, 0.3),
        sparse=0.3,
        grain=0.16,
        nucleus=absent,
    ),
}
"""A recipe for each class of `leukonet.cells`; the artefact is a clump of platelets."""


def draw_white(rng: np.random.Generator, name: str, red_radius: float) -> WhiteCell:
    """Draw one cell.

    Args:
        rng: where shape and texture come from.
        name: a class of `leukonet.cells`.
        red_radius: of the field's red cells, in pixels.
    """
    recipe = RECIPES[name]
    patch = grid(red_radius * rng.uniform(*recipe.size))
    cover = outline(rng, patch, recipe.wobble)
    granules = _granules(rng, patch, recipe)
    nucleus = chain(patch, recipe.nucleus(rng), 0.03 * clumps(rng, patch.side, patch.radius * 0.3))
    chromatin = np.clip(1 + 0.2 * clumps(rng, patch.side, patch.radius * 0.11), 0.5, 1.4)
    mottled = np.clip(1 + 0.12 * clumps(rng, patch.side, patch.radius * 0.2), 0.6, 1.4)
    body = tint(mottled, recipe.cytoplasm) + tint(granules, recipe.granule)
    inner = tint(chromatin, recipe.chromatin)
    if recipe.covering:
        inner += tint(granules, recipe.granule)
    inside = nucleus[..., np.newaxis]
    density = ((1 - inside) * body + inside * inner) * cover[..., np.newaxis]
    return WhiteCell(name, patch.radius, density, cover)


def _granules(rng: np.random.Generator, patch: Grid, recipe: Recipe) -> Plane:
    """Cover with granules, from noise cut off at a height."""
    noise = clumps(rng, patch.side, patch.radius * recipe.grain)
    granules: Plane = np.clip((noise - np.float32(recipe.sparse)) / np.float32(0.5), 0, 1)
    return granules
