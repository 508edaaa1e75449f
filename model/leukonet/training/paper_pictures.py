"""Pictures as the paper's network takes them: the whole field, or the crop around the located cell."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from leukonet.cells import PAPER_CLASSES
from leukonet.colour import Pixels
from leukonet.field import SIZE, whole
from leukonet.labels import LabelledField, read_image
from leukonet.locate import Locator, locate
from leukonet.views import crop, on_canvas, pixels

THRESHOLD = 0.2
"""Least score of the located cell whose crop is taken."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pictures ready for the paper's network."""

    images: npt.NDArray[np.uint8]
    """`(n, 80, 100, 3)`."""
    classes: npt.NDArray[np.int64]
    """`(n,)` index into `PAPER_CLASSES`."""
    fields: Sequence[LabelledField]
    """Where each comes from."""
    located: npt.NDArray[np.bool_]
    """`(n,)` False where no cell was found and the whole picture stands in."""


def read_pictures(fields: Sequence[LabelledField], locator: bytes | None = None) -> Pictures:
    """Read every field whose one class is among the paper's.

    Args:
        fields: labelled; the first cell's class is the field's.
        locator: the network file that finds the cell, to see its crop; None to see whole fields.
    """
    network = Locator(locator, raised=0) if locator else None
    kept = [field for field in fields if field.cells and field.cells[0].name in PAPER_CLASSES]
    images, located = [], []
    for field in kept:
        image = read_image(field)
        seen = None
        if network:
            canvas = on_canvas(image)
            places = locate(network, canvas, image.size, THRESHOLD)
            x, y = image.width / 2, image.height / 2
            place = min(
                places,
                key=lambda place: (place.box.centre[0] - x) ** 2 + (place.box.centre[1] - y) ** 2,
                default=None,
            )
            seen = _middle(crop(image, place.box, canvas.light, SIZE[0])) if place else None
        located.append(seen is not None)
        images.append(whole(image) if seen is None else seen)
    classes = [PAPER_CLASSES.index(str(field.cells[0].name)) for field in kept]
    return Pictures(np.stack(images), np.array(classes), kept, np.array(located))


def _middle(square: Image.Image) -> Pixels:
    """A square crop without its upper and lower rim: the cell's box is two thirds of it."""
    rim = (SIZE[0] - SIZE[1]) // 2
    return pixels(square)[rim : rim + SIZE[1]]
