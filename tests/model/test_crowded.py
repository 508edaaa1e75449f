"""Crowded fields for the locator's training: made of a set's own cells, on its own fields."""

from collections import Counter

import numpy as np
import pytest
from PIL import Image

from leukonet.labels import LabelledCell, LabelledField
from leukonet.phantom import render_field
from leukonet.training.crowded import crowded


@pytest.fixture(name="fields")
def _fields(tmp_path):
    """Three phantoms with boxes, and one without, as of two sets."""
    made = []
    for seed in range(1, 5):
        phantom = render_field(np.random.default_rng(seed), cells=("neutrophil",))
        path = tmp_path / f"{seed}.png"
        Image.fromarray(phantom.pixels).save(path)
        boxes = [None] if seed == 4 else [box for _, box in phantom.cells]
        cells = tuple(LabelledCell("neutrophil", box) for box in boxes)
        made.append(LabelledField(path, "unboxed" if seed == 4 else "boxed", path.name, "", cells))
    return made


def test_only_sets_that_box_their_cells_are_crowded(fields):
    """A cell that nobody boxed would teach the locator that cells are background."""
    made = Counter(name for name, _ in crowded(fields, 1))

    assert {"boxed": 3} == made


def test_a_crowded_field_holds_more_cells_than_the_field_it_was(fields):
    """Several cells in one view are what the sets lack."""
    before = sum(len(field.cells) for field in fields[:3])

    after = sum(len(scene.truth) for _, scene in crowded(fields, 1))

    assert after > before
