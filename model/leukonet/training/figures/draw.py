"""Draws every figure of some parts of the benchmark and some trainings: what `leukonet figures` does."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from leukonet.errors import DataError
from leukonet.training.benchmark.store import Written
from leukonet.training.evaluate import Answer
from leukonet.training.figures import curves
from leukonet.training.figures.confusion import confusion
from leukonet.training.figures.gallery import examples, gallery, private, worst_errors
from leukonet.training.figures.sheet import MARKS, Folder
from leukonet.training.history import read_history

LEGEND = "above: the truth; below: the two most probable classes (?: left to a person)"


def draw_figures(parts: Sequence[Written], runs: Sequence[Path], out: Path) -> list[Path]:
    """Draw what may be published: curves and tables, no picture of a cell.

    Args:
        parts: of the benchmark.
        runs: folders of trainings.
        out: gets `training-RUN.png`, and for each part `PART-SET-confusion.png`, `PART-SET-reliability.png` and
            `PART-risk-coverage.png`.

    Returns:
        What was written.

    Raises:
        DataError: a run has no history, or nothing can be written.
    """
    folder = Folder(out)
    for run in runs:
        folder.save(curves.training(read_history(run), f"Training of {run.name}"), "training", run.name)
    for written in parts:
        sets = {name: answers for name, answers in written.part.answers.items() if answers}
        for name, answers in sets.items():
            folder.save(confusion(answers, name), written.name, name, "confusion")
            if any(answer.cell for answer in answers):
                diagram = curves.reliability_diagram(answers, f"{name}: can its probabilities be trusted?")
                folder.save(diagram, written.name, name, "reliability")
        _draw_risk(written.name, sets, folder)
    return folder.written


def draw_galleries(parts: Sequence[Written], out: Path) -> list[Path]:
    """Draw cells themselves, for no one but who has the images: examples of each set, and its worst errors.

    Args:
        parts: read with the data folder, so that their paths lead to images. Answers whose image is not there are
            left out.
        out: a folder that git ignores from then on.

    Returns:
        What was written.

    Raises:
        DataError: an image cannot be read, or the folder not be written or is used otherwise.
    """
    folder: Folder | None = None
    for written in parts:
        for name, answers in written.part.answers.items():
            at_hand = [answer for answer in answers if answer.path.is_file()]
            if not at_hand:
                continue
            folder = folder or private(out)
            _draw_cells(written, name, at_hand, folder)
    return folder.written if folder else []


def check_apart(out: Path, galleries: Path) -> None:
    """Refuse to put figures for publication where pictures of cells go: git would ignore them, and readers mix them up.

    Raises:
        DataError: the figures' folder is the galleries', or inside it.
    """
    one, other = out.resolve(), galleries.resolve()
    if one.is_relative_to(other):
        raise DataError(f"{out}: git ignores all of {galleries}; name another folder with --out")


def _draw_risk(part: str, sets: Mapping[str, Sequence[Answer]], folder: Folder) -> None:
    """As many curves a figure as there are marks to tell them by."""
    names = list(sets)
    for start in range(0, len(names), len(MARKS)):
        some = {name: sets[name] for name in names[start : start + len(MARKS)]}
        curve = curves.risk_coverage_curve(some, "What is gained by leaving uncertain cells to a person?")
        folder.save(curve, part, "risk-coverage")


def _draw_cells(written: Written, name: str, answers: Sequence[Answer], folder: Folder) -> None:
    """The galleries of one set."""
    chosen = examples(answers, written.seed)
    if chosen:
        title = f"{name}: cells drawn at random\n{LEGEND}"
        folder.save(gallery(chosen, title), written.name, name, "cells")
    for source, wrong in worst_errors(answers).items():
        title = f"{name}: the most confident errors on {source}\n{LEGEND}"
        folder.save(gallery(wrong, title), written.name, name, "errors", source)
