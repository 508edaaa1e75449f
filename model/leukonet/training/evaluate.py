"""Judges a bundle end to end on labelled fields: locate, then classify; a missed cell is an error."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from leukonet.analyse import analyse
from leukonet.bundle import Bundle, Kind
from leukonet.errors import DataError, ImageError
from leukonet.labels import LabelledField
from leukonet.result import Cell, FieldResult

MISSED = "missed"
"""Column of the confusion for cells that were not located."""
LEAST_OVERLAP = 0.3
"""A located cell is the labelled one from this intersection over union on."""


@dataclass
class Tally:
    """What was found against what is true, cell by cell."""

    confusion: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Cells by `(true class, first class or MISSED)`."""
    located: int = 0
    false_cells: int = 0
    """Located where no cell is labelled, and not named artefact; counted only in fields whose cells are boxed."""
    unclassified: int = 0

    def add(self, truth: str, found: Cell | None) -> None:
        """Count one labelled cell and what the bundle made of it."""
        self.confusion[truth, found.first if found else MISSED] += 1
        self.located += found is not None
        self.unclassified += found is not None and found.unclassified

    def merge(self, other: "Tally") -> None:
        """Add what another tally counted."""
        self.confusion += other.confusion
        self.located += other.located
        self.false_cells += other.false_cells
        self.unclassified += other.unclassified

    def figures(self) -> dict[str, Any]:
        """Everything that `leukonet evaluate --json` prints."""
        names = sorted({truth for truth, _ in self.confusion})
        total = sum(self.confusion.values())
        per_class = {name: self._of_class(name) for name in names}
        right = sum(count for pair, count in self.confusion.items() if is_right(*pair))
        return {
            "n": total,
            "accuracy": right / total,
            "balanced_accuracy": sum(self._recall(name) for name in names) / len(names),
            "per_class": per_class,
            "confusion": {
                name: {
                    named: count for (truth, named), count in sorted(self.confusion.items()) if truth == name
                }
                for name in names
            },
            "located": self.located,
            "missed": total - self.located,
            "false_cells": self.false_cells,
            "unclassified": self.unclassified,
        }

    def _of_class(self, name: str) -> dict[str, float | None]:
        answers = sum(count for (_, named), count in self.confusion.items() if named == name)
        precision = self.confusion[name, name] / answers if answers else None
        return {"support": self._support(name), "recall": self._recall(name), "precision": precision}

    def _support(self, name: str) -> int:
        return sum(count for (truth, _), count in self.confusion.items() if truth == name)

    def _recall(self, name: str) -> float:
        right = sum(count for pair, count in self.confusion.items() if pair[0] == name and is_right(*pair))
        return right / self._support(name)


def is_right(truth: str, named: str) -> bool:
    """Whether an answer is right: the same class, or nothing found where there is an artefact."""
    return named == truth or (truth == "artefact" and named == MISSED)


def evaluate(
    fields: Sequence[LabelledField], bundle: Bundle, wrap: Callable[[Iterable[Any]], Iterable[Any]] = iter
) -> Tally:
    """Analyse every field and compare.

    Args:
        fields: labelled; cells without a class are found or not, and judged no further.
        bundle: to be judged.
        wrap: shows progress over the fields.

    Raises:
        DataError: a file is missing or is no image.
    """
    tally = Tally()
    for labelled in wrap(fields):
        try:
            result = analyse(labelled.path.read_bytes(), bundle)
        except (OSError, ImageError) as error:
            raise DataError(f"{labelled.path}: {error}") from error
        if any(cell.box is None for cell in labelled.cells):
            _judge_central(labelled, result, tally)
        else:
            _judge_boxes(labelled, result, bundle, tally)
    if not tally.confusion:
        raise DataError("no cell with a class among the labels: nothing to judge")
    return tally


def _judge_central(labelled: LabelledField, result: FieldResult, tally: Tally) -> None:
    """Labels without boxes: the cell nearest the middle of the field is meant."""
    x, y = result.width / 2, result.height / 2
    nearest = min(
        result.cells,
        key=lambda cell: (cell.box.centre[0] - x) ** 2 + (cell.box.centre[1] - y) ** 2,
        default=None,
    )
    for cell in labelled.cells:
        if cell.name:
            tally.add(cell.name, nearest)


def _judge_boxes(labelled: LabelledField, result: FieldResult, bundle: Bundle, tally: Tally) -> None:
    """Pair labelled and located cells, the largest overlap first; what is left over is missed or false."""
    cells = result.cells
    least = 0.0 if bundle.kind is Kind.FIELD else LEAST_OVERLAP
    pairs = sorted(
        (
            (truth.box.overlap(cell.box), row, column)
            for row, truth in enumerate(labelled.cells)
            for column, cell in enumerate(cells)
            if truth.box
        ),
        reverse=True,
    )
    partner: dict[int, int] = {}
    for overlap, row, column in pairs:
        if overlap >= least and row not in partner and column not in partner.values():
            partner[row] = column
    for row, truth in enumerate(labelled.cells):
        if truth.name:
            tally.add(truth.name, cells[partner[row]] if row in partner else None)
    spare = set(range(len(cells))) - set(partner.values())
    tally.false_cells += sum(cells[column].first != "artefact" for column in spare)


def lines(figures: dict[str, Any]) -> list[str]:
    """The figures of `Tally.figures` as people read them."""
    rows = [
        "{n} cells: accuracy {accuracy:.1%}, balanced accuracy {balanced_accuracy:.1%}".format(**figures),
        "located {located}, missed {missed}, false cells {false_cells}, unclassified {unclassified}".format(
            **figures
        ),
        f"{'class':<22}{'cells':>6}{'recall':>9}{'precision':>11}  named",
    ]
    for name, row in figures["per_class"].items():
        precision = f"{row['precision']:.1%}" if row["precision"] is not None else "-"
        named = ", ".join(f"{other} {count}" for other, count in figures["confusion"][name].items())
        rows.append(f"{name:<22}{row['support']:>6}{row['recall']:>9.1%}{precision:>11}  {named}")
    return rows
