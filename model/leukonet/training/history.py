"""Reads how a training went, without TensorFlow."""

from pathlib import Path

import numpy as np

from leukonet.errors import DataError

HISTORY = "history.csv"
"""File of a training, below its folder: a line an epoch, across resumptions."""


def read_history(run: Path) -> dict[str, list[float]]:
    """The columns of a training's history.

    Raises:
        DataError: there is none, or it is no table of numbers.
    """
    try:
        table = np.genfromtxt(run / HISTORY, delimiter=",", names=True)
    except (OSError, ValueError) as error:
        raise DataError(f"{run / HISTORY}: no history of a training ({error}); check --run") from error
    columns = {name: np.atleast_1d(table[name]).tolist() for name in table.dtype.names or ()}
    if not columns.get("loss"):
        raise DataError(f"{run / HISTORY}: no column 'loss', or no epoch; check --run")
    return columns
