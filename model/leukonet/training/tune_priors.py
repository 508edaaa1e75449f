"""Shows what it brings to expect neutrophils more than other cells: the choice is a person's.

Training draws all classes evenly; on a smear most cells are neutrophils, and what a strange stain makes doubtful is a
neutrophil more often than the classifier thinks. A bundle that left sources out is judged on these, so that the others
choose for each; one that left none out on the fields that were held out of its training.
"""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from leukonet import classify
from leukonet.analysis import open_networks
from leukonet.bundle import Bundle
from leukonet.labels import LabelledField
from leukonet.tiles import locate_field
from leukonet.training.crops import named_boxes
from leukonet.training.datasets import TRAINING_PARTS, classes_known, read_dataset
from leukonet.training.evaluate import LEAST_OVERLAP
from leukonet.training.train_classifier import sources
from leukonet.views import crop, on_canvas, pixels

ADDED = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5)
"""To the neutrophil's logit, beside what the bundle has already."""
EVERY = {"pbc": 10}
"""Of PBC's fields every tenth is looked at, of other sets all; what a set tests with is left out."""


def tune(data: Path, bundle: Bundle) -> Iterator[str]:
    """Judge a bundle with more and more neutrophils expected.

    Args:
        data: folder of the labelled sets.
        bundle: of kind `locate-classify`.

    Yields:
        A head, then a line a set and addition: balanced recall over the classes that other sets hold too,
        and the neutrophils' own, of the located cells.

    Raises:
        DataError: data are missing.
    """
    left_out = bundle.provenance["left_out"]
    known = classes_known(data, left_out) - {"artefact"}
    yield f"{'set':<10}{'added':>7}{'cells':>7}{'balanced':>10}{'neutrophils':>13}"
    judged = {
        name: read_dataset(data, name, TRAINING_PARTS[name])[:: EVERY.get(name, 1)] for name in left_out
    }
    for name, fields in (judged or {"held out": sources(data, bundle.provenance["seed"])[1]}).items():
        logits, truth = named_cells(fields, bundle, known)
        neutrophil = bundle.classes.index("neutrophil")
        for added in ADDED:
            raised = logits.copy()
            raised[:, neutrophil] += added
            named = raised.argmax(axis=1)
            recalls = {index: float((named[truth == index] == index).mean()) for index in np.unique(truth)}
            mean = sum(recalls.values()) / len(recalls)
            yield f"{name:<10}{added:>7.1f}{len(truth):>7}{mean:>10.1%}{recalls[neutrophil]:>13.1%}"


def named_cells(
    fields: Sequence[LabelledField], bundle: Bundle, known: Collection[str | None]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Logits `(n, classes)` of the cells of known classes that the bundle locates, and the classes they have.

    Args:
        fields: labelled.
        bundle: of kind `locate-classify`.
        known: names of classes.
    """
    locator, classifier = open_networks(bundle)
    logits, truth = [], []
    for field in fields:
        with Image.open(field.path) as opened:
            image = opened.convert("RGB")
        canvas = on_canvas(image)
        places = locate_field(locator, canvas, image, bundle.cell_threshold)
        for name, box in named_boxes(field, image):
            overlap, place = max(((place.box.overlap(box), place) for place in places), default=(0.0, None))
            if name not in known or place is None or overlap < LEAST_OVERLAP:
                continue
            picture = pixels(crop(image, place.box, canvas.light))
            logits.append(classify.scores(classifier, picture, mirrored=bundle.mirrored))
            truth.append(bundle.classes.index(name))
    return np.stack(logits), np.array(truth)
