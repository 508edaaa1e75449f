"""How far the probabilities of a part's answers can be trusted, and how right it is where it commits itself."""

from collections.abc import Mapping, Sequence
from typing import Any

from leukonet.training.benchmark.record import Table
from leukonet.training.evaluate import Answer
from leukonet.training.reliability import accuracy_at, calibration_error

NOTES = (
    "Calibration error: expected, over 15 bins of the first probability, of the located cells.",
    "Accuracy at 90% coverage: of the most certain cells that make 90% of all labelled ones.",
    "Committed: not left unclassified by the bundle's threshold; their share of all labelled cells is the coverage.",
)


def certainty_table(answers: Mapping[str, Sequence[Answer]]) -> Table:
    """A row for each set of answers that holds any.

    Args:
        answers: cell by cell, by what was judged on what.
    """
    rows = [_row(tested, judged) for tested, judged in answers.items() if judged]
    return Table("Knowing when it does not know", rows, NOTES)


def _row(tested: str, answers: Sequence[Answer]) -> dict[str, Any]:
    committed = [answer for answer in answers if answer.cell and not answer.cell.unclassified]
    right = sum(answer.right for answer in committed)
    return {
        "tested on": tested,
        "cells": len(answers),
        "calibration error": calibration_error(answers),
        "accuracy at 90% coverage": accuracy_at(answers),
        "coverage, committed": len(committed) / len(answers),
        "accuracy, committed": right / len(committed) if committed else None,
    }
