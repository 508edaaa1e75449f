"""Second looks: two reviewers side by side, and the bundles' record with the reviewers."""

from dataclasses import dataclass
from itertools import combinations

from leukonet.cells import Role
from leukowatch.differential.agreement import Agreement, accuracy, compare
from leukowatch.review.api.slides import SlideId
from leukowatch.review.house import Housed
from leukowatch.store.archived import slide_name
from leukowatch.store.opinions import judged, missed, opinions
from leukowatch.store.queries import class_records


@dataclass(frozen=True, slots=True)
class Pair:
    """Two reviewers of a slide."""

    first: str
    second: str
    agreement: Agreement


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every pair of reviewers of a slide."""

    reviewers: dict[str, int]
    """Name → cells that the person has judged."""
    pairs: list[Pair]


@dataclass(frozen=True, slots=True)
class ConfusedCells:
    """Cells of one pair of classes."""

    said: str
    """By the bundle."""
    judged: str
    """By the reviewers."""
    cells: int


@dataclass(frozen=True, slots=True)
class BundleRecord:
    """How often reviewers agreed with a bundle."""

    bundle: str
    sha256: str
    cells: int
    right: int
    percent: float | None
    low: float
    high: float
    unsure: int
    """Cells that it left unclassified and people named."""
    missed: int
    """Cells that people added."""
    confused: list[ConfusedCells]
    """Where they disagreed, the most frequent first."""


def comparison(slide: SlideId, house: Housed) -> Comparison:
    """Two reviewers' counts of the same cells, with Cohen's kappa and Rümke's limits."""
    said = opinions(house.reader, slide_name(house.reader, slide))
    leucocytes = [each.name for each in class_records(house.reader) if each.role is Role.COUNTED]
    pairs = [Pair(a, b, compare(said[a], said[b], leucocytes)) for a, b in combinations(said, 2)]
    return Comparison({name: len(cells) for name, cells in said.items()}, pairs)


def record(house: Housed) -> list[BundleRecord]:
    """Each bundle's record with the reviewers of this place."""
    return [
        BundleRecord(
            each.bundle, each.sha256, each.cells, each.right, each.percent, each.low, each.high,
            each.unsure, each.missed,
            sorted(
                (ConfusedCells(*pair, cells) for pair, cells in each.pairs.items() if pair[0] != pair[1]),
                key=lambda confused: -confused.cells,
            ),
        )
        for each in accuracy(judged(house.reader), missed(house.reader))
    ]  # fmt: skip
