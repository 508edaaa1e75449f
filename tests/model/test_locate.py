"""The locator's map becomes boxes: where the map says, as large as it says, each cell once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from leukonet.locate import (
    MOST_CELLS,
    MOST_OVERLAP,
    OUTPUTS,
    SIZE_UNIT,
    STRIDE,
    Located,
    locate,
    peaks,
    without_overlap,
)
from leukonet.preprocessing import CANVAS
from leukonet.result import Box
from leukonet.views import on_canvas

GRID = CANVAS // STRIDE
NOTHING = -20.0


def logit(score: float) -> float:
    """What the network must give for a score."""
    return float(np.log(score / (1 - score)))


def drawn(*cells: tuple[int, int, float], size: float = SIZE_UNIT) -> np.ndarray:
    """A map with a peak at each `(row, column, score)`."""
    scores = np.zeros((GRID, GRID, OUTPUTS), np.float32)
    scores[..., 0] = NOTHING
    for row, column, score in cells:
        scores[row, column] = [logit(score), 0, 0, np.log2(size / SIZE_UNIT), np.log2(size / SIZE_UNIT)]
    return scores


def rows(found: list[tuple[Box, float]]) -> list[float]:
    """The row of the grid in which each peak lies."""
    return [box.centre[1] // STRIDE for box, _ in found]


def test_position_and_size_are_decoded_exactly():
    """The middle of a grid cell, plus the offset in strides; sizes are powers of two of the unit."""
    scores = drawn((3, 10, 0.9))
    scores[3, 10, 1:] = [0.25, -0.5, 1.0, -1.0]
    (box, score), *others = peaks(scores, 0.5)

    assert (10.75 * STRIDE, 3 * STRIDE) == box.centre
    assert (2 * SIZE_UNIT, SIZE_UNIT / 2) == (box.xmax - box.xmin, box.ymax - box.ymin)
    assert pytest.approx(0.9) == score
    assert [] == others


def test_an_empty_map_has_no_cells():
    """Fields without white cells are common."""
    assert [] == peaks(drawn(), 0.4)


def test_the_threshold_counts_from_itself_on():
    """A place below it is no cell."""
    scores = drawn((3, 3, 0.6), (20, 20, 0.4))

    assert [3, 20] == rows(peaks(scores, 0.39))
    assert [3] == rows(peaks(scores, 0.41))
    assert [20] == rows(peaks(drawn((20, 20, 0.5)), 0.5))


@pytest.mark.parametrize(("threshold", "expected"), [(0.0, 2), (1.0, 0)])
def test_the_ends_of_the_thresholds_range_are_thresholds_too(threshold, expected):
    """All peaks, and none: no division by nought."""
    scores = drawn((3, 3, 0.9), (20, 20, 0.4))
    scores[..., 0] += np.linspace(0, 1e-3, GRID * GRID, dtype=np.float32).reshape(GRID, GRID)
    found = [row for row in rows(peaks(scores, threshold)) if row in (3, 20)]

    assert expected == len(found)


def test_the_most_certain_comes_first():
    """So that it is the one that stays where two overlap."""
    assert [9, 3, 25] == rows(peaks(drawn((3, 3, 0.6), (9, 20, 0.9), (25, 8, 0.5)), 0.4))


def test_a_slope_has_one_peak():
    """The neighbours of a centre are warm too; only the highest of nine is a cell."""
    scores = drawn((10, 10, 0.9), (10, 11, 0.8), (11, 11, 0.7), (12, 12, 0.6))

    assert [10] == rows(peaks(scores, 0.4))[:1]
    assert 1 == len(peaks(scores[:12], 0.4))


@pytest.mark.parametrize("place", [(0, 0), (0, GRID - 1), (GRID - 1, 0), (GRID - 1, GRID - 1)])
def test_the_maps_corners_can_be_peaks(place):
    """A cell at the border is a cell."""
    assert 1 == len(peaks(drawn((*place, 0.8)), 0.4))


def test_equal_neighbours_are_one_cell():
    """Quantised scores tie often; the boxes overlap, and the first of them stays."""
    found = peaks(drawn((10, 10, 0.9), (10, 11, 0.9), (11, 10, 0.9)), 0.4)
    kept = without_overlap([Located(*place) for place in found])

    assert 3 == len(found)
    assert [found[0][0]] == [place.box for place in kept]


def test_a_map_of_nothing_but_peaks_is_cut_short():
    """Hostile input may cost time, but not without end."""
    assert MOST_CELLS == len(peaks(np.zeros((GRID, GRID, OUTPUTS), np.float32), 0.4))


def test_of_two_that_overlap_the_less_certain_goes():
    """And a touching neighbour stays."""
    first = Located(Box(0, 0, 100, 100), 0.9)
    same = Located(Box(10, 10, 110, 110), 0.8)
    beside = Located(Box(80, 0, 180, 100), 0.7)

    assert first.box.overlap(same.box) > MOST_OVERLAP > first.box.overlap(beside.box)
    assert [first, beside] == without_overlap([first, same, beside])


@given(
    st.integers(1, 4000),
    st.integers(1, 4000),
    st.lists(
        st.tuples(
            st.integers(0, GRID - 1), st.integers(0, GRID - 1), st.floats(0.3, 0.999), st.floats(1, 400)
        ),
        max_size=6,
    ),
)
def test_located_boxes_lie_inside_the_field(width, height, cells):
    """Whatever the network says, and on fields of any shape; each is a true rectangle."""
    scores = drawn()
    for row, column, score, size in cells:
        scores[row, column] = drawn((row, column, score), size=size)[row, column]
    canvas = on_canvas(Image.new("L", (min(width, 64), min(height, 64))).convert("RGB"))
    canvas = canvas._replace(scale=min(1.0, CANVAS / max(width, height)))
    found = locate(lambda _: scores, canvas, (width, height), 0.4)

    for box, score in found:
        assert 0 <= box.xmin < box.xmax <= width
        assert 0 <= box.ymin < box.ymax <= height
        assert 0.4 <= score <= 1


def test_boxes_are_in_the_fields_own_pixels():
    """A field four times as wide as the canvas has cells four times as wide."""
    canvas = on_canvas(Image.new("RGB", (4 * CANVAS, 2 * CANVAS), "white"))
    ((box, _),) = locate(lambda _: drawn((8, 16, 0.9)), canvas, (4 * CANVAS, 2 * CANVAS), 0.4)

    assert (4 * 16.5 * STRIDE, 4 * 8.5 * STRIDE) == box.centre
    assert 4 * SIZE_UNIT == box.xmax - box.xmin


corners = st.tuples(*[st.floats(0, 1000)] * 4).map(
    lambda c: Box(min(c[0], c[2]), min(c[1], c[3]), max(c[0], c[2]), max(c[1], c[3]))
)


@given(corners, corners)
def test_overlap_is_a_share_and_the_same_both_ways(one, other):
    """From 0 for apart to 1 for the same."""
    assert 0 <= one.overlap(other) <= 1 + 1e-9
    assert pytest.approx(one.overlap(other)) == other.overlap(one)
    if one.area > 1e-9:
        assert pytest.approx(1) == one.overlap(one)
