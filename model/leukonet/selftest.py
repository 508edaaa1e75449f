"""Proves that a bundle works where it runs: it is shown a synthetic field whose one cell is known."""

from io import BytesIO

import numpy as np
from PIL import Image

from leukonet.analysis import analyse
from leukonet.bundle import Bundle, Kind
from leukonet.errors import BundleDamaged
from leukonet.phantom.field import render_field

_SEED, _WIDTH, _HEIGHT = 1, 320, 240
_LEAST_OVERLAP = 0.3
"""Intersection over union with the cell's true extent."""
_ROUNDING = 1e-3


def prove(bundle: Bundle) -> None:
    """Have a bundle look at a synthetic neutrophil: files that are whole may still hold a network that sees nothing.

    Raises:
        BundleDamaged: a network does not run, the cell is not found, or its probabilities are none.
        BadScores: a network gave a score that is no number.
    """
    field = render_field(np.random.default_rng(_SEED), _WIDTH, _HEIGHT, ["neutrophil"])
    ((_, truth),) = field.cells
    file = BytesIO()
    Image.fromarray(field.pixels).save(file, "PNG", compress_level=1)
    cells = analyse(file.getvalue(), bundle).cells
    if bundle.kind is Kind.LOCATE_CLASSIFY:
        cells = tuple(cell for cell in cells if cell.box.overlap(truth) >= _LEAST_OVERLAP)
    if not cells:
        raise BundleDamaged(f"bundle {bundle.name} finds no cell on a synthetic field: reinstall it")
    first, second = cells[0].first_probability, cells[0].second_probability
    if not 0 <= second <= first <= first + second <= 1 + _ROUNDING:
        raise BundleDamaged(
            f"bundle {bundle.name} gives probabilities of {first:g} and {second:g}: reinstall it"
        )
