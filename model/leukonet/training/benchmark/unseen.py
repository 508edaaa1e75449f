"""Leave one source out: what becomes of a microscope that no network of the bundle has seen."""

from collections.abc import Mapping
from pathlib import Path

from leukonet.bundle import load_bundle
from leukonet.training import train_classifier, train_locator
from leukonet.training.benchmark.certainty import certainty_table
from leukonet.training.benchmark.record import Part, Table, accuracy_row
from leukonet.training.datasets import classes_known, read_dataset
from leukonet.training.evaluate import Answer, Tally, evaluate
from leukonet.training.release import release_locate_classify

SETS = ("bccd", "chula", "pbc")
"""Each is left out once. No image of it, nor of what was made of it, is then used for anything."""


def measure(data: Path, runs: Path, *, epochs: Mapping[str, int], seed: int) -> Part:
    """Train without each source, and judge on the whole of it.

    Args:
        data: folder of the labelled sets.
        runs: gets `without-SET/` for each, with its networks and its bundle; what is trained is not trained again.
        epochs: of `locator` and `classifier`, of 100 batches.
        seed: of every random choice.

    Raises:
        DataError: data are missing.
    """
    rows, answers = [], {}
    for name in SETS:
        run = runs / f"without-{name}"
        train_locator.train_on(data, run / "locator", epochs=epochs["locator"], seed=seed, without=(name,))
        train_classifier.train_on(
            data, run / "classifier", epochs=epochs["classifier"], seed=seed, without=(name,)
        )
        release_locate_classify(data, run, run / "bundle", seed, (name,))
        tally = evaluate(read_dataset(data, name), load_bundle(run / "bundle"))
        shared = Tally(_shared(data, name, tally.answers), tally.false_cells)
        rows.append(accuracy_row(f"trained without {name}", f"all of {name}", shared))
        answers[f"{name}, left out"] = shared.answers
    mean = sum(row["balanced"] for row in rows) / len(rows)
    note = f"Mean balanced accuracy over the three: {mean:.1%}. Only classes that the other sources hold are judged."
    table = Table("A microscope never seen: one source left out", rows, [note])
    return Part([table, certainty_table(answers)], answers)


def _shared(data: Path, name: str, answers: list[Answer]) -> list[Answer]:
    """Answers on cells of classes that the sources trained on hold too."""
    known = classes_known(data, (name,))
    return [answer for answer in answers if answer.truth in known]
