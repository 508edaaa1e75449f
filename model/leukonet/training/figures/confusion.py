"""The confusion matrix: what each class was named, in cells and per cent of the class; the paper's Table 1."""

from collections import Counter
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from leukonet.training.evaluate import MISSED, Answer, is_right
from leukonet.training.figures.sheet import NORMAL, SMALL, in_order, label, sheet

DARK = 0.7
"""From this share of a row on, letters are white on the cell's blue."""


def confusion(answers: Sequence[Answer], title: str) -> Figure:
    """True classes in rows, answers in columns; what is right has a thick frame.

    Args:
        answers: at least one.
        title: the number of right answers is added to it.
    """
    counted = Counter((answer.truth, answer.named) for answer in answers)
    rows = in_order({answer.truth for answer in answers})
    columns = [*in_order({*rows, *(a.named for a in answers if a.cell)}), MISSED]
    right = sum(answer.right for answer in answers)
    told = f"{title}\n{right} of {len(answers)} cells right ({right / len(answers):.1%})"
    figure = sheet(1.9 + 0.62 * len(rows), told)
    axes = figure.subplots()
    axes.set(xlim=(0, len(columns)), ylim=(len(rows), 0))
    for y, truth in enumerate(rows):
        support = sum(counted[truth, named] for named in columns)
        for x, named in enumerate(columns):
            _place(axes, x, y, counted[truth, named], support, framed=is_right(truth, named))
    axes.set_xticks([x + 0.5 for x in range(len(columns))], [_folded(name) for name in columns])
    axes.set_yticks([y + 0.5 for y in range(len(rows))], [_folded(name) for name in rows])
    axes.tick_params(length=0, labelsize=SMALL)
    axes.tick_params(axis="x", rotation=35)
    axes.set_xlabel("named", fontsize=NORMAL)
    axes.set_ylabel("truth", fontsize=NORMAL)
    axes.spines[:].set_visible(False)
    return figure


def _place(axes: Axes, x: int, y: int, count: int, support: int, *, framed: bool) -> None:
    """One cell of the matrix: its shade, its count and its share of the row."""
    share = count / support
    shade = (1 - 0.87 * share, 1 - 0.62 * share, 1 - 0.38 * share)
    axes.add_patch(Rectangle((x, y), 1, 1, facecolor=shade, edgecolor="#cccccc", linewidth=0.6))
    if framed:
        axes.add_patch(
            Rectangle((x + 0.03, y + 0.03), 0.94, 0.94, facecolor="none", edgecolor="black", linewidth=1.8)
        )
    told = f"{count:,}\n{share:.1%}" if count else "0"
    colour = "white" if share > DARK else "#999999" if not count else "black"
    axes.text(x + 0.5, y + 0.5, told, ha="center", va="center", fontsize=SMALL + 1, color=colour)


def _folded(name: str) -> str:
    """A class's label on as many lines as it has words."""
    return label(name).replace(" ", "\n")
