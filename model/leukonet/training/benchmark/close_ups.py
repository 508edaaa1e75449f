"""What becomes of close-ups: pictures that one cell fills, cut out of held-out fields."""

from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from leukonet.analysis import analyse
from leukonet.bundle import Bundle
from leukonet.result import Cell
from leukonet.training.benchmark.record import Part, Table
from leukonet.training.close_ups import close_ups, judge
from leukonet.training.datasets import read_dataset

HELD_OUT = (("bccd", "test"), ("pbc", "val"))
"""Sets and parts whose cells are named, and that no bundle is trained on."""
EVERY = {"pbc": 4}
"""Of PBC's fields every fourth is cut, of BCCD's all."""
SHARES = (0.5, 0.7, 0.9)
"""Of the side that the cell's box takes."""
SIDES = (None, 600)
"""Pixels of the side: as it is, and enlarged."""


def measure(data: Path, bundle: Bundle) -> Part:
    """Cut close-ups and have them analysed.

    Args:
        data: folder of the labelled sets.
        bundle: to be measured.

    Raises:
        DataError: data are missing.
    """
    fields = {
        f"{name} {part}": read_dataset(data, name, part)[:: EVERY.get(name, 1)] for name, part in HELD_OUT
    }

    def look(image: Image.Image) -> tuple[Cell, ...] | None:
        """Through a file, as a field comes."""
        file = BytesIO()
        image.save(file, "BMP")
        result = analyse(file.getvalue(), bundle)
        return result.cells if result.assessable else None

    rows: list[dict[str, Any]] = [
        {
            "cut from": tested,
            "cell's share of the side": share,
            "side": "as it is" if side is None else f"{side} pixels",
            **judge(close_ups(some, share, side), look)._asdict(),
        }
        for tested, some in fields.items()
        for side in SIDES
        for share in SHARES
    ]
    notes = [
        "Windows around each held-out white cell, where its field shows all of the window; PBC's boxes are outlines.",
        "Refused: not assessable. Several: with more than one counted cell. Enlarging adds pixels and no detail.",
    ]
    return Part([Table("Close-ups", rows, notes)])
