"""The figures of locating, on cases small enough to work out by hand."""

from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from leukonet import classify
from leukonet.errors import DataError
from leukonet.labels import LabelledCell, LabelledField
from leukonet.result import Box
from leukonet.training.detection import (
    Detections,
    Found,
    average_precision,
    detect,
    detect_in,
    detection_row,
    recall_row,
)

HERE, THERE, FAR = Box(0, 0, 40, 40), Box(100, 0, 140, 40), Box(200, 0, 240, 40)


def field(
    truth: list[Box],
    *found: tuple[Box, float],
    threshold: float = 0.5,
    group: str = "one",
    artefact: bool = False,
) -> Detections:
    """A field's boxes, and the places found in it with their scores."""
    places = tuple(Found(box, score, artefact) for box, score in found)
    return Detections(tuple(truth), places, threshold, group, (300, 100))


@pytest.mark.parametrize(
    ("truth", "found", "expected"),
    [
        ([HERE], [(HERE, 0.9)], 1.0),
        ([HERE], [], 0.0),
        ([HERE], [(FAR, 0.9)], 0.0),
        ([HERE], [(HERE, 0.9), (FAR, 0.8)], 1.0),
        ([HERE], [(FAR, 0.9), (HERE, 0.8)], 0.5),
        ([HERE, THERE], [(HERE, 0.9)], 0.5),
        ([HERE, THERE], [(HERE, 0.9), (FAR, 0.8), (THERE, 0.7)], 0.5 + 0.5 * 2 / 3),
        ([HERE, THERE], [(FAR, 0.9), (HERE, 0.8), (THERE, 0.7)], 2 / 3),
    ],
)
def test_average_precision_is_the_area_under_all_points(truth, found, expected):
    """As PASCAL VOC has defined it since 2010, so that our figure can stand beside others'."""
    assert pytest.approx(expected) == average_precision([field(truth, *found)])


def test_scores_rank_places_over_all_fields():
    """A certain false cell in one field costs the cells of every other."""
    fields = [field([HERE], (HERE, 0.6)), field([], (FAR, 0.9))]

    assert pytest.approx(0.5) == average_precision(fields)


def test_without_a_labelled_cell_there_is_no_average_precision():
    """Nought would read as a failure."""
    assert average_precision([field([], (FAR, 0.9))]) is None


def test_of_places_that_tie_the_false_ones_gain_nothing_from_their_order():
    """Quantised scores tie often; the figure must not hang on the order of the files."""
    fields = [field([HERE], (HERE, 0.7)), field([], (FAR, 0.7))]

    assert average_precision(fields) == average_precision(fields[::-1])


def test_a_second_place_on_the_same_cell_is_false():
    """A cell counted twice shifts the differential as much as one that is not there."""
    found = field([HERE], (HERE, 0.9), (Box(2, 2, 42, 42), 0.8))

    assert (1, {0}) == (found.false, found.recalled)


def test_half_an_overlap_is_needed():
    """A box beside the cell would have the wrong thing classified."""
    assert {0} == field([HERE], (Box(0, 0, 40, 21), 0.9)).recalled
    assert set() == field([HERE], (Box(0, 0, 40, 19), 0.9)).recalled


def test_recall_and_false_cells_are_those_at_the_bundles_threshold():
    """What a slide's count is made of; below it the locator says nothing."""
    row = detection_row("", [field([HERE, THERE], (HERE, 0.9), (FAR, 0.6), (THERE, 0.4))])

    assert (0.5, 1.0) == (row["recall"], row["false a field, located"])


def test_fields_without_a_cell_count_among_the_fields():
    """False cells per field flatter where only fields with cells are looked at."""
    row = detection_row("", [field([HERE], (HERE, 0.9)), field([], (FAR, 0.9)), field([]), field([])])

    assert (4, 0.25) == (row["fields"], row["false a field, located"])


def test_what_the_classifier_names_artefact_is_not_counted():
    """The service never counts it, so it is false of the locator alone."""
    row = detection_row("", [field([], (FAR, 0.9), artefact=True)])

    assert (1.0, 0.0) == (row["false a field, located"], row["false a field, named"])


def test_limits_rest_on_independent_sources():
    """Ten fields of one slide are one slide."""
    together = [field([HERE], (HERE, 0.9)) for _ in range(10)]
    apart = [field([HERE], (HERE, 0.9), group=str(number)) for number in range(10)]

    assert detection_row("", together)["low"] < detection_row("", apart)["low"]


def test_recall_can_be_told_of_some_cells_alone():
    """Cells at the border are few, and drown among the others."""
    row = recall_row("first", [field([HERE, THERE], (THERE, 0.9))], lambda _, index: index == 0)

    assert (1, 0, 0.0) == (row["labelled"], row["found"], row["recall"])


boxes = st.sampled_from([HERE, THERE, FAR, Box(10, 10, 50, 50)])


@given(
    st.lists(boxes, min_size=1, max_size=4, unique=True),
    st.lists(st.tuples(boxes, st.floats(0, 1)), max_size=6),
)
def test_average_precision_is_a_share_and_never_above_the_recall(truth, found):
    """Whatever is found: it cannot praise cells that were not."""
    one = field(truth, *sorted(found, key=lambda place: -place[1]), threshold=0.0)

    assert 0 <= average_precision([one]) <= len(one.recalled) / len(truth) + 1e-9


def test_a_cell_without_a_box_is_refused(tmp_path, bundle):
    """A set that says only which class is near the middle cannot say what was missed."""
    with pytest.raises(DataError, match="without a box"):
        detect([LabelledField(tmp_path / "a.jpg", "pbc", "a", "", (LabelledCell("basophil", None),))], bundle)


def test_the_classifier_is_asked_from_the_threshold_on(bundle, monkeypatch):
    """Thousands of doubtful places would take minutes, and are never reported."""
    module = import_module("leukonet.training.detection")
    places = [(HERE, bundle.cell_threshold + 0.1), (THERE, bundle.cell_threshold - 0.1)]
    monkeypatch.setattr(module, "locate_field", lambda *_: places)
    asked = []
    monkeypatch.setattr(
        classify, "crop", lambda image, box, light: asked.append(box) or image.resize((96, 96))
    )
    found = detect_in(Image.new("RGB", (300, 100), "white"), [], bundle, "one")

    assert ([HERE], 2) == (asked, len(found.found))
