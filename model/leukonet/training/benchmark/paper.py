"""The paper's network by the paper's protocol, and what it takes to come near its figures, one change a row."""

from collections.abc import Sequence
from pathlib import Path

import keras

from leukonet.bundle import LOCATOR, Bundle
from leukonet.cells import PAPER_CLASSES
from leukonet.labels import LabelledField
from leukonet.training import train_paper
from leukonet.training.benchmark.named import named_cell
from leukonet.training.benchmark.production import ORIGINALS
from leukonet.training.benchmark.record import Part, Table, accuracy_row
from leukonet.training.datasets import read_dataset
from leukonet.training.evaluate import Answer, Tally
from leukonet.training.paper_pictures import read_pictures
from leukonet.training.train_paper import LADDER

PAPER = {"training": 0.9739, "validation": 0.9777, "test": 0.953}
"""Accuracies that the paper reports, the last on 213 pictures."""
LEAKS = (
    "The 213 leak, as the paper's own seem to: other augmentations of their originals were trained on.",
    "Kaggle TEST and its 71 originals do not leak.",
    "The paper reports {training:.2%} in training, {validation:.2%} in validation, {test:.1%} on its 213.".format(
        **PAPER
    ),
    "Each row keeps the changes of the rows above it.",
)


def measure(data: Path, runs: Path, bundle: Bundle, *, epochs: int, seed: int) -> Part:
    """Train every rung of the ladder and judge it on the paper's 213, Kaggle TEST and the 71 originals.

    Args:
        data: folder of the labelled sets.
        runs: gets a folder for each rung; what is trained is not trained again.
        bundle: whose locator finds the cells for the rungs that see crops.
        epochs: at most, of each rung.
        seed: of every random choice.

    Raises:
        DataError: data are missing.
    """
    tests = {
        "213, leaking": (read_dataset(data, "kaggle_augmented", "paper_test_213"), None),
        "Kaggle TEST": (read_dataset(data, "kaggle_augmented", "test"), ORIGINALS),
        "71 originals": (read_dataset(data, "bccd", "test"), None),
    }
    locator, rows, answers = bundle.networks[LOCATOR], [], {}
    for rung in LADDER:
        model = train_paper.train(
            data, runs / rung.name, epochs=epochs, seed=seed, rung=rung, locator=locator
        )
        for tested, (fields, sources) in tests.items():
            tally = judge(model, fields, locator if rung.cropped else None)
            rows.append(accuracy_row(rung.change, tested, tally, sources))
            answers[f"{rung.name} on {tested}"] = tally.answers
    return Part([Table("The paper's network", rows, LEAKS)], answers)


def judge(model: keras.Model, fields: Sequence[LabelledField], locator: bytes | None) -> Tally:
    """Name every field by the network; where it sees crops, a cell that is not located is missed."""
    read = read_pictures(fields, locator)
    shares = train_paper.classes_of(model, read.images)
    answers = []
    for field, located, row in zip(read.fields, read.located, shares, strict=True):
        cell = None if locator and not located else named_cell(PAPER_CLASSES, row)
        answers.append(Answer(field.path, f"{field.source}/{field.group}", str(field.cells[0].name), cell))
    return Tally(answers)
