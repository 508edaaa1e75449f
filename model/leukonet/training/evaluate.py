"""Judges a bundle end to end on labelled fields: locate, then classify; a missed cell is an error."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from leukonet.analysis import analyse
from leukonet.bundle import Bundle, Kind
from leukonet.errors import DataError, ImageError
from leukonet.labels import LabelledField
from leukonet.result import Cell, FieldResult

MISSED = "missed"
"""Column of the confusion for cells that were not located."""
LEAST_OVERLAP = 0.3
"""A located cell is the labelled one from this intersection over union on."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One labelled cell and what a bundle made of it."""

    path: Path
    """The image."""
    group: str
    """Its independent source: original image or slide."""
    truth: str
    cell: Cell | None
    """None where the cell was not located."""

    @property
    def named(self) -> str:
        """The first class, or `MISSED`."""
        return self.cell.first if self.cell else MISSED

    @property
    def right(self) -> bool:
        """Whether the answer is the truth."""
        return is_right(self.truth, self.named)


@dataclass
class Tally:
    """What was found against what is true, cell by cell."""

    answers: list[Answer] = field(default_factory=list)
    false_cells: int = 0
    """Located where no cell is labelled, and not named artefact; counted only in fields whose cells are boxed."""

    @property
    def confusion(self) -> Counter[tuple[str, str]]:
        """Cells by `(true class, first class or MISSED)`."""
        return Counter((answer.truth, answer.named) for answer in self.answers)

    def add(self, labelled: LabelledField, truth: str, found: Cell | None) -> None:
        """Count one labelled cell of a field and what the bundle made of it."""
        self.answers.append(Answer(labelled.path, f"{labelled.source}/{labelled.group}", truth, found))

    def merge(self, other: "Tally") -> None:
        """Add what another tally counted."""
        self.answers += other.answers
        self.false_cells += other.false_cells

    def figures(self) -> dict[str, Any]:
        """Everything that `leukonet evaluate --json` prints."""
        confusion, total = self.confusion, len(self.answers)
        per_class = {
            name: _of_class(confusion, name) for name in sorted({each.truth for each in self.answers})
        }
        located = [answer.cell for answer in self.answers if answer.cell]
        return {
            "n": total,
            "accuracy": sum(answer.right for answer in self.answers) / total,
            "balanced_accuracy": sum(row["recall"] or 0.0 for row in per_class.values()) / len(per_class),
            "per_class": per_class,
            "confusion": {
                name: {named: count for (truth, named), count in sorted(confusion.items()) if truth == name}
                for name in per_class
            },
            "located": len(located),
            "missed": total - len(located),
            "false_cells": self.false_cells,
            "unclassified": sum(cell.unclassified for cell in located),
        }


def _of_class(confusion: Counter[tuple[str, str]], name: str) -> dict[str, float | None]:
    """Support, recall and precision of one class."""
    support = sum(count for (truth, _), count in confusion.items() if truth == name)
    right = sum(
        count for (truth, named), count in confusion.items() if truth == name and is_right(name, named)
    )
    answers = sum(count for (_, named), count in confusion.items() if named == name)
    precision = confusion[name, name] / answers if answers else None
    return {"support": support, "recall": right / support, "precision": precision}


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
    if not tally.answers:
        raise DataError("no cell with a class among the labels: nothing to judge")
    return tally


def _judge_central(labelled: LabelledField, result: FieldResult, tally: Tally) -> None:
    """Labels without boxes: the cell nearest the middle of the field is meant; a place named artefact is none."""
    x, y = result.width / 2, result.height / 2
    nearest = min(
        [cell for cell in result.cells if cell.first != "artefact"] or result.cells,
        key=lambda cell: (cell.box.centre[0] - x) ** 2 + (cell.box.centre[1] - y) ** 2,
        default=None,
    )
    for cell in labelled.cells:
        if cell.name:
            tally.add(labelled, cell.name, nearest)


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
            tally.add(labelled, truth.name, cells[partner[row]] if row in partner else None)
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
