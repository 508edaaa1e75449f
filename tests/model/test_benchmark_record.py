"""The rows of the benchmark: exact limits, on sources that are independent."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leukonet.labels import LabelledField
from leukonet.result import Box, Cell
from leukonet.training.benchmark.record import accuracy_row, limits
from leukonet.training.evaluate import Tally


def tally(*answers: tuple[str, str, str | None]) -> Tally:
    """Answers of `(group, truth, named)`, None where the cell was missed."""
    told = Tally()
    for group, truth, named in answers:
        field = LabelledField(Path(f"{group}.jpg"), "set", group, "", ())
        cell = Cell(Box(0, 0, 1, 1), 1.0, named, 0.8, "monocyte", 0.1, False, True) if named else None
        told.add(field, truth, cell)
    return told


@pytest.mark.parametrize(
    ("right", "sources", "low", "high"),
    [(10, 100, 0.0490, 0.1762), (0, 20, 0.0, 0.1684), (20, 20, 0.8316, 1.0), (68, 71, 0.8814, 0.9912)],
)
def test_the_limits_are_those_of_clopper_and_pearson(right, sources, low, high):
    """Tabulated values, to the fourth digit."""
    assert (low, high) == tuple(round(limit, 4) for limit in limits(right / sources, sources))


@given(st.floats(0, 1), st.integers(1, 3000))
def test_the_limits_hold_the_share_between_them(share, sources):
    """Also where several pictures of a source make it no whole number."""
    low, high = limits(share, sources)

    assert 0 <= low <= share + 1e-9
    assert share - 1e-9 <= high <= 1


def test_pictures_of_one_source_do_not_narrow_the_limits():
    """Ten fields of two slides are two witnesses, not ten."""
    answers = [(f"slide-{index % 2}", "neutrophil", "neutrophil") for index in range(10)]
    row = accuracy_row("net", "set", tally(*answers))

    assert (10, 2) == (row["cells"], row["sources"])
    assert limits(1.0, 2)[0] == row["low"]


def test_a_set_that_does_not_tell_its_sources_is_told_their_number():
    """Kaggle's augmented pictures: 2,487 files, 71 originals."""
    row = accuracy_row("net", "set", tally(("a", "neutrophil", "monocyte"), ("b", "neutrophil", None)), 1)

    assert (1, 0.0, 1) == (row["sources"], row["accuracy"], row["missed"])
