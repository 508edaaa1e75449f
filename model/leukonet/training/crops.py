"""Cuts the classifier's training crops out of labelled fields: white cells, and what is none."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from leukonet.cells import CLASS_NAMES
from leukonet.colour import Pixels
from leukonet.labels import LabelledField, read_image
from leukonet.light import Light, measure_light
from leukonet.preprocessing import CONTEXT
from leukonet.result import Box
from leukonet.training.outline import central_box
from leukonet.views import crop, on_canvas, pixels

MARGIN = 1.5
"""Crops are kept this much wider than the network's view, so that augmentation can shift and turn them."""
KEPT = 144
"""Side in pixels of a kept crop."""
PLATELET_SHARE = 0.3
"""PBC's platelet pictures: the platelet in the middle fills about this share of the side."""
NEGATIVES = 2
"""Crops of red cells, platelets or bare background that are taken from each field, as artefacts."""


@dataclass(frozen=True, slots=True)
class Crops:
    """Crops ready for training."""

    images: npt.NDArray[np.uint8]
    """`(n, KEPT, KEPT, 3)`, normalised, showing `CONTEXT * MARGIN` of the cell's box."""
    classes: npt.NDArray[np.int64]
    """`(n,)` index into `CLASS_NAMES`."""
    sources: npt.NDArray[np.str_]
    """`(n,)` data set of each crop."""

    def __add__(self, more: "Crops") -> "Crops":
        """These crops, and more."""
        return Crops(
            np.concatenate([self.images, more.images]),
            np.concatenate([self.classes, more.classes]),
            np.concatenate([self.sources, more.sources]),
        )


@dataclass(frozen=True, slots=True)
class CutCell:
    """One labelled cell as the classifier sees it at analysis, and where it came from."""

    field: LabelledField
    name: str
    """Class."""
    box: Box
    """As labelled, or its outline where the set has no box."""
    view: Pixels
    """`(CROP, CROP, 3)`, normalised; the box fills `1 / CONTEXT` of it."""


def read_crops(
    fields: Sequence[LabelledField],
    seed: int,
    light: Callable[[Pixels], Light] = measure_light,
    *,
    context: float = CONTEXT,
) -> Crops:
    """Cut every labelled cell, and `NEGATIVES` places without one from each field that boxes its cells.

    Args:
        fields: whose cells are cut.
        seed: of the places without a cell.
        light: finds the field's background.
        context: the network's view, in units of the box's longer side.
    """
    random = np.random.default_rng(seed)
    images: list[npt.NDArray[np.uint8]] = []
    classes: list[int] = []
    sources: list[str] = []
    for field in fields:
        image = read_image(field)
        found = on_canvas(image, light=light).light
        for name, box in (*named_boxes(field, image), *_negatives(field, image, random)):
            images.append(pixels(crop(image, box, found, KEPT, context * MARGIN)))
            classes.append(CLASS_NAMES.index(name))
            sources.append(field.source)
    return Crops(np.stack(images), np.array(classes), np.array(sources))


def cut_cells(fields: Iterable[LabelledField]) -> Iterator[CutCell]:
    """Cut every labelled cell out for those who must know its field: to judge, or to keep groups together."""
    for field in fields:
        image = read_image(field)
        light = on_canvas(image).light
        for name, box in named_boxes(field, image):
            yield CutCell(field, name, box, pixels(crop(image, box, light)))


def named_boxes(field: LabelledField, image: Image.Image) -> Iterator[tuple[str, Box]]:
    """Class and box of each cell whose class is known; boxes that the set lacks come from the outline."""
    for cell in field.cells:
        if cell.name is None:
            continue
        if cell.box is not None:
            yield cell.name, cell.box
        elif cell.name == "artefact":
            yield cell.name, centred(image, PLATELET_SHARE)
        else:
            yield cell.name, central_box(image)


def centred(image: Image.Image, share: float) -> Box:
    """A square in the middle of an image, `share` of its shorter side wide."""
    half = share * min(image.size) / 2
    x, y = image.width / 2, image.height / 2
    return Box(x - half, y - half, x + half, y + half)


def _negatives(
    field: LabelledField, image: Image.Image, random: np.random.Generator
) -> Iterator[tuple[str, Box]]:
    """Places that a careless locator might name: red cells and platelets, or anywhere away from white cells."""
    boxed = [cell.box for cell in field.cells if cell.box]
    if not boxed:
        return
    side = float(np.median([box.longer for box in boxed]))
    for _ in range(NEGATIVES):
        if field.others and random.random() < 0.7:
            place = field.others[random.integers(len(field.others))]
        else:
            x, y = random.uniform(0, image.width), random.uniform(0, image.height)
            half = side * random.uniform(0.4, 1.0) / 2
            place = Box(x - half, y - half, x + half, y + half)
        if not any(_near(place, box) for box in boxed):
            yield "artefact", place


def _near(place: Box, cell: Box) -> bool:
    x, y = place.centre
    width, height = cell.xmax - cell.xmin, cell.ymax - cell.ymin
    return (
        cell.xmin - width / 2 < x < cell.xmax + width / 2
        and cell.ymin - height / 2 < y < cell.ymax + height / 2
    )
