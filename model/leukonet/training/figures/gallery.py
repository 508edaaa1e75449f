"""Galleries: cells as the network saw them, each with its two most probable classes; the paper's Figs. 4 to 6.

Pictures of real cells are never committed: what shows them goes to a folder that git is told to ignore.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from leukonet.decode import decode
from leukonet.errors import DataError, ImageError
from leukonet.preprocessing import CONTEXT
from leukonet.result import Box, Cell
from leukonet.training.evaluate import Answer
from leukonet.training.figures.sheet import FOOT, SMALL, WIDTH, Folder, in_order, sheet
from leukonet.views import crop, on_canvas

ACROSS = 5
"""Cells in a row."""
MOST_ERRORS = 20
"""The worst errors of a source that are shown."""
SIDE = 208
"""Of a shown cell, in pixels."""
HEAD, ROW, PICTURE = 0.85, 2.1, 1.44
"""Inches: of the title, of a row with its words, of a cell's side."""
IGNORE = "# Pictures of real cells are never committed.\n*\n"
SHORT = {"immature_granulocyte": "imm. granulocyte"}
"""Classes whose label is too long to stand below a cell."""


def gallery(answers: Sequence[Answer], title: str) -> Figure:
    """Draw cells in the order given, each below its truth and above its two most probable classes.

    Args:
        answers: at least one; their paths lead to the images.
        title: of the figure.

    Raises:
        DataError: an image cannot be read.
    """
    down = -(-len(answers) // ACROSS)
    height = HEAD + ROW * down + FOOT
    figure = sheet(height, title)
    figure.set_layout_engine("none")  # all places are known, and finding them would take seconds
    column = WIDTH / ACROSS
    for index, answer in enumerate(answers):
        y, x = divmod(index, ACROSS)
        left, bottom = column * (x + 0.5) - PICTURE / 2, height - HEAD - ROW * y - PICTURE
        axes = figure.add_axes((left / WIDTH, bottom / height, PICTURE / WIDTH, PICTURE / height))
        _show(axes, answer)
    return figure


def examples(answers: Sequence[Answer], seed: int, count: int = ACROSS) -> list[Answer]:
    """Up to `count` located cells of each true class, drawn blindly: the wrong ones among them too."""
    random = np.random.default_rng(seed)
    chosen: list[Answer] = []
    for name in in_order({answer.truth for answer in answers}):
        those = [answer for answer in answers if answer.truth == name and answer.cell]
        order = random.permutation(len(those))[:count]
        chosen += [those[index] for index in sorted(order.tolist())]
    return chosen


def worst_errors(answers: Iterable[Answer]) -> dict[str, list[Answer]]:
    """The wrong answers of each source, the most confident first and missed cells last."""
    found: dict[str, list[Answer]] = {}
    for answer in answers:
        if not answer.right:
            found.setdefault(answer.group.partition("/")[0], []).append(answer)
    return {source: sorted(wrong, key=_doubt)[:MOST_ERRORS] for source, wrong in sorted(found.items())}


def private(path: Path) -> Folder:
    """A folder for pictures of real cells, which git ignores whatever it is called.

    Raises:
        DataError: it holds something else already, which git would ignore as well; or it cannot be written.
    """
    told = path / ".gitignore"
    try:
        path.mkdir(parents=True, exist_ok=True)
        if told.is_file() and told.read_text(encoding="utf-8") == IGNORE:
            return Folder(path)
        if any(path.iterdir()):
            raise DataError(f"{path}: holds other things than galleries; name a new folder with --gallery")
        told.write_text(IGNORE, encoding="utf-8")
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror}); name another folder") from error
    return Folder(path)


def _doubt(answer: Answer) -> float:
    return -answer.cell.first_probability if answer.cell else 1.0


def _show(axes: Axes, answer: Answer) -> None:
    """One cell; a thick broken frame and a cross tell an error, a thin frame and a tick what is right."""
    axes.set(xticks=[], yticks=[])
    axes.imshow(_picture(answer))
    axes.set_title(f"{'✓' if answer.right else '✗'} {_short(answer.truth)}", fontsize=SMALL, pad=3)
    axes.set_xlabel(_told(answer.cell), fontsize=SMALL, labelpad=3)
    axes.spines[:].set(
        color="#333333" if answer.right else "#c0392b",
        linewidth=0.8 if answer.right else 2.5,
        linestyle="-" if answer.right else "--",
    )


def _told(cell: Cell | None) -> str:
    """The two most probable classes, or that there is no answer."""
    if cell is None:
        return "not located:\nthe whole field"
    unsure = " ?" if cell.unclassified else ""
    return (
        f"{_short(cell.first)} {cell.first_probability:.1%}{unsure}\n"
        f"{_short(cell.second)} {cell.second_probability:.1%}"
    )


def _short(name: str) -> str:
    return SHORT.get(name, name)


def _picture(answer: Answer) -> Image.Image:
    """The crop as the network saw it; the whole field where there is no crop."""
    try:
        image = decode(answer.path.read_bytes())
    except OSError as error:
        raise DataError(f"{answer.path}: cannot be read ({error.strerror}); check --data") from error
    except ImageError as error:
        raise DataError(f"{answer.path}: {error}") from error
    whole = Box(0, 0, image.width, image.height)
    box = answer.cell.box if answer.cell else whole
    context = CONTEXT if box != whole else 1.0
    return crop(image, box, on_canvas(image).light, SIDE, context)
