"""Makes a cell of the probabilities of a model that is no bundle: it has no threshold, and always answers."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from leukonet.result import Box, Cell

SOMEWHERE = Box(0.0, 0.0, 1.0, 1.0)
"""Stands in where nobody asks for the place."""


def named_cell(classes: Sequence[str], shares: npt.NDArray[np.floating], box: Box = SOMEWHERE) -> Cell:
    """The cell with its two most probable classes.

    Args:
        classes: names, in the order of `shares`.
        shares: `(classes,)` probabilities; of equals the first counts for more.
        box: where the cell is.
    """
    first, second = (int(index) for index in np.argsort(-shares, kind="stable")[:2])
    return Cell(
        box=box,
        score=1.0,
        first=str(classes[first]),
        first_probability=float(shares[first]),
        second=str(classes[second]),
        second_probability=float(shares[second]),
        unclassified=False,
        counts=True,
    )
