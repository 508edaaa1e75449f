"""Curves: how a training went, how far probabilities can be trusted, what leaving cells to a person gains."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from leukonet.training.evaluate import Answer
from leukonet.training.figures.sheet import MARKS, NORMAL, SMALL, Mark, plain, sheet
from leukonet.training.reliability import BINS, Bin, accuracy_at, expected_error, reliability, risk_coverage

MEASURES = ("loss", "accuracy")
"""Columns of a history that are drawn, where a training has them, each with its `val_` beside it."""
BAR = 0.9 / BINS
"""Width of a bin's bar: a little less than the bin."""


def training(history: Mapping[str, Sequence[float]], title: str) -> Figure:
    """Loss and accuracy on training and on validation data, epoch by epoch: the paper's Fig. 3.

    Args:
        history: columns of `history.csv`.
        title: of the figure.
    """
    measures = [name for name in MEASURES if name in history]
    figure = sheet(3.9, title)
    for axes, measure in zip(figure.subplots(1, len(measures), squeeze=False)[0], measures, strict=True):
        plain(axes, "epoch", measure)
        for name, mark, told in (
            (measure, MARKS[0], "training"),
            (f"val_{measure}", MARKS[1], "validation"),
        ):
            if name in history:
                values = history[name]
                _line(axes, range(1, len(values) + 1), values, mark, f"{told}, last {values[-1]:.3f}")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(fontsize=SMALL + 1, frameon=False)
    return figure


def reliability_diagram(answers: Sequence[Answer], title: str) -> Figure:
    """Accuracy against confidence, bin by bin, and below how many cells each bin holds.

    Args:
        answers: at least one of a located cell; missed cells have no confidence.
        title: of the figure.
    """
    found = reliability(answers)
    figure = sheet(6.6, title)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    _accuracies(above, found)
    located = sum(each.count for each in found)
    told = f"{located} located cells\nexpected calibration error {expected_error(found):.3f}"
    above.legend(fontsize=SMALL + 1, loc="upper left", title=told, title_fontsize=SMALL + 1, alignment="left")
    plain(below, "confidence: the first class's probability", "cells")
    counts = below.bar(
        _middles(found), [each.count for each in found], BAR, color="#d9d9d9", edgecolor="#555555"
    )
    below.bar_label(counts, fontsize=SMALL)
    below.margins(y=0.25)
    return figure


def _accuracies(axes: Axes, found: Sequence[Bin]) -> None:
    """A bar for each bin's accuracy, and a narrow hatched one from there to its confidence."""
    plain(axes, "", "accuracy")
    middles, accuracies = _middles(found), [each.accuracy for each in found]
    gaps = [each.confidence - each.accuracy for each in found]
    axes.bar(middles, accuracies, BAR, color="#a6cee3", edgecolor="#1f5a80", label="accuracy")
    axes.bar(
        middles,
        gaps,
        BAR / 2,
        accuracies,
        color="none",
        edgecolor="#d55e00",
        hatch="////",
        label="gap to confidence",
    )
    axes.plot([0, 1], [0, 1], "--", color="#333333", linewidth=1.2, label="as sure as right")
    axes.set(xlim=(0, 1), ylim=(0, 1.04))


def _middles(found: Sequence[Bin]) -> list[float]:
    return [(each.low + each.high) / 2 for each in found]


def risk_coverage_curve(sets: Mapping[str, Sequence[Answer]], title: str) -> Figure:
    """The share of wrong answers among those given, against the share of cells that are answered.

    Args:
        sets: at most as many as there are `MARKS`; the answers by what was judged on what.
        title: of the figure.
    """
    figure = sheet(4.6 + 0.25 * len(sets), title)
    axes = figure.subplots()
    plain(axes, "coverage: cells answered, the most certain first", "risk: wrong among the answered")
    for mark, (name, answers) in zip(MARKS, sets.items(), strict=False):
        points = risk_coverage(answers)
        reached = accuracy_at(answers)
        told = "90% coverage not reached" if reached is None else f"{reached:.1%} right at 90% coverage"
        line = f"{name} ({len(answers)} cells): {told}"
        _line(axes, [p.coverage for p in points], [p.risk for p in points], mark, line)
    axes.axvline(0.9, color="#888888", linewidth=0.8, linestyle=":")
    axes.set(xlim=(0, 1.02))
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.legend(fontsize=NORMAL - 1, loc="upper center", bbox_to_anchor=(0.5, -0.14), frameon=False)
    return figure


def _line(axes: Axes, x: Sequence[float], y: Sequence[float], mark: Mark, told: str) -> None:
    """One series, marked at about ten places so that its marker can be told."""
    every = max(1, len(y) // 10)
    axes.plot(
        x,
        y,
        color=mark.colour,
        linestyle=mark.line,
        marker=mark.marker,
        markevery=every,
        markersize=5,
        linewidth=1.6,
        label=told,
    )
