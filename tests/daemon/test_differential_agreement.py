"""Two counts side by side."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leukowatch.differential.agreement import accuracy, cohens_kappa, compare
from leukowatch.store.opinions import Judged

NAMES = st.sampled_from(["neutrophil", "lymphocyte", "monocyte"])


def test_kappa_is_cohens():
    """Fifty cells, 35 agreed on; by chance 25 would be: 0.4."""
    pairs = {("a", "a"): 20, ("a", "b"): 5, ("b", "a"): 10, ("b", "b"): 15}

    assert cohens_kappa(pairs) == pytest.approx(0.4)


def test_kappa_is_not_defined_where_chance_agrees_always():
    """No cell, or all of one class in both counts."""
    assert cohens_kappa({}) is None
    assert cohens_kappa({("a", "a"): 9}) is None


@pytest.mark.slow
@given(st.dictionaries(st.tuples(NAMES, NAMES), st.integers(1, 50), min_size=1))
def test_kappa_is_that_of_scikit_learn(pairs):
    """A well-kept library, which the service does not import, computes the same."""
    from sklearn.metrics import cohen_kappa_score  # noqa: PLC0415  seconds that other tests need not wait

    ours = cohens_kappa(pairs)
    first = [a for (a, _), cells in pairs.items() for _ in range(cells)]
    second = [b for (_, b), cells in pairs.items() for _ in range(cells)]

    if ours is None:
        assert set(first) == set(second)
    else:
        assert ours == pytest.approx(cohen_kappa_score(first, second))


def test_two_reviewers_stand_side_by_side():
    """Only the cells that both judged; per cent outside the first's limits is told."""
    first = {f"c{n}": "neutrophil" if n < 60 else "lymphocyte" for n in range(100)}
    second = {f"c{n}": "neutrophil" if n < 40 else "lymphocyte" for n in range(100)} | {"c900": "monocyte"}

    found = compare(first, second, ["neutrophil", "lymphocyte", "monocyte"])

    neutrophil, lymphocyte, monocyte = found.classes
    assert (found.cells, found.agreed) == (100, 80)
    assert (neutrophil.first, neutrophil.second, neutrophil.percent) == (60, 40, 40.0)
    assert (round(neutrophil.low, 1), round(neutrophil.high, 1)) == (49.7, 69.7)
    assert (neutrophil.apart, lymphocyte.apart, monocyte.apart) == (True, True, False)


def test_counts_without_a_common_cell_agree_on_nothing():
    """And nothing is divided by zero."""
    found = compare({"c1": "neutrophil"}, {"c2": "neutrophil"}, ["neutrophil"])

    assert (found.cells, found.agreed, found.kappa, found.classes[0].percent) == (0, 0, None, None)


def test_a_record_has_limits():
    """Nine of ten named right; the unsure ones are told apart."""
    rows = [Judged("b", "1", "neutrophil", "neutrophil", 9), Judged("b", "1", "neutrophil", "band", 1),
            Judged("b", "1", "unclassified", "monocyte", 4)]  # fmt: skip

    [record] = accuracy(rows, {"1": 2})

    assert (record.cells, record.right, record.percent, record.unsure, record.missed) == (10, 9, 90.0, 4, 2)
    assert (round(record.low, 1), round(record.high, 1)) == (55.5, 99.7)
