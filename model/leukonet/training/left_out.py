"""Fields of the sources that a bundle left out, and its cells on them: what a setting may be chosen on."""

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from leukonet import classify
from leukonet.analysis import open_networks
from leukonet.bundle import Bundle
from leukonet.colour import Pixels
from leukonet.labels import LabelledField, read_image
from leukonet.tiles import locate_field
from leukonet.training.crops import named_boxes
from leukonet.training.datasets import TRAINING_PARTS, read_dataset
from leukonet.training.evaluate import LEAST_OVERLAP
from leukonet.training.train_classifier import sources
from leukonet.views import on_canvas

EVERY = {"pbc": 10}
"""Of PBC's fields every tenth is looked at, of other sets all; what a set tests with is left out."""


def left_out_fields(data: Path, left_out: Sequence[str]) -> dict[str, list[LabelledField]]:
    """Some fields of each set that may be trained on.

    Args:
        data: folder of the labelled sets.
        left_out: names of sets.

    Raises:
        DataError: data are missing.
    """
    return {name: read_dataset(data, name, TRAINING_PARTS[name])[:: EVERY.get(name, 1)] for name in left_out}


def judged_fields(data: Path, bundle: Bundle) -> dict[str, list[LabelledField]]:
    """Fields of the sources that a bundle left out; of one that left none out, those held out of its training.

    Args:
        data: folder of the labelled sets.
        bundle: of kind `locate-classify`.

    Raises:
        DataError: data are missing.
    """
    left_out = left_out_fields(data, bundle.provenance["left_out"])
    return left_out or {"held out": sources(data, bundle.provenance["seed"])[1]}


def named_cells(
    fields: Sequence[LabelledField], bundle: Bundle, known: Collection[str | None]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Logits `(n, classes)` of the cells of known classes that the bundle locates, and the classes they have.

    Args:
        fields: labelled.
        bundle: of kind `locate-classify`.
        known: names of classes.
    """
    network = open_networks(bundle)[1]
    pictures, truth = located_crops(fields, bundle, known)
    return np.stack([classify.scores(network, each, mirrored=bundle.mirrored) for each in pictures]), truth


def located_crops(
    fields: Sequence[LabelledField], bundle: Bundle, known: Collection[str | None]
) -> tuple[list[Pixels], npt.NDArray[np.int64]]:
    """Crops `(CROP, CROP, 3)` of the same cells as the bundle cuts them, and the classes they have."""
    locator = open_networks(bundle)[0]
    pictures, truth = [], []
    for field in fields:
        image = read_image(field)
        canvas = on_canvas(image)
        places = locate_field(locator, canvas, image, bundle.cell_threshold)
        for name, box in named_boxes(field, image):
            overlap, place = max(((place.box.overlap(box), place) for place in places), default=(0.0, None))
            if name not in known or place is None or overlap < LEAST_OVERLAP:
                continue
            pictures.append(classify.cut(bundle, image, canvas.light, place.box))
            truth.append(bundle.classes.index(name))
    return pictures, np.array(truth)
