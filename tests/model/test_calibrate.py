"""Calibration finds what was done to the scores, and says how far confidence can be trusted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leukonet.classify import probabilities
from leukonet.training.calibrate import commit_from, expected_error, temperature


def honest(count: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Logits whose probabilities are right by construction: the truth is drawn from them."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 2, (count, 5)).astype(np.float32)
    chances = probabilities(logits, 1.0).cumsum(axis=1)
    return logits, (random.random((count, 1)) > chances).sum(axis=1).clip(0, 4)


@pytest.mark.parametrize("known", [0.5, 1.0, 2.5])
def test_the_temperature_that_was_laid_on_is_found(known):
    """Within a few per cent on twenty thousand cells."""
    logits, classes = honest(20_000)

    assert pytest.approx(known, rel=0.05) == temperature(logits * known, classes, np.ones(len(classes)))


def test_the_temperature_is_that_of_the_weighted_cells():
    """A large set must not drown a small one."""
    logits, classes = honest(8000)
    mixed = np.concatenate([logits, 3 * logits])
    weights = np.concatenate([np.zeros(8000), np.ones(8000)])

    assert pytest.approx(3, rel=0.1) == temperature(mixed, np.tile(classes, 2), weights)


def test_the_temperature_stays_in_bounds_where_every_answer_is_right():
    """Nothing then limits certainty."""
    logits, _ = honest(200)

    assert 0.13 < temperature(logits, logits.argmax(axis=1), np.ones(200)) < 7.4


def test_a_calibrated_sample_has_almost_no_expected_error():
    """What is left is chance."""
    logits, classes = honest(20_000)

    assert expected_error(logits, classes, 1.0) < 0.015


def test_overconfidence_shows_as_expected_error_and_calibration_mends_it():
    """Three times too sure of everything."""
    logits, classes = honest(20_000)
    heat = temperature(3 * logits, classes, np.ones(len(classes)))

    assert expected_error(3 * logits, classes, 1.0) > 0.15
    assert expected_error(3 * logits, classes, heat) < 0.02


def test_certain_and_wrong_is_the_greatest_error():
    """And certain and right none at all."""
    logits = np.array([[50, 0], [50, 0]], np.float32)

    assert pytest.approx(1.0) == expected_error(logits, np.array([1, 1]), 1.0)
    assert pytest.approx(0.0) == expected_error(logits, np.array([0, 0]), 1.0)


def test_the_threshold_leaves_the_least_certain_part_to_a_person():
    """At a coverage of 60%, four cells in ten."""
    logits, _ = honest(5000)
    least = commit_from(logits, 1.0, 0.6)

    assert 0.4 < least < 0.9
    assert pytest.approx(0.4, abs=0.01) == (probabilities(logits, 1.0).max(axis=1) < least).mean()


@given(st.floats(0.2, 5), st.floats(0, 1))
def test_the_threshold_has_its_bounds(heat, coverage):
    """Whatever the validation data say."""
    logits, _ = honest(50)

    assert 0.4 <= commit_from(logits, heat, coverage) <= 0.9


def test_more_coverage_never_raises_the_threshold():
    """To answer more often is to be content with less."""
    logits, _ = honest(500)
    thresholds = [commit_from(logits, 1.0, coverage) for coverage in (0.5, 0.7, 0.9, 0.99)]

    assert sorted(thresholds, reverse=True) == thresholds
