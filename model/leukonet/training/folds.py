"""Judges the recipe on Chula's slides, each by networks that never saw them.

Chula's slides hold one or two classes each, so a fold may leave a class without any Chula cell to learn from.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from leukonet.bundle import load_bundle
from leukonet.errors import DataError
from leukonet.labels import LabelledField
from leukonet.training import fit, train_classifier, train_locator
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

    Both networks go on from ones that never saw Chula, on all their training pictures and the slides of the other
    folds. A fold's network that is trained already is not trained again.

    Args:
        data: folder of the labelled sets.
        start: folder of `locator` and `classifier`, trained without Chula.
        out: gets a folder for each fold.
        count: folds.
        epochs: of each network's training in each fold, of 100 batches.
        seed: of every random choice.

    Returns:
        `folds`, each with its `slides`, the classes that it left `unseen` and its `figures`; and `together`.

    Raises:
        DataError: a training of `start` is not finished, or data are missing.
    """
    for network in ("locator", "classifier"):
        if not (start / network / fit.WEIGHTS).is_file():
            raise DataError(f"{start / network}: run `leukonet train {network} --without chula` first")
    parts = folds(read_dataset(data, "chula"), count)
    together = Tally()
    told = []
    for number, judged in enumerate(parts):
        others = [field for part in parts if part is not judged for field in part]
        run = out / f"fold-{number}"
        _train(data, start, run, others, epochs, seed)
        release_locate_classify(data, run, run / "bundle", seed, LEFT_OUT)
        tally = evaluate(judged, load_bundle(run / "bundle"))
        together.merge(tally)
        slides = sorted({field.group for field in judged})
        told.append({"slides": slides, "unseen": _unseen(judged, others), "figures": tally.figures()})
    return {"folds": told, "together": together.figures()}


def _train(
    data: Path, start: Path, run: Path, others: Sequence[LabelledField], epochs: int, seed: int
) -> None:
    """Train a fold's two networks, where that is not done."""
    if not (run / "locator" / fit.WEIGHTS).is_file():
        base, held = train_locator.sources(data, seed, LEFT_OUT)
        begun = start / "locator" / fit.WEIGHTS
        train_locator.train(
            [*base, *others], held, run / "locator", epochs=epochs, rate=RATE, seed=seed, start=begun
        )
    if not (run / "classifier" / fit.WEIGHTS).is_file():
        base, held = train_classifier.sources(data, seed, LEFT_OUT)
        crops, watched = read_crops([*base, *others], seed), read_crops(held, seed)
        begun = start / "classifier" / fit.WEIGHTS
        train_classifier.train(
            crops, watched, run / "classifier", epochs=epochs, rate=RATE, seed=seed, start=begun
        )


def _unseen(judged: Sequence[LabelledField], others: Sequence[LabelledField]) -> list[str]:
    """Classes of the judged fields of which the other folds hold no cell."""

    def names(fields: Sequence[LabelledField]) -> set[str]:
        return {cell.name for field in fields for cell in field.cells if cell.name}

    return sorted(names(judged) - names(others))
