"""What a part of the benchmark leaves: tables for people, answers for figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scipy.special import betaincinv

from leukonet.training.evaluate import Answer, Tally

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the report."""

    title: str
    rows: Sequence[Mapping[str, Any]]
    """All with the same keys: the columns, in their order."""
    notes: Sequence[str] = ()
    """Sentences that stand below it: on what it was measured, what is left out."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one part measured."""

    tables: Sequence[Table]
    answers: Mapping[str, Sequence[Answer]] = field(default_factory=dict)
    """Cell by cell, by what was judged on what: the figures are drawn from them."""


def limits(share: float, sources: int) -> tuple[float, float]:
    """Exact 95% limits of a share that was found on independent sources (Clopper and Pearson, 1934).

    Args:
        share: 0 to 1; several pictures of one source make it no whole number of sources, which the incomplete
            beta function takes as well.
        sources: independent originals or slides, at least 1.

    Returns:
        Lower and upper limit, 0 to 1.
    """
    tail, right = (1 - CONFIDENCE) / 2, share * sources
    low = 0.0 if right <= 0 else float(betaincinv(right, sources - right + 1, tail))
    high = 1.0 if right >= sources else float(betaincinv(right + 1, sources - right, 1 - tail))
    return low, high


def accuracy_row(model: str, tested: str, tally: Tally, sources: int | None = None) -> dict[str, Any]:
    """The row of a tally that every accuracy table has.

    Args:
        model: what answered.
        tested: on what, in a few words.
        tally: its answers.
        sources: independent sources, where they are fewer than the groups that the set tells apart (Kaggle's 2,487
            augmented pictures stem from 71 originals).
    """
    figures = tally.figures()
    independent = sources or len({answer.group for answer in tally.answers})
    low, high = limits(figures["accuracy"], independent)
    return {
        "model": model,
        "tested on": tested,
        "cells": figures["n"],
        "sources": independent,
        "accuracy": figures["accuracy"],
        "low": low,
        "high": high,
        "balanced": figures["balanced_accuracy"],
        "missed": figures["missed"],
        "false cells": figures["false_cells"],
    }
