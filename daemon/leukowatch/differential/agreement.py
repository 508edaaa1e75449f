"""How far two counts agree: two reviewers' of the same cells, and a bundle's with the reviewers'."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leukowatch.differential.limits import clopper_pearson
from leukowatch.store.opinions import UNCLASSIFIED, Judged


@dataclass(frozen=True, slots=True)
class Compared:
    """One class in two counts."""

    name: str
    first: int
    """Cells in the first count."""
    second: int
    low: float
    """Lower 95% limit of the first count's per cent (Rümke's tables), 0 to 100."""
    high: float
    percent: float | None
    """Of the second count, 0 to 100; None where it is empty."""

    @property
    def apart(self) -> bool:
        """Whether the second count's per cent lies outside the limits of the first's."""
        return self.percent is not None and not self.low <= self.percent <= self.high


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two reviewers' counts, side by side."""

    cells: int
    """Judged by both."""
    agreed: int
    kappa: float | None
    """Cohen's, -1 to 1; None where it is not defined: no cells, or all of one class in both counts."""
    classes: tuple[Compared, ...]
    """Of the cells that both judged and that either counts as leucocytes, by the order of reports."""


@dataclass(frozen=True, slots=True)
class Accuracy:
    """A bundle's record with the reviewers of this place."""

    bundle: str
    sha256: str
    cells: int
    """That the bundle named and people looked at."""
    right: int
    percent: float | None
    """0 to 100; None without cells."""
    low: float
    """Lower exact 95% limit, per cent."""
    high: float
    unsure: int
    """Cells that the bundle left unclassified and people named."""
    missed: int
    """Cells that people added."""
    pairs: Mapping[tuple[str, str], int]
    """Cells by the bundle's class and the reviewers'."""


def cohens_kappa(pairs: Mapping[tuple[str, str], int]) -> float | None:
    """Agreement beyond chance: (observed - expected) / (1 - expected).

    Cohen, Educational and Psychological Measurement 20 (1960) 37.

    Args:
        pairs: cells by the first and the second count's class.

    Returns:
        -1 to 1; None where there is no cell, or chance alone would agree always.
    """
    total = sum(pairs.values())
    if not total:
        return None
    first, second = _margin(pairs, 0), _margin(pairs, 1)
    observed = sum(cells for (one, other), cells in pairs.items() if one == other) / total
    expected = sum(cells * second.get(name, 0) for name, cells in first.items()) / total**2
    return None if expected == 1 else (observed - expected) / (1 - expected)


def compare(first: Mapping[str, str], second: Mapping[str, str], leucocytes: Sequence[str]) -> Agreement:
    """Lay two reviewers' counts of a slide side by side.

    Args:
        first: a cell's key → class, of one person.
        second: the same of another.
        leucocytes: names of the counted classes in the order of reports.
    """
    pairs: dict[tuple[str, str], int] = {}
    for key in first.keys() & second.keys():
        pair = first[key], second[key]
        pairs[pair] = pairs.get(pair, 0) + 1
    one, other = _margin(pairs, 0), _margin(pairs, 1)
    totals = [sum(margin.get(name, 0) for name in leucocytes) for margin in (one, other)]
    return Agreement(
        cells=sum(pairs.values()),
        agreed=sum(cells for (a, b), cells in pairs.items() if a == b),
        kappa=cohens_kappa(pairs),
        classes=tuple(_compared(name, one.get(name, 0), other.get(name, 0), totals) for name in leucocytes),
    )


def accuracy(found: Sequence[Judged], missed: Mapping[str, int]) -> list[Accuracy]:
    """Make each bundle's record of what `store.opinions` counts."""
    bundles = {row.bundle_sha256: row.bundle for row in found}
    return [
        _record(name, sha256, [row for row in found if row.bundle_sha256 == sha256], missed.get(sha256, 0))
        for sha256, name in bundles.items()
    ]


def _record(name: str, sha256: str, rows: Sequence[Judged], missed: int) -> Accuracy:
    pairs = {(row.said, row.judged): row.cells for row in rows if row.said != UNCLASSIFIED}
    cells, right = sum(pairs.values()), sum(count for (a, b), count in pairs.items() if a == b)
    low, high = clopper_pearson(right, cells)
    return Accuracy(
        name, sha256, cells, right, 100 * right / cells if cells else None, 100 * low, 100 * high,
        sum(row.cells for row in rows if row.said == UNCLASSIFIED), missed, pairs,
    )  # fmt: skip


def _compared(name: str, first: int, second: int, totals: Sequence[int]) -> Compared:
    low, high = clopper_pearson(first, totals[0])
    percent = 100 * second / totals[1] if totals[1] else None
    return Compared(name, first, second, 100 * low, 100 * high, percent)


def _margin(pairs: Mapping[tuple[str, str], int], side: int) -> dict[str, int]:
    """Count one side's classes."""
    margin: dict[str, int] = {}
    for pair, cells in pairs.items():
        margin[pair[side]] = margin.get(pair[side], 0) + cells
    return margin
