"""What thresholds, priors and temperatures are chosen on."""

from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest

from leukonet.preprocessing import CROP

LOGITS, CROPS = np.zeros((1, 8)), np.zeros((1, CROP, CROP, 3), np.uint8)
pytestmark = pytest.mark.slow  # TensorFlow's import


@pytest.mark.parametrize(
    ("name", "judges", "answers"),
    [
        ("tune_threshold", "_line", LOGITS),
        ("tune_priors", "named_cells", LOGITS),
        ("tune_temperature", "named_cells", LOGITS),
        ("tune_mirrors", "located_crops", CROPS),
        ("tune_pale", "_line", LOGITS),
        ("tune_light", "_lines", LOGITS),
    ],
)
def test_no_picture_that_a_set_tests_with_decides_a_setting(
    synthetic_data, bundle, monkeypatch, name, judges, answers
):
    """Not even where the bundle left the whole set out: the set's other pictures alone are looked at."""
    module = import_module(f"leukonet.training.{name}")
    seen = []

    def judge(*given):
        seen.extend(next(each for each in given if isinstance(each, list)))
        return answers, np.zeros(1, int)

    monkeypatch.setattr(module, judges, judge)
    list(module.tune(synthetic_data, replace(bundle, provenance={"left_out": ["bccd"], "seed": 1})))

    assert seen
    assert {field.source for field in seen} == {"bccd"}
    assert {field.part for field in seen} == {"train"}


def test_the_temperature_of_varied_crops_is_the_same_each_time(synthetic_data, bundle):
    """A choice rests on figures that come again: the bundle's seed draws the variations."""
    module = import_module("leukonet.training.tune_temperature")
    judged = replace(bundle, provenance={"left_out": [], "seed": 1})

    assert list(module.tune(synthetic_data, judged)) == list(module.tune(synthetic_data, judged))
