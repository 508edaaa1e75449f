"""Judges the recipe on a set in folds: each fold's pictures by networks that never saw their originals or slides."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

from leukonet.bundle import load_bundle
from leukonet.errors import DataError
from leukonet.labels import LabelledField
from leukonet.training import fit, train_classifier, train_locator
from leukonet.training.benchmark.certainty import certainty_table
from leukonet.training.benchmark.record import Part, Table, accuracy_row
from leukonet.training.crops import Crops, read_crops
from leukonet.training.datasets import read_dataset, without_doubted
from leukonet.training.detection import detect, detection_row
from leukonet.training.evaluate import Tally, evaluate
from leukonet.training.release import release_locate_classify
from leukonet.training.splits import folds

RATE = 1e-3
"""Peak learning rate of the short training that adds the other folds' pictures."""
COUNT = {"bccd": 5, "chula": 3}
"""Folds of each set."""
LOCATING = (
    "Every boxed white cell, of unknown class too; average precision at an intersection over union of 0.5.",
    "Recall, with exact 95% limits over independent fields, and false cells are at each bundle's threshold.",
)


def measure(data: Path, name: str, start: Path, out: Path, *, epochs: Mapping[str, int], seed: int) -> Part:
    """Train and judge every fold of a set.

    Both networks go on from ones that never saw the set, on all their training pictures and those of the other folds.
    A fold's network that is trained already is not trained again.

    Args:
        data: folder of the labelled sets.
        name: `bccd` or `chula`.
        start: folder of `locator` and `classifier`, trained without the set.
        out: gets a folder for each fold, with its networks and its bundle.
        epochs: of `locator` and `classifier` in each fold, of 100 batches.
        seed: of every random choice.

    Raises:
        DataError: a training of `start` is not finished, or data are missing.
    """
    for network in ("locator", "classifier"):
        if not (start / network / fit.WEIGHTS).is_file():
            raise DataError(f"{start / network}: run `leukonet train {network} --without {name}` first")
    parts = folds(read_dataset(data, name), COUNT[name])

    @cache
    def base() -> tuple[Crops, Crops]:
        fields, held = train_classifier.sources(data, seed, (name,))
        return read_crops(fields, seed), read_crops(held, seed)

    together, located, rows, notes = Tally(), [], [], []
    for number, judged in enumerate(parts, 1):
        others = without_doubted([field for part in parts if part is not judged for field in part])
        run = out / f"fold-{number}"
        _train_locator(data, name, start, run / "locator", others, epochs["locator"], seed)
        _train_classifier(base, start, run / "classifier", others, epochs["classifier"], seed)
        release_locate_classify(data, run, run / "bundle", seed, (name,))
        bundle = load_bundle(run / "bundle")
        tally = evaluate(judged, bundle)
        together.merge(tally)
        located += detect(judged, bundle)
        rows.append(accuracy_row(f"fold {number}", f"{name}, {_groups(judged)}", tally))
        notes += _unseen(number, name, judged, others)
    rows.append(accuracy_row("all folds", f"all of {name}", together))
    title = f"{name} in {COUNT[name]} folds by original image or slide, end to end"
    answers = {f"{name} in folds": together.answers}
    places = Table(
        "Its white cells located, in the same folds", [detection_row(f"all of {name}", located)], LOCATING
    )
    return Part([Table(title, rows, notes), places, certainty_table(answers)], answers)


def _groups(fields: Sequence[LabelledField]) -> str:
    """Name the slides of a fold, or count its originals."""
    groups = sorted({field.group for field in fields})
    return f"slides {', '.join(groups)}" if len(groups) < len(fields) else f"{len(groups)} originals"


def _train_locator(
    data: Path, name: str, start: Path, out: Path, others: Sequence[LabelledField], epochs: int, seed: int
) -> None:
    """Train a fold's locator, where that is not done."""
    if (out / fit.WEIGHTS).is_file():
        return
    base, held = train_locator.sources(data, seed, (name,))
    begun = start / "locator" / fit.WEIGHTS
    train_locator.train([*base, *others], held, out, epochs=epochs, rate=RATE, seed=seed, start=begun)


def _train_classifier(
    base: Callable[[], tuple[Crops, Crops]],
    start: Path,
    out: Path,
    others: Sequence[LabelledField],
    epochs: int,
    seed: int,
) -> None:
    """Train a fold's classifier, where that is not done."""
    if (out / fit.WEIGHTS).is_file():
        return
    crops, watched = base()
    begun = start / "classifier" / fit.WEIGHTS
    crops += read_crops(others, seed)
    train_classifier.train(crops, watched, out, epochs=epochs, rate=RATE, seed=seed, start=begun)


def _unseen(
    number: int, name: str, judged: Sequence[LabelledField], others: Sequence[LabelledField]
) -> list[str]:
    """Say which classes of the judged fields the other folds hold no cell of."""

    def names(fields: Sequence[LabelledField]) -> set[str]:
        return {cell.name for field in fields for cell in field.cells if cell.name}

    missing = sorted(names(judged) - names(others))
    return [f"Fold {number} had no {name} cell of {', '.join(missing)} to learn from."] if missing else []
