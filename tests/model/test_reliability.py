"""What is said of confidence is right where the right answer is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canned import answer
from leukonet.training.reliability import (
    BINS,
    Covered,
    accuracy_at,
    calibration_error,
    reliability,
    risk_coverage,
)

judged = st.lists(st.tuples(st.none() | st.floats(0, 1), st.booleans()), min_size=1, max_size=12).map(
    lambda rows: [answer(probability, right=right) for probability, right in rows]
)


def test_answers_as_right_as_they_are_sure_have_almost_no_calibration_error():
    """What is left of five thousand is chance."""
    random = np.random.default_rng(1)
    sure = random.uniform(0.2, 1, 5000)
    answers = [answer(p, right=bool(r)) for p, r in zip(sure, random.random(5000) < sure, strict=True)]

    assert calibration_error(answers) < 0.03


def test_the_calibration_error_weighs_each_bin_by_its_cells():
    """Three cells that are 10% too sure, one that is 80% too sure."""
    answers = [*[answer(0.9)] * 3, answer(0.8, right=False)]

    assert pytest.approx((3 * 0.1 + 0.8) / 4) == calibration_error(answers)


@settings(deadline=None)
@given(judged)
def test_the_reliability_curve_holds_every_located_cell_once(answers):
    """Also the ones at a bin's edge, and the one that is wholly certain."""
    found = reliability(answers)

    assert sum(answer.cell is not None for answer in answers) == sum(each.count for each in found)
    assert all(each.low - 1e-9 <= each.confidence <= each.high + 1e-9 for each in found)
    assert len(found) <= BINS


def test_a_missed_cell_has_no_place_in_calibration():
    """It has no probability that could be wrong."""
    assert calibration_error([answer(0.9)]) == calibration_error([answer(0.9), answer(None)])
    assert calibration_error([answer(None)]) is None


def test_risk_and_coverage_of_a_known_case():
    """The most certain first: right, wrong, right; and one that was missed."""
    answers = [answer(0.5), answer(0.9), answer(None), answer(0.7, right=False)]

    assert [Covered(0.9, 1 / 4, 0), Covered(0.7, 2 / 4, 1 / 2), Covered(0.5, 3 / 4, 1 / 3)] == risk_coverage(
        answers
    )


def test_answers_of_one_probability_are_not_parted():
    """No threshold could; an order among them would be luck, or worse, chosen."""
    answers = [answer(0.8), answer(0.8, right=False), answer(0.8)]

    assert [Covered(0.8, 1, 1 / 3)] == risk_coverage(answers)


@settings(deadline=None)
@given(judged)
def test_the_whole_curve_ends_at_the_located_cells(answers):
    """At full coverage the risk is the plain error of what was answered; coverage only grows on the way."""
    located = [answer for answer in answers if answer.cell]
    points = risk_coverage(answers)

    assert sorted(p.coverage for p in points) == [p.coverage for p in points]
    assert sorted((p.threshold for p in points), reverse=True) == [p.threshold for p in points]
    if located:
        assert len(located) / len(answers) == points[-1].coverage
        assert sum(not answer.right for answer in located) / len(located) == points[-1].risk


def test_accuracy_at_a_coverage_leaves_out_the_least_certain():
    """Of ten cells the one that is wrong is also the least certain."""
    answers = [*(answer(0.9 + index / 100) for index in range(9)), answer(0.4, right=False)]

    assert (1.0, 0.9) == (accuracy_at(answers, 0.9), accuracy_at(answers, 1.0))


def test_a_coverage_that_missed_cells_put_out_of_reach_has_no_accuracy():
    """Nine located cells of eleven are no 90%, however right they are."""
    assert accuracy_at([*[answer(0.9)] * 9, answer(None), answer(None)]) is None
