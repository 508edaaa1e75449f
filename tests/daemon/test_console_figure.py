"""The paper's figure as a picture: boxes where the cells are, captions that can be read."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from handmade import cell
from leukowatch.console.captions import Rect, place_captions
from leukowatch.console.figure import COLOURS, annotate, caption, cell_of, enlargement
from leukowatch.store.rows import CellRow

GREY = (128, 128, 128)
WHITE = (255, 255, 255)
CANVAS = (400, 300)


def field(width, height):
    """A field without anything on it."""
    return Image.new("RGB", (width, height), GREY)


def colours_along(figure, *, y, start, end):
    """The colours of a row of pixels, each once."""
    return {figure.getpixel((x, y)) for x in range(start, end)}


@pytest.mark.parametrize("size", [(640, 480), (1600, 1200), (100, 75)])
def test_boxes_are_drawn_at_the_cells_pixels(size):
    """All four edges lie just inside the box, whatever the field's size; its middle is left as it was."""
    width, height = size
    box = (width // 4, height // 4, width // 2, height // 2)
    figure = annotate(field(*size), [cell("neutrophil", box)])

    zoom = enlargement(size)
    left, top, right, bottom = (edge * zoom for edge in box)
    blue = COLOURS["neutrophil"]
    middle = ((left + right) // 2, (top + bottom) // 2)
    for edge in ((left, middle[1]), (right - 1, middle[1]), (middle[0], top), (middle[0], bottom - 1)):
        assert figure.getpixel(edge) == blue
    assert figure.getpixel((left - 1, middle[1])) == WHITE
    assert figure.getpixel(middle) == GREY


@pytest.mark.parametrize("size", [(100, 100), (640, 480), (1000, 20), (3000, 2000)])
def test_the_figure_holds_the_enlarged_field_and_a_footer(size):
    """Small fields are enlarged so that text finds room; large ones keep their pixels."""
    zoom = enlargement(size)
    figure = annotate(field(*size), [])

    assert max(size) * zoom >= 1000
    assert figure.width >= size[0] * zoom
    assert figure.height > size[1] * zoom
    assert colours_along(figure, y=0, start=0, end=size[0] * zoom) == {GREY}


def test_a_field_without_cells_has_no_box():
    """The field is as it was, and the footer is written."""
    figure = annotate(field(1000, 500), [])

    pixels = np.asarray(figure)
    assert (pixels[:500] == 128).all()
    assert (pixels[500:] == 0).any()


def test_an_unclassified_cell_is_dashed():
    """Its edge shows the class's colour and gaps; a classified one is whole."""
    box = (100, 100, 400, 400)
    dashed = annotate(field(1000, 500), [cell("monocyte?", box)])
    whole = annotate(field(1000, 500), [cell("monocyte", box)])

    assert colours_along(dashed, y=100, start=100, end=400) == {COLOURS["monocyte"], WHITE}
    assert colours_along(whole, y=100, start=100, end=400) == {COLOURS["monocyte"]}


@pytest.mark.parametrize("box", [(0, 0, 640, 480), (639.6, 479.6, 640, 480), (0, 0, 0.2, 0.2)])
def test_any_box_within_the_field_can_be_drawn(box):
    """As large as the field, as the paper's network has it, or smaller than a pixel."""
    figure = annotate(field(640, 480), [cell("neutrophil", box), cell("lymphocyte?", box)])

    assert figure.width >= 640


def test_a_caption_says_number_and_both_classes_with_probabilities():
    """A question mark stands for unclassified; a class of no bundle keeps its name."""
    assert caption(3, cell("immature_granulocyte?")) == "3? Immature granulocyte 0.80\nMonocyte 0.10"
    assert caption(1, cell("blast")) == "1 blast 0.80\nMonocyte 0.10"


def test_a_row_of_the_store_becomes_a_cell():
    """Nothing is lost on the way."""
    made = cell("neutrophil?")
    row = CellRow(
        7, "S1/a.jpg", *made.box, made.score, made.first, made.first_probability, made.second,
        made.second_probability, made.unclassified, made.counts,
    )  # fmt: skip

    assert cell_of(row) == made


def test_captions_stand_beside_their_boxes():
    """With room all around, the caption begins at the box's right upper corner."""
    places = place_captions([Rect(100, 100, 150, 150)], [(60, 20)], CANVAS)

    assert places == [Rect(150, 100, 210, 120)]


def test_captions_of_neighbours_hide_nothing():
    """Two cells side by side: no caption lies on the other's box or caption."""
    boxes = [Rect(100, 100, 150, 150), Rect(152, 100, 200, 150)]
    first, second = place_captions(boxes, [(60, 20), (60, 20)], CANVAS)

    assert 0 == first.shared(second)
    assert 0 == sum(place.shared(box) for place in (first, second) for box in boxes)


@given(
    st.lists(
        st.tuples(st.integers(0, 399), st.integers(0, 299), st.integers(1, 99), st.integers(1, 99)),
        max_size=8,
    ),
    st.integers(1, 400),
    st.integers(1, 300),
)
def test_captions_stay_in_the_picture(corners, width, height):
    """Wherever the boxes are, whatever the captions' size."""
    boxes = [Rect(x, y, min(x + wide, 400), min(y + high, 300)) for x, y, wide, high in corners]
    places = place_captions(boxes, [(width, height)] * len(boxes), CANVAS)

    assert [(place.right - place.left, place.bottom - place.top) for place in places] == [
        (width, height)
    ] * len(boxes)
    assert all(0 <= p.left and 0 <= p.top and p.right <= 400 and p.bottom <= 300 for p in places)
