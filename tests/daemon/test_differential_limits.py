"""Exact limits against published tables, another formula, and their own laws."""

import subprocess
import sys
from math import ceil, floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leukowatch.differential.limits import clopper_pearson

SHARES = st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [
        (50, 100, 39.8, 60.2),
        (0, 100, 0.0, 3.6),
        (10, 100, 4.9, 17.6),
        (10, 200, 2.4, 9.0),
        (100, 100, 96.4, 100.0),
    ],
)
def test_limits_agree_with_figures_from_elsewhere(k, n, low, high):
    """To one decimal, as computed elsewhere."""
    limits = clopper_pearson(k, n)

    assert (low, high) == tuple(round(100 * limit, 1) for limit in limits)


def test_limits_rounded_outwards_are_the_entry_of_the_table_that_could_be_checked():
    """Nine of a hundred: 4 to 17, in whole per cent."""
    low, high = clopper_pearson(9, 100)

    assert (4, 17) == (floor(100 * low), ceil(100 * high))


@settings(deadline=None)  # the first example imports scipy.special
@given(SHARES)
def test_limits_enclose_the_share_found(share):
    """What was found lies within its own limits, and these within 0 and 1."""
    k, n = share

    low, high = clopper_pearson(k, n)

    assert 0 <= low <= k / n <= high <= 1


@given(SHARES)
def test_limits_rise_with_the_count(share):
    """One cell more moves both limits up."""
    k, n = share
    if k == n:
        k -= 1

    fewer, more = clopper_pearson(k, n), clopper_pearson(k + 1, n)

    assert fewer[0] < more[0]
    assert fewer[1] < more[1]


@settings(deadline=None)  # the first example imports scipy.stats
@given(SHARES, st.sampled_from([0.9, 0.95, 0.99]))
def test_limits_are_the_quantiles_of_the_beta_distribution(share, confidence):
    """The same limits come from the textbook's beta quantiles."""
    from scipy.stats import beta  # noqa: PLC0415  a second of import, for this test alone

    k, n = share
    tail = (1 - confidence) / 2
    expected = (
        0.0 if k == 0 else beta.ppf(tail, k, n - k + 1),
        1.0 if k == n else beta.ppf(1 - tail, k + 1, n - k),
    )

    assert expected == pytest.approx(clopper_pearson(k, n, confidence), rel=1e-6)


@given(SHARES)
def test_limits_are_symmetric(share):
    """The limits of what was not found mirror those of what was."""
    k, n = share
    low, high = clopper_pearson(k, n)

    assert (1 - high, 1 - low) == pytest.approx(clopper_pearson(n - k, n), abs=1e-9)


def test_nothing_looked_at_means_nothing_known():
    """Without a single cell every share is possible."""
    assert clopper_pearson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("k", "n", "confidence"), [(-1, 5, 0.95), (6, 5, 0.95), (0, -1, 0.95), (1, 2, 0), (1, 2, 1)]
)
def test_nonsense_is_refused(k, n, confidence):
    """More found than looked at, negative numbers and certainty raise ValueError."""
    with pytest.raises(ValueError, match="is no"):
        clopper_pearson(k, n, confidence)


def test_importing_the_limits_does_not_import_scipy():
    """The daemon starts without scipy: it comes at the first limits."""
    code = "import sys, leukowatch.differential.limits; print('scipy' in sys.modules)"

    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert told.stdout.strip() == "False"
