"""Made fields: what is said to be in them is in them, and nowhere else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from leukonet.errors import DataError
from leukonet.labels import LabelledCell, LabelledField
from leukonet.phantom import render_field
from leukonet.result import Box
from leukonet.training.mosaics import (
    COVERED,
    FEWEST,
    MOST,
    Scene,
    closer,
    donors,
    enlarged,
    largest_mosaics,
    pasted,
    scene,
    seen_from_afar,
    tiled,
)
from leukonet.views import pixels

LIGHT, STAIN = (220, 205, 210), (90, 40, 120)
CELL = Box(120, 80, 180, 140)


def plain(*boxes: Box, light: tuple[int, int, int] = LIGHT, size: tuple[int, int] = (320, 240)) -> Scene:
    """A bare field with a stained square in each box."""
    image = Image.new("RGB", size, light)
    for box in boxes:
        image.paste(STAIN, tuple(int(edge) for edge in box))
    return Scene(image, boxes)


def stained(made: Scene) -> Box:
    """The extent of all stain in a picture."""
    rows, columns = np.nonzero(pixels(made.image)[..., 1] < 130)
    return Box(columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)


@pytest.mark.parametrize(
    ("way", "zoom"),
    [
        (enlarged, 0.5),
        (enlarged, 2.0),
        (seen_from_afar, 0.5),
        (seen_from_afar, 0.7),
        (closer, 1.4),
        (closer, 2.0),
    ],
)
def test_boxes_move_with_the_cells_at_every_magnification(way, zoom):
    """Else a cell that was found would count as missed and as false."""
    made = way(plain(CELL), zoom)

    assert made.truth[0].overlap(stained(made)) > 0.9


@pytest.mark.parametrize(("way", "zoom"), [(seen_from_afar, 0.5), (closer, 2.0)])
def test_another_magnification_of_the_view_keeps_the_fields_size(way, zoom):
    """The canvas undoes a mere resizing; here cells are smaller or larger on it."""
    whole = plain(CELL)

    assert whole.image.size == way(whole, zoom).image.size


def test_a_sliver_at_the_windows_border_is_no_longer_labelled():
    """No one would count it, and to miss it is no fault."""
    made = closer(plain(CELL, Box(226, 80, 286, 140)), 2.0)

    assert 1 == len(made.truth)


def test_fields_side_by_side_keep_their_cells():
    """Row by row, each where its field lies."""
    made = tiled([plain(CELL), plain()], 2, 2)

    assert (640, 480) == made.image.size
    assert (CELL, Box(120, 320, 180, 380)) == made.truth


def test_no_field_is_in_two_of_the_largest_mosaics():
    """A cell judged twice would count as two."""
    fields = [plain(Box(10 + index, 10, 60, 60)) for index in range(9)]
    made = list(largest_mosaics(fields, (700, 500), np.random.default_rng(1)))

    assert [(640, 480)] * 2 == [each.image.size for each in made]
    assert 8 == len({box.xmin % 320 for each in made for box in each.truth})


def test_a_cell_that_is_cut_or_covered_is_not_pasted_elsewhere():
    """Its straight edge in the middle of a field would be no cell's."""
    cut, pair = Box(0, 80, 40, 140), (Box(200, 20, 260, 80), Box(250, 20, 310, 80))

    assert 1 == len(donors([plain(CELL, cut, *pair)]))


def test_a_pasted_cell_takes_on_its_new_fields_light():
    """A patch of another grey would be found for its edge."""
    ground = plain(CELL, light=(180, 170, 160))
    made = pasted(ground, donors([plain(CELL)]), np.random.default_rng(3))
    levels = pixels(made.image)
    bare = levels[levels[..., 1] > 150]

    assert len(made.truth) > 1
    assert np.abs(bare.astype(int) - (180, 170, 160)).max() < 25


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_a_pasted_field_holds_two_to_eight_cells_that_overlap_a_little_at_most(seed):
    """As in blood: side by side, sometimes touching, sometimes cut by the border."""
    ground = plain(CELL, size=(640, 480))
    made = pasted(ground, donors([plain(CELL)]), np.random.default_rng(seed))
    pairs = [one.overlap(other) for one in made.truth for other in made.truth if one is not other]

    assert FEWEST <= len(made.truth) <= MOST
    assert max(pairs) <= COVERED
    assert all(0 <= box.xmin < box.xmax <= 640 and 0 <= box.ymin < box.ymax <= 480 for box in made.truth)


def test_the_same_seed_gives_the_same_mosaic():
    """A figure that nobody can repeat is none."""
    drawn = render_field(np.random.default_rng(5), cells=["monocyte", "neutrophil"])
    ground = Scene(Image.fromarray(drawn.pixels), tuple(box for _, box in drawn.cells))
    one, other = (pasted(ground, donors([ground]), np.random.default_rng(2)) for _ in range(2))

    assert one.truth == other.truth
    assert one.image.tobytes() == other.image.tobytes()


@pytest.mark.parametrize("box", [None, CELL])
def test_a_picture_that_is_none_is_named(tmp_path, box):
    """Whether its set boxes the cells or not: among thousands of files a person must know which."""
    (tmp_path / "a.jpg").write_text("text")
    labelled = LabelledField(tmp_path / "a.jpg", "pbc", "a", "", (LabelledCell("basophil", box),))

    with pytest.raises(DataError, match=r"a\.jpg: neither JPEG"):
        scene(labelled)
