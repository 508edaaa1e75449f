"""The bundle that ships, end to end on test data that decided nothing: locate, then classify."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from leukonet.bundle import Bundle
from leukonet.cells import LEUCOCYTES
from leukonet.training.benchmark.certainty import certainty_table
from leukonet.training.benchmark.record import Part, Table, accuracy_row
from leukonet.training.datasets import read_dataset
from leukonet.training.evaluate import Answer, Tally, evaluate

ORIGINALS = 71
"""Originals from which all of Kaggle's test pictures stem."""


def measure(data: Path, bundle: Bundle) -> Part:
    """Judge a bundle on Kaggle's test side, its originals, and PBC's val part.

    Raises:
        DataError: data are missing.
    """
    rows, answers = judge(data, bundle, bundle.name)
    note = (
        "A missed cell is an error; the first class counts whatever its probability. PBC names no patients."
    )
    table = Table("The production bundle, end to end", rows, [note])
    return Part([table, certainty_table(answers)], answers)


def judge(data: Path, bundle: Bundle, model: str) -> tuple[list[dict[str, Any]], dict[str, Sequence[Answer]]]:
    """The rows of a bundle, and its answers by what it was judged on.

    Args:
        data: folder of the labelled sets.
        bundle: to be judged.
        model: what the rows call it.

    Raises:
        DataError: data are missing.
    """
    pbc = evaluate(read_dataset(data, "pbc", "val"), bundle)
    five = Tally([answer for answer in pbc.answers if answer.truth in LEUCOCYTES], pbc.false_cells)
    kaggle = evaluate(read_dataset(data, "kaggle_augmented", "test"), bundle)
    originals = evaluate(read_dataset(data, "bccd", "test"), bundle)
    rows = [
        accuracy_row(model, "Kaggle TEST, augmented", kaggle, ORIGINALS),
        accuracy_row(model, "its 71 originals", originals),
        accuracy_row(model, "pbc val, five classes", five),
        accuracy_row(model, "pbc val, eight classes", pbc),
    ]
    return rows, {"bccd test": originals.answers, "pbc val": pbc.answers, "Kaggle TEST": kaggle.answers}
