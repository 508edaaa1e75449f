"""Large fields: seen at the right magnification, and every cell at a seam counted once."""

import io
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage

from leukonet import analyse
from leukonet.analysis import open_networks
from leukonet.locate import OUTPUTS, SIZE_UNIT, STRIDE, Located
from leukonet.magnification import RULE, Look, worth
from leukonet.phantom import render_field
from leukonet.preprocessing import CANVAS
from leukonet.result import Box
from leukonet.tiles import (
    FINEST,
    LARGE,
    MOST_TILES,
    OVERLAP,
    STEP,
    Seen,
    joined,
    levels,
    locate_field,
    middle,
    tiles,
)
from leukonet.views import on_canvas

sides = st.integers(1, 12_000)
SMALL = [(640, 480), (720, 450), (240, 240), (LARGE, LARGE), (1, 1)]


class Watcher:
    """Stands in for the locator: sees every dark patch, and is sure of those that are as large as cells."""

    def __init__(self) -> None:
        self.runs = 0

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """Draw the map that the true network would draw of the patches."""
        self.runs += 1
        scores = np.zeros((CANVAS // STRIDE, CANVAS // STRIDE, OUTPUTS), np.float32)
        scores[..., 0] = -20
        for rows, columns in ndimage.find_objects(ndimage.label(image[..., 1] < 150)[0]):
            high, wide = rows.stop - rows.start, columns.stop - columns.start
            y, x = (rows.start + rows.stop) / 2 / STRIDE, (columns.start + columns.stop) / 2 / STRIDE
            row, column = min(int(y), len(scores) - 1), min(int(x), len(scores) - 1)
            score = 0.9 if 24 < max(high, wide) < 110 else 0.3
            offset = x - column - 0.5, y - row - 0.5
            size = np.log2(wide / SIZE_UNIT), np.log2(high / SIZE_UNIT)
            scores[row, column] = [np.log(score / (1 - score)), *offset, *size]
        return scores


def painted(width: int, height: int, boxes: Sequence[Box]) -> Image.Image:
    """A light field with a dark square for each box."""
    image = Image.new("RGB", (width, height), (220, 210, 215))
    for box in boxes:
        image.paste((90, 40, 120), tuple(int(edge) for edge in box))
    return image


def square(x: float, y: float, side: float) -> Box:
    """A box around a centre."""
    return Box(x - side / 2, y - side / 2, x + side / 2, y + side / 2)


def seen(box: Box, score: float = 0.8, *, cut: bool = False) -> Seen:
    """What a tile tells."""
    return Seen(Located(box, score), cut)


@settings(deadline=None)
@given(sides, sides, st.integers(400, 5000))
def test_tiles_cover_the_field_and_nothing_else(width, height, side):
    """A strip that no tile shows would hold cells that nobody counts."""
    found = tiles(width, height, side)
    across, down = (sorted({(tile[axis], tile[axis + 2]) for tile in found}) for axis in (0, 1))

    for spans, length in ((across, width), (down, height)):
        assert (0, length) == (spans[0][0], spans[-1][1])
        assert all(later[0] < earlier[1] for earlier, later in pairwise(spans))
    assert len(found) == len(across) * len(down)


@settings(deadline=None)
@given(sides, sides, st.integers(400, 3000), st.floats(0, 1), st.floats(0, 1))
def test_a_cell_no_larger_than_the_overlap_is_whole_in_some_tile(width, height, side, across, down):
    """Wherever it lies: what is cut at one tile's border its neighbour shows whole."""
    cell = side * OVERLAP - 2
    x, y = across * max(0, width - cell), down * max(0, height - cell)
    right, bottom = min(width, x + cell), min(height, y + cell)

    assert any(
        tile.left <= x and tile.top <= y and tile.right >= right and tile.bottom >= bottom
        for tile in tiles(width, height, side)
    )


@settings(deadline=None)
@given(sides, sides)
def test_the_work_on_a_field_is_bounded_whatever_its_size(width, height):
    """A folder may hold anything; two levels of a 4000 x 3000 field are the most that one costs."""
    assert all(len(tiles(width, height, side)) <= MOST_TILES for side in levels(width, height))


@settings(deadline=None)
@given(sides, sides)
def test_levels_go_from_coarse_to_fine_in_steps_that_training_bridges(width, height):
    """So that a cell of any size is shown well on one of them."""
    longest = max(width, height)
    found = [longest, *levels(width, height)]

    assert all(1 < earlier / later <= STEP + 0.01 for earlier, later in pairwise(found))
    assert longest <= LARGE or found[-1] >= FINEST


def test_a_field_of_4000_by_3000_pixels_is_seen_in_tiles_of_bccds_size():
    """The largest field that we promise to see in full detail."""
    assert FINEST == levels(4000, 3000)[-1]
    assert MOST_TILES == len(tiles(4000, 3000, FINEST))


@pytest.mark.parametrize("size", SMALL)
def test_a_small_field_costs_one_run_of_the_network(size):
    """Most microscopes' fields are small, and speed is what a night's folder is judged by."""
    watcher = Watcher()
    image = painted(*size, [])
    locate_field(watcher, on_canvas(image), image, 0.2)

    assert 1 == watcher.runs


def test_a_cell_that_fills_the_picture_is_looked_at_from_further_away():
    """Too near it is hardly believed, and its lobes are more cells; from there it is one."""
    image = Image.new("RGB", (240, 240), (220, 210, 215))
    image.paste((90, 40, 120), (20, 20, 220, 220))
    watcher = Watcher()
    (found,) = locate_field(watcher, on_canvas(image), image, 0.5)

    assert (20, 20, 220, 220) == pytest.approx(found.box, abs=6)
    assert 2 == watcher.runs


def test_a_large_field_of_large_cells_is_not_looked_at_to_the_end():
    """One cell in great detail is found from afar; the finest tiles could add nothing but time."""
    watcher = Watcher()
    box = square(2000, 1500, 1200)
    image = painted(4000, 3000, [box])
    found = locate_field(watcher, on_canvas(image), image, 0.2)

    assert [True] == [place.box.overlap(box) > 0.9 for place in found]
    assert watcher.runs < MOST_TILES


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([70, 150, 330]))
def test_every_cell_is_found_once_wherever_the_seams_are(seed, side):
    """A cell counted twice, or lost between two tiles, shifts the differential."""
    assert_each_once(seed, side, (1440, 1920))


@pytest.mark.slow
@pytest.mark.parametrize("side", [70, 150, 330, 700])
@pytest.mark.parametrize("seed", range(3))
def test_every_cell_of_the_largest_fields_is_found_once(seed, side):
    """Where the seams are many."""
    assert_each_once(seed, side, (4000, 3000))


def assert_each_once(seed: int, side: int, size: tuple[int, int]) -> None:
    """Dark squares on a shaken grid, some of them on seams: as many places, each on its square."""
    random = np.random.default_rng(seed)
    pitch = int(side * 1.6)
    nodes = [
        (x, y) for x in range(pitch, size[0] - pitch, pitch) for y in range(pitch, size[1] - pitch, pitch)
    ]
    chosen = random.choice(len(nodes), min(12, len(nodes)), replace=False)
    boxes = [square(*(np.array(nodes[index]) + random.integers(0, side // 2)), side) for index in chosen]
    image = painted(*size, boxes)
    found = locate_field(Watcher(), on_canvas(image), image, 0.2)

    assert len(boxes) == len(found)
    assert all(max(place.box.overlap(box) for place in found) > 0.8 for box in boxes)


def test_a_cell_that_two_tiles_see_whole_is_one_cell():
    """Everything in an overlap is seen twice."""
    twice = [seen(Box(100, 100, 180, 180), 0.7), seen(Box(104, 98, 182, 181), 0.9)]

    assert [twice[1].place] == joined(twice)


def test_a_cell_cut_by_one_tile_and_whole_in_its_neighbour_is_the_whole_one():
    """Even where the piece looks more certain: the crop needs the whole cell."""
    piece, whole = seen(Box(100, 100, 130, 180), 0.95, cut=True), seen(Box(100, 100, 180, 180), 0.6)

    assert [whole.place] == joined([piece, whole])


def test_pieces_of_a_cell_that_no_tile_shows_whole_are_put_together():
    """A cell wider than the overlap, in two halves that share their middle."""
    halves = [seen(Box(100, 100, 200, 180), 0.7, cut=True), seen(Box(140, 100, 240, 180), 0.5, cut=True)]

    assert [Located(Box(100, 100, 240, 180), 0.7)] == joined(halves)


def test_a_piece_that_touches_another_cell_is_a_cell():
    """Neighbours overlap a little, on both sides of a seam too."""
    whole, piece = seen(Box(100, 100, 180, 180)), seen(Box(165, 100, 250, 180), cut=True)

    assert 2 == len(joined([whole, piece]))


def test_one_certain_cell_is_worth_more_than_a_crowd_of_doubtful_ones():
    """Too fine a level shows lobes and platelets in plenty, each half believed."""
    cell = [Located(square(300, 300, 300), 0.85)]
    crowd = [Located(square(100 * place, 100, 60), 0.35) for place in range(20)]

    assert worth(Look(cell, 0.25)) > 0 > worth(Look(crowd, 0.5))


def test_what_fills_half_the_canvas_speaks_against_its_level():
    """A magnification at which the cells are too large is the wrong one, however certain the locator is."""
    place = [Located(square(300, 300, 300), 0.9)]

    assert worth(Look(place, 0.25)) > 0 > worth(Look(place, 0.6))


def test_cells_that_are_seen_well_are_not_looked_at_closer_for_a_little_more():
    """A platelet that looks like a cell from near would carry the field to a level at which lobes are cells."""
    cell, platelet = square(500, 500, 260), square(1000, 300, 70)
    image = painted(1440, 1080, [cell, platelet])
    found = locate_field(Watcher(), on_canvas(image), image, 0.5)

    assert [True] == [place.box.overlap(cell) > 0.9 for place in found]


def test_the_threshold_changes_what_is_told_and_not_what_is_looked_at():
    """A curve over all thresholds is drawn from one look."""
    boxes = [square(900, 700, 150), square(1300, 700, 150)]
    image = painted(2100, 1600, boxes)
    canvas = on_canvas(image)
    low, high = (locate_field(Watcher(), canvas, image, threshold) for threshold in (0.01, 0.8))

    assert 2 == len(high)
    assert high == [place for place in low if place.score >= 0.8]


@pytest.mark.parametrize("size", [*SMALL, (4000, 300)])
def test_the_middle_of_a_field_is_no_larger_than_the_finest_tile(size):
    """It stands for the whole where that is judged too small to see."""
    image = Image.new("RGB", size)
    part = middle(image)

    assert (part is image) == (max(size) <= LARGE)
    assert max(part.size) <= max(FINEST + 1, min(LARGE, max(size)))


def test_a_large_field_of_small_cells_is_a_smear(bundle):
    """From afar its cells are as fine as noise; what the tiles show decides."""
    drawn = render_field(np.random.default_rng(1), 1600, 1200, ["neutrophil"], magnification=0.5)
    file = io.BytesIO()
    Image.fromarray(drawn.pixels).save(file, "JPEG", quality=95)

    assert analyse(file.getvalue(), bundle).assessable


@pytest.mark.parametrize("magnification", [0.5, 1.0, 2.0])
def test_a_large_phantoms_cells_are_mostly_found_and_none_twice(bundle, magnification):
    """Drawn cells are no blood; that a box stands where a cell is, once, can be told on them all the same."""
    names = ["neutrophil", "lymphocyte", "eosinophil", "monocyte"] * 2
    drawn = render_field(np.random.default_rng(7), 1800, 1350, names, magnification=magnification)
    assert_found_once(bundle, drawn.pixels, [box for _, box in drawn.cells])


@pytest.mark.slow
@pytest.mark.parametrize("magnification", [0.5, 0.7, 1.0, 1.4, 2.0])
def test_phantoms_of_25_million_pixels_are_counted_cell_by_cell(bundle, magnification):
    """The largest that can be drawn: nearly fifty tiles, and as many seams."""
    names = ["neutrophil", "lymphocyte", "eosinophil", "monocyte"] * 6
    drawn = render_field(np.random.default_rng(11), 5760, 4320, names, magnification=magnification)
    assert_found_once(bundle, drawn.pixels, [box for _, box in drawn.cells])


def assert_found_once(bundle, pixels: np.ndarray, truth: Sequence[Box]) -> None:
    """Most cells have a box, and no cell has two."""
    image = Image.fromarray(pixels)
    locator = open_networks(bundle)[0]
    found = locate_field(
        locator, on_canvas(image), image, RULE.plausible
    )  # of the seams, not of the threshold
    boxes = [sum(place.box.overlap(box) > 0.3 for place in found) for box in truth]

    assert 0.75 * len(truth) <= sum(count == 1 for count in boxes)
    assert 2 > max(boxes)
