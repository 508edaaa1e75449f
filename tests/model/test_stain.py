"""A cell's stain: however pale or blue the smear, its nucleus comes to the networks alike."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from leukonet.phantom import render_field
from leukonet.preprocessing import BACKGROUND, CONTEXT
from leukonet.training.stain import LEAST_GAIN, MOST_GAIN, MOST_TINT, NUCLEUS, even_stain, gains
from leukonet.views import crop, on_canvas, pixels


def cell_of(densities: tuple[float, float, float]) -> np.ndarray:
    """A box of which a third is nucleus of these optical densities, the rest background; `(30, 30, 3)`."""
    box = np.full((30, 30, 3), BACKGROUND, np.uint8)
    box[:, :10] = np.round(BACKGROUND * np.exp(-np.array(densities)))
    return box


@given(st.floats(0.4, 1.6), st.floats(0.7, 1.4), st.floats(0.7, 1.4))
def test_a_nucleus_of_any_stain_becomes_the_reference(strength, red, green):
    """Within a few levels: the classifier need not learn every lab's dye."""
    stained = tuple(np.array(NUCLEUS) * strength * (red, green, 1.0))
    box = cell_of(stained)
    even = pixels(even_stain(Image.fromarray(box), 1.0))

    expected = BACKGROUND * np.exp(-np.array(NUCLEUS))
    assert np.abs(even[0, 0] - expected).max() < 12


@given(st.integers(0, 2**32 - 1))
def test_gains_stay_within_their_bounds(seed):
    """Noise, black, background alone: nothing is raised without end."""
    random = np.random.default_rng(seed)
    box = random.integers(0, random.integers(1, 257), (9, 9, 3)).astype(np.uint8)
    found = gains(box)

    assert (LEAST_GAIN / MOST_TINT - 1e-5 <= found).all()
    assert (found <= MOST_GAIN * MOST_TINT + 1e-5).all()


def test_background_stays_background():
    """Whatever the gain: it has no density to multiply."""
    box = cell_of((0.3, 0.2, 0.1))

    assert (BACKGROUND,) * 3 == even_stain(Image.fromarray(box), 1.0).getpixel((29, 0))


@pytest.mark.parametrize("share", [0.3, 0.6])
def test_a_paler_smear_gives_nearly_the_same_crop(share):
    """The same phantom with a part of its density: another dye, another exposure."""
    drawn = render_field(np.random.default_rng(3), 200, 160, ["neutrophil"])
    box = drawn.cells[0][1]
    pale = 255 * (drawn.pixels / 255) ** share
    seen = [
        pixels(even_stain(crop(image, box, on_canvas(image).light), 1 / CONTEXT)).astype(int)
        for image in (Image.fromarray(drawn.pixels), Image.fromarray(pale.astype(np.uint8)))
    ]

    assert np.abs(seen[0] - seen[1]).mean() < 8
