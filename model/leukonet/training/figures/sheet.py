"""What every figure shares: its size, its footer, its marks, and how it becomes a file."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import wrap
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from leukonet.cells import BY_NAME, CLASS_NAMES
from leukonet.errors import DataError
from leukonet.training.evaluate import MISSED

FOOTER = "Leukowatch - research use only"
WIDTH = 8.0
"""Of every figure in inches: letters of 8 points are still read where it is shown 800 pixels wide."""
DPI = 150
FOOT = 0.3
"""Inches at the bottom that belong to the footer."""
LONGEST_LINE = 84
"""Letters of a title that fit the width."""
SMALL, NORMAL, LARGE = 8.0, 10.0, 11.5
"""Sizes of letters, in points."""


class Mark(NamedTuple):
    """How one series is drawn: told by its line and its marker alone, whatever becomes of the colour."""

    colour: str
    line: str | tuple[int, tuple[int, ...]]
    marker: str


MARKS = (
    Mark("#0072b2", "-", "o"),
    Mark("#d55e00", "--", "s"),
    Mark("#009e73", "-.", "^"),
    Mark("#cc79a7", ":", "D"),
    Mark("#56697a", (0, (5, 1, 1, 1, 1, 1)), "v"),
    Mark("#9a6c00", (0, (8, 3)), "x"),
)
"""Colours that the common forms of colour blindness keep apart (after Okabe and Ito, 2008)."""


def sheet(height: float, title: str) -> Figure:
    """An empty figure with a title and the footer.

    Args:
        height: in inches; the width is always `WIDTH`.
        title: one or two lines; longer ones are folded.
    """
    layout = ConstrainedLayoutEngine(rect=(0.005, FOOT / height, 0.99, 1 - FOOT / height))
    figure = Figure(figsize=(WIDTH, height), dpi=DPI, layout=layout)
    FigureCanvasAgg(figure)
    lines = (line for told in title.splitlines() for line in wrap(told, LONGEST_LINE))
    figure.suptitle("\n".join(lines), fontsize=LARGE)
    figure.text(0.5, 0.08 / height, FOOTER, ha="center", va="bottom", fontsize=SMALL, color="#444444")
    return figure


def plain(axes: Axes, x: str, y: str) -> None:
    """Label the axes, lay a faint grid below, and take away the frame's upper and right sides."""
    axes.set_xlabel(x, fontsize=NORMAL)
    axes.set_ylabel(y, fontsize=NORMAL)
    axes.tick_params(labelsize=SMALL + 1)
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def label(name: str) -> str:
    """A class as people read it; `MISSED` as it is."""
    return BY_NAME[name].label if name in BY_NAME else name.capitalize() if name == MISSED else name


def in_order(names: Iterable[str]) -> list[str]:
    """Classes in the order of reports; those that only others have, behind them."""
    told = set(names)
    known = [name for name in CLASS_NAMES if name in told]
    return [*known, *sorted(told.difference(known))]


@dataclass
class Folder:
    """Where figures are written: every one under a name of its own."""

    path: Path
    written: list[Path] = field(default_factory=list)
    """In the order of drawing."""

    def save(self, figure: Figure, *words: str) -> Path:
        """Write a figure as PNG under a name made of some words.

        Raises:
            DataError: it cannot be written.
        """
        joined = "-".join(words).lower()
        stem = "-".join("".join(c if c.isalnum() and c.isascii() else " " for c in joined).split())
        path, number = self.path / f"{stem}.png", 2
        while path in self.written:
            path, number = self.path / f"{stem}-{number}.png", number + 1
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            figure.savefig(path, format="png")
        except OSError as error:
            raise DataError(f"{path}: cannot be written ({error.strerror}); name another folder") from error
        self.written.append(path)
        return path
