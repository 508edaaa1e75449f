"""Shows what it brings to expect neutrophils more than other cells: the choice is a person's.

Training draws all classes evenly; on a smear most cells are neutrophils, and what a strange stain makes doubtful is a
neutrophil more often than the classifier thinks. A bundle that left sources out is judged on these, so that the others
choose for each; one that left none out on the fields that were held out of its training.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from leukonet.bundle import Bundle
from leukonet.training.datasets import classes_known
from leukonet.training.left_out import judged_fields, named_cells

ADDED = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5)
"""To the neutrophil's logit, beside what the bundle has already."""


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
    known = classes_known(data, bundle.provenance["left_out"]) - {"artefact"}
    yield f"{'set':<10}{'added':>7}{'cells':>7}{'balanced':>10}{'neutrophils':>13}"
    for name, fields in judged_fields(data, bundle).items():
        logits, truth = named_cells(fields, bundle, known)
        neutrophil = bundle.classes.index("neutrophil")
        for added in ADDED:
            raised = logits.copy()
            raised[:, neutrophil] += added
            named = raised.argmax(axis=1)
            recalls = {index: float((named[truth == index] == index).mean()) for index in np.unique(truth)}
            mean = sum(recalls.values()) / len(recalls)
            yield f"{name:<10}{added:>7.1f}{len(truth):>7}{mean:>10.1%}{recalls[neutrophil]:>13.1%}"
