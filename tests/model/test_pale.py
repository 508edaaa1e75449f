"""A pale cell's stain is raised, and no other's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from leukonet.pale import FAINTEST_NUCLEUS, FIELD, NUCLEUS, nucleus, raise_cell, raise_field
from leukonet.phantom import render_field
from leukonet.preprocessing import BACKGROUND, CONTEXT
from leukonet.views import crop, on_canvas, pixels

PART = 0.7


def stained(density: float, columns: int = 10) -> np.ndarray:
    """A picture of which some columns have this optical density, the others none: `(30, 30, 3)`."""
    picture = np.full((30, 30, 3), BACKGROUND, np.uint8)
    picture[:, :columns] = round(BACKGROUND * np.exp(-density))
    return picture


@given(st.floats(0.1, NUCLEUS - 0.02))
def test_a_pale_nucleus_comes_most_of_the_way_to_the_usual(density):
    """In the logarithm of its density, so that what is paler is raised more and stays paler."""
    box = stained(density)
    before, after = nucleus(box), nucleus(raise_cell(box, 1.0, PART))

    assert pytest.approx(before ** (1 - PART) * NUCLEUS**PART, rel=0.05) == after
    assert before < after < NUCLEUS


@given(st.floats(NUCLEUS + 0.02, 3))
def test_a_cell_of_usual_stain_stays_as_it_is(density):
    """To the pixel: what most smears show is what was learned."""
    box = stained(density)

    assert np.array_equal(box, raise_cell(box, 1.0, PART))
    assert np.array_equal(box, raise_field(box, PART))


@given(st.integers(0, 2**32 - 1))
def test_background_stays_background(seed):
    """Whatever stands on it, noise or nothing: it has no density to multiply."""
    random = np.random.default_rng(seed)
    box = np.full((12, 12, 3), BACKGROUND, np.uint8)
    box[:, :6] = random.integers(random.integers(1, 232), 233, (12, 6, 3))

    assert (
        (BACKGROUND,) * 3 == tuple(raise_cell(box, 1.0, PART)[0, 11]) == tuple(raise_field(box, PART)[0, 11])
    )


def test_an_empty_crop_is_raised_no_further_than_the_faintest():
    """Noise that hardly differs from the ground does not become a cell."""
    grain = np.full((20, 20, 3), BACKGROUND, np.uint8)
    grain[::2] -= 4
    seen = raise_cell(grain, 1.0, PART)

    most = BACKGROUND * (1 - 4 / BACKGROUND) ** ((NUCLEUS / FAINTEST_NUCLEUS) ** PART)
    assert seen.min() >= most - 1


def test_only_the_cell_itself_tells_whether_it_is_pale():
    """Not a dark neighbour at the crop's rim."""
    picture = np.full((96, 96, 3), BACKGROUND, np.uint8)
    picture[32:64, 32:64] = 160
    alone = raise_cell(picture, 1 / CONTEXT, PART)
    picture[:, :12] = 40
    beside = raise_cell(picture, 1 / CONTEXT, PART)

    assert alone[48, 48, 0] == beside[48, 48, 0] < 160


@pytest.mark.parametrize("share", [0.1, 0.15])
def test_a_paler_smear_comes_nearer_to_the_usual(share):
    """The same phantom with a part of its density: another dye, another exposure."""
    drawn = render_field(np.random.default_rng(3), 200, 160, ["neutrophil"])
    box = drawn.cells[0][1]
    usual, pale = (
        pixels(crop(image, box, on_canvas(image).light))
        for image in (
            Image.fromarray(drawn.pixels),
            Image.fromarray((255 * (drawn.pixels / 255) ** share).astype(np.uint8)),
        )
    )
    seen, plain, risen = (each.astype(int) for each in (usual, pale, raise_cell(pale, 1 / CONTEXT, PART)))

    assert np.abs(risen - seen).mean() < 0.85 * np.abs(plain - seen).mean()


@given(st.floats(0.15, FIELD - 0.02))
def test_a_pale_field_comes_most_of_the_way_to_the_usual(density):
    """As a cell does: told by its densest parts."""
    field = stained(density)
    before, after = (
        float(np.log(BACKGROUND / picture[0, 0, 0])) for picture in (field, raise_field(field, PART))
    )

    assert pytest.approx(before ** (1 - PART) * FIELD**PART, rel=0.05) == after


def test_what_a_field_does_not_fill_tells_nothing_of_its_stain():
    """A narrow field on its canvas is raised as the same field is without the canvas's rest."""
    field = stained(0.2)
    canvas = np.full((256, 256, 3), BACKGROUND, np.uint8)
    canvas[:30, :30] = field

    assert np.array_equal(raise_field(field, PART), raise_field(canvas, PART)[:30, :30])


def test_an_empty_field_stays_empty():
    """Nothing on it is background, and so is all of the canvas that it leaves."""
    empty = np.full((9, 9, 3), BACKGROUND, np.uint8)

    assert np.array_equal(empty, raise_field(empty, PART))
