"""Answers as a bundle would give them, for tests of what is made of answers."""

from pathlib import Path

from leukonet.result import Box, Cell
from leukonet.training.evaluate import Answer

BOX = Box(10, 10, 50, 50)


def answer(
    probability: float | None,
    *,
    right: bool = True,
    truth: str = "neutrophil",
    group: str = "set/one",
    path: Path = Path("data/set/one.jpg"),
) -> Answer:
    """Give an answer of this first probability; None for a cell that was missed."""
    if probability is None:
        return Answer(path, group, truth, None)
    other = "monocyte" if truth == "neutrophil" else "neutrophil"
    first, second = (truth, other) if right else (other, truth)
    cell = Cell(BOX, 0.9, first, probability, second, (1 - probability) / 2, probability < 0.5, True)
    return Answer(path, group, truth, cell)
