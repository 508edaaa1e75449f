"""How far probabilities can be trusted, and what is gained by leaving the least certain cells to a person.

A cell that was not located has no probability: it is in no bin of the reliability curve, and it is a cell that was not
answered, so that coverage falls short of 1 by as much.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from leukonet.training.evaluate import Answer

BINS = 15
"""Equal-width bins of confidence, as most of the literature has them."""


@dataclass(frozen=True, slots=True)
class Bin:
    """The answers whose first probability falls between two limits."""

    low: float
    """0 to 1; the bin reaches from here to `high`."""
    high: float
    count: int
    """At least 1: empty bins are left out."""
    confidence: float
    """Mean first probability, 0 to 1."""
    accuracy: float
    """Part of the answers that is right, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Covered:
    """What is answered, and how well, if cells below a first probability are left to a person."""

    threshold: float
    """The least first probability that is answered, 0 to 1."""
    coverage: float
    """Part of all labelled cells that is answered, 0 to 1."""
    risk: float
    """Part of the answered cells that is wrong, 0 to 1."""


def bins_of(first: npt.ArrayLike, right: npt.ArrayLike) -> list[Bin]:
    """Sort answers into `BINS` bins of confidence.

    Args:
        first: `(n,)` first probabilities, 0 to 1.
        right: `(n,)` whether each answer is right.

    Returns:
        The bins that hold any answer, the least confident first.
    """
    confidence, correct = np.asarray(first, np.float64), np.asarray(right, bool)
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    found = []
    for index in np.unique(place).tolist():
        chosen = place == index
        mean, accuracy = float(confidence[chosen].mean()), float(correct[chosen].mean())
        found.append(Bin(index / BINS, (index + 1) / BINS, int(chosen.sum()), mean, accuracy))
    return found


def expected_error(found: Sequence[Bin]) -> float:
    """Expected calibration error, 0 to 1: the gap between confidence and accuracy, weighted by each bin's count."""
    total = sum(each.count for each in found)
    return sum(abs(each.confidence - each.accuracy) * each.count for each in found) / max(1, total)


def reliability(answers: Sequence[Answer]) -> list[Bin]:
    """The reliability curve of the located cells; empty where none was located."""
    located = [(answer.cell.first_probability, answer.right) for answer in answers if answer.cell]
    return bins_of([first for first, _ in located], [right for _, right in located])


def calibration_error(answers: Sequence[Answer]) -> float | None:
    """Expected calibration error of the located cells, 0 to 1; None where none was located."""
    found = reliability(answers)
    return expected_error(found) if found else None


def risk_coverage(answers: Sequence[Answer]) -> list[Covered]:
    """What each threshold would answer, the most confident answers first.

    Answers of one probability are parted by no threshold and make one point. The last point answers every located
    cell; its coverage is below 1 where cells were missed, artefacts that are rightly not located among them.
    """
    located = sorted(
        ((answer.cell.first_probability, answer.right) for answer in answers if answer.cell), reverse=True
    )
    points, wrong = [], 0
    for count, (first, right) in enumerate(located, start=1):
        wrong += not right
        if count == len(located) or located[count][0] < first:
            points.append(Covered(first, count / len(answers), wrong / count))
    return points


def accuracy_at(answers: Sequence[Answer], coverage: float = 0.9) -> float | None:
    """Accuracy, 0 to 1, of the most confident answers that cover at least this part of all labelled cells.

    None where so many cells were missed that no threshold covers as much.
    """
    enough = (1 - point.risk for point in risk_coverage(answers) if point.coverage >= coverage)
    return next(enough, None)
