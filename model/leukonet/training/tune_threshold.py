"""Shows what each score threshold of the locator costs and brings: the choice is a person's.

A bundle that left sources out is judged on these: on a strange microscope cells score lower than on training pictures.
The threshold of one source's bundle is chosen on the others', as no test may choose for itself.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from leukonet.bundle import Bundle
from leukonet.labels import LabelledField
from leukonet.training.datasets import PAPER_PART, TRAINING_PARTS, read_dataset
from leukonet.training.evaluate import evaluate

THRESHOLDS = (0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6)
PARTS = {**TRAINING_PARTS, "kaggle_augmented": PAPER_PART}
"""What may decide here: pictures whose originals may be trained on."""
EVERY = {"kaggle_augmented": 5, "chula": 2, "pbc": 10}
"""Of Kaggle's 400 a class every fifth picture, of Chula's fields every second, of PBC's every tenth; of others all."""
KNOWN = ("kaggle_augmented", "bccd", "chula")
"""Sets on which a bundle that left none out is judged."""


def tune(data: Path, bundle: Bundle) -> Iterator[str]:
    """Judge a bundle at each threshold on the sources that it left out, but for what they test with, or on `KNOWN`.

    Args:
        data: folder of the labelled sets.
        bundle: of kind `locate-classify`.

    Yields:
        A head, then a line a set and threshold: right end to end, missed, false cells.

    Raises:
        DataError: data are missing.
    """
    yield f"{'set':<18}{'threshold':>10}{'cells':>7}{'right':>8}{'missed':>8}{'false':>7}"
    for name in bundle.provenance["left_out"] or KNOWN:
        fields = read_dataset(data, name, PARTS[name])[:: EVERY.get(name, 1)]
        for threshold in THRESHOLDS:
            yield _line(name, fields, replace(bundle, cell_threshold=threshold))


def _line(name: str, fields: Sequence[LabelledField], bundle: Bundle) -> str:
    tally = evaluate(fields, bundle)
    figures = tally.figures()
    return (
        f"{name:<18}{bundle.cell_threshold:>10.2f}{figures['n']:>7}{figures['accuracy']:>8.1%}"
        f"{figures['missed']:>8}{figures['false_cells']:>7}"
    )
