"""Judges the recipe on Chula's slides, each by networks that never saw them.

Chula's slides hold one or two classes each, so a fold may leave a class without any Chula cell to learn from.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from leukonet.bundle import load_bundle
from leukonet.errors import DataError
from leukonet.labels import LabelledField
from leukonet.training import fit, train_classifier
from leukonet.training.crops import read_crops
from leukonet.training.datasets import read_dataset
from leukonet.training.evaluate import Tally, evaluate
from leukonet.training.release import release_locate_classify
from leukonet.training.splits import folds

LEFT_OUT = ("chula",)
RATE = 1e-3
"""Peak learning rate of the short training that adds the other folds' slides."""


def judge_chula(data: Path, start: Path, out: Path, *, count: int, epochs: int, seed: int) -> dict[str, Any]:
    """Train and judge every fold.

    The locator stays the one that never saw Chula; the classifier goes on from the one that never saw it, on all
    its training pictures and the slides of the other folds.

    Args:
        data: folder of the labelled sets.
        start: folder of `locator` and `classifier`, trained without Chula.
        out: gets a folder for each fold.
        count: folds.
        epochs: of each fold's training, of 100 batches.
        seed: of every random choice.

    Returns:
        `folds`, each with its `slides`, the classes that it left `unseen` and its `figures`; and `together`.

    Raises:
        DataError: a training of `start` is not finished, or data are missing.
    """
    begun = start / "classifier" / fit.WEIGHTS
    if not begun.is_file():
        raise DataError(f"{begun}: train it first, with `leukonet train classifier --without chula`")
    parts = folds(read_dataset(data, "chula"), count)
    base, held = train_classifier.sources(data, seed, LEFT_OUT)
    watched = read_crops(held, seed)
    together = Tally()
    told = []
    for number, judged in enumerate(parts):
        others = [field for part in parts if part is not judged for field in part]
        run = out / f"fold-{number}"
        if not (run / "classifier" / fit.WEIGHTS).is_file():
            crops = read_crops([*base, *others], seed)
            train_classifier.train(
                crops, watched, run / "classifier", epochs=epochs, rate=RATE, seed=seed, start=begun
            )
        tally = _judge(data, run, start, judged, seed)
        together.merge(tally)
        slides = sorted({field.group for field in judged})
        told.append({"slides": slides, "unseen": _unseen(judged, others), "figures": tally.figures()})
    return {"folds": told, "together": together.figures()}


def _judge(data: Path, run: Path, start: Path, judged: Sequence[LabelledField], seed: int) -> Tally:
    """Pack a fold's networks and judge them end to end on its fields."""
    if not (run / "locator").exists():
        (run / "locator").symlink_to((start / "locator").absolute())
    release_locate_classify(data, run, run / "bundle", seed, LEFT_OUT)
    return evaluate(judged, load_bundle(run / "bundle"))


def _unseen(judged: Sequence[LabelledField], others: Sequence[LabelledField]) -> list[str]:
    """Classes of the judged fields of which the other folds hold no cell."""

    def names(fields: Sequence[LabelledField]) -> set[str]:
        return {cell.name for field in fields for cell in field.cells if cell.name}

    return sorted(names(judged) - names(others))
