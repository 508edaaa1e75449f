"""What counted cells before networks did: Otsu's threshold, then nearest neighbours or a decision tree."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import recall_score
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from leukonet.cells import LEUCOCYTES
from leukonet.labels import LabelledField
from leukonet.result import Box, Cell
from leukonet.training.benchmark.named import named_cell
from leukonet.training.benchmark.record import Part, Table, accuracy_row
from leukonet.training.crops import cut_cells
from leukonet.training.datasets import TRAINING_PARTS, read_dataset
from leukonet.training.evaluate import Answer, Tally
from leukonet.training.shape_features import Features, measure_cell
from leukonet.training.splits import folds

Matrix = npt.NDArray[np.float64]

FOLDS = 5
"""Folds of the training cells in which k and the depth are chosen."""
SOURCES = ("bccd", "chula", "pbc", "txl_pbc")
"""Sets whose cells have a class."""
KNOWN = (("bccd", "test"), ("pbc", "val"))
"""Sets and parts that are judged by rivals which have learned from other pictures of the same set."""
NEW = (("bccd", "all"), ("chula", "all"), ("pbc", "val"))
"""Sets and parts that are judged by rivals which have seen nothing of the set."""
SIMPLE = (
    "nucleus_area",
    "nucleus_perimeter",
    "nucleus_eccentricity",
    "nucleus_solidity",
    "nucleus_lobes",
    "nucleus_cell_ratio",
    "cell_area",
    *(f"{part}_{axis}_mean" for part in ("nucleus", "cytoplasm") for axis in ("lightness", "red", "yellow")),
)
"""What the neighbours are told apart by: with every feature alike in weight, more of them only blur the distance."""
CELLS_NOTE = (
    "The rivals get the labelled boxes (for PBC, which has none, the outline's), so they can miss no cell and find no"
    " false one. They know the five leucocytes alone; the networks locate, and part eight classes."
)
TRAINING_NOTE = (
    "They are trained on every leucocyte that the networks are trained and calibrated on; the classes weigh alike, the"
    f" sources by their size. k and depth have the best balanced accuracy in {FOLDS} folds of these cells, by original"
    " or slide."
)
NEW_NOTE = "No picture of the tested source was trained on. Cells of a class that the other sources lack are left out."


@dataclass(frozen=True, slots=True)
class Measured:
    """One leucocyte and what was measured of it."""

    field: LabelledField
    name: str
    """Class, one of `LEUCOCYTES`."""
    box: Box
    features: Features


@dataclass(frozen=True, slots=True)
class Rival:
    """A method before it has seen a cell."""

    name: str
    features: Sequence[str] | None
    """Names of what it looks at; None for everything."""
    make: Callable[[int], Any]
    """Gives its estimator of scikit-learn, for a seed."""
    setting: str
    """The estimator's parameter that is chosen."""
    choices: Sequence[int]
    """From which it is chosen."""
    told: str
    """The parameter as people call it."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A rival that has learned."""

    rival: Rival
    chosen: int
    """Value of its setting."""
    model: Any
    """A pipeline of scikit-learn."""

    def answer(self, cell: Measured) -> Cell:
        """The cell with its two most probable classes."""
        (shares,) = self.model.predict_proba(matrix(self.rival, [cell]))
        return named_cell(self.model.classes_, shares, cell.box)


class EvenNeighbours(KNeighborsClassifier):
    """Nearest neighbours whose votes count for more the rarer their class is in training."""

    def fit(self, features: Matrix, names: Sequence[str]) -> "EvenNeighbours":
        """Keep the cells, and how rare each class is."""
        super().fit(features, names)
        _, counts = np.unique(names, return_counts=True)
        self.rarity_ = 1 / counts
        return self

    def predict_proba(self, features: Matrix) -> Matrix:
        """Share of the votes by class, each row summing to 1."""
        votes = super().predict_proba(features) * self.rarity_
        return votes / votes.sum(axis=1, keepdims=True)

    def predict(self, features: Matrix) -> npt.NDArray[np.str_]:
        """The class with the largest share."""
        return self.classes_[self.predict_proba(features).argmax(axis=1)]


RIVALS = (
    Rival(
        name="Otsu and nearest neighbours",
        features=SIMPLE,
        make=lambda _: EvenNeighbours(),
        setting="n_neighbors",
        choices=(1, 3, 5, 9, 15, 25, 41),
        told="k",
    ),
    Rival(
        name="decision tree",
        features=None,
        make=lambda seed: DecisionTreeClassifier(
            class_weight="balanced", min_samples_leaf=3, random_state=seed
        ),
        setting="max_depth",
        choices=(2, 3, 4, 5, 6, 8, 10, 14, 20),
        told="depth",
    ),
)


def measure(data: Path, seed: int) -> Part:
    """Train the rivals and judge them, on sources that they know and on sources that are new to them.

    Args:
        data: folder of the labelled sets.
        seed: of what is random in a rival.

    Raises:
        DataError: a set is missing.
    """
    cells = measured(field for name in SOURCES for field in read_dataset(data, name))
    answers: dict[str, Sequence[Answer]] = {}
    tables = []
    for title, places, new in (
        ("Older rivals on sources that they know", KNOWN, False),
        ("Older rivals on sources that they never saw", NEW, True),
    ):
        rows, notes = [], [CELLS_NOTE, TRAINING_NOTE, *([NEW_NOTE] if new else [])]
        for source, part in places:
            tested = [c for c in cells if c.field.source == source and part in ("all", c.field.part)]
            trained = may_train(cells, without=source if new else None)
            for rival in RIVALS:
                fitted = fit(rival, trained, seed)
                tally = judge(fitted, tested)
                rows.append(accuracy_row(rival.name, f"{source} {part}", tally))
                notes.append(f"{rival.name}, {source} {part}: {rival.told} = {fitted.chosen}.")
                answers[f"{rival.name} on {source} {part}, {'new' if new else 'known'}"] = tally.answers
        tables.append(Table(title, rows, notes))
    return Part(tables, answers)


def measured(fields: Iterable[LabelledField]) -> list[Measured]:
    """Measure every leucocyte whose class is known."""
    holding = (field for field in fields if any(cell.name in LEUCOCYTES for cell in field.cells))
    return [
        Measured(cell.field, cell.name, cell.box, measure_cell(cell.view))
        for cell in cut_cells(holding)
        if cell.name in LEUCOCYTES
    ]


def may_train(cells: Sequence[Measured], without: str | None) -> list[Measured]:
    """The cells of the parts that networks may be trained on, but for one source."""
    return [
        cell
        for cell in cells
        if cell.field.source != without and TRAINING_PARTS[cell.field.source] in ("all", cell.field.part)
    ]


def matrix(rival: Rival, cells: Sequence[Measured]) -> Matrix:
    """`(n, features)`: what a rival looks at of each cell."""
    names = rival.features or list(cells[0].features)
    return np.array([[cell.features[name] for name in names] for cell in cells])


def fit(rival: Rival, cells: Sequence[Measured], seed: int) -> Fitted:
    """Choose the rival's setting in folds of the training cells, then learn from all of them."""
    parts = folds([cell.field for cell in cells], FOLDS)
    home = {field.path: number for number, part in enumerate(parts) for field in part}
    # A fold leaves more than half of the cells, and there are no more neighbours than cells.
    choices = [choice for choice in rival.choices if choice <= len(cells) // 2]
    search = GridSearchCV(
        Pipeline([("even", StandardScaler()), ("rival", rival.make(seed))]),
        {f"rival__{rival.setting}": choices},
        scoring=balanced,
        cv=PredefinedSplit([home[cell.field.path] for cell in cells]),
    )
    search.fit(matrix(rival, cells), [cell.name for cell in cells])
    (chosen,) = search.best_params_.values()
    return Fitted(rival, chosen, search.best_estimator_)


def balanced(model: Any, features: Matrix, names: Sequence[str]) -> float:
    """Mean recall over the classes that are there."""
    named = model.predict(features)
    return float(recall_score(names, named, labels=np.unique(names), average="macro"))


def judge(fitted: Fitted, cells: Sequence[Measured]) -> Tally:
    """Have a rival name every cell of a class that it knows."""
    tally = Tally()
    for cell in cells:
        if cell.name in fitted.model.classes_:
            tally.add(cell.field, cell.name, fitted.answer(cell))
    return tally
