"""The light of a field: a lamp's slope and a condenser's vignette are taken out, cells are left in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from leukonet.colour import LOWEST_WHITE
from leukonet.light import even_light, measure_light
from leukonet.phantom import render_field
from leukonet.phantom.look import draw_look
from leukonet.result import Box

WHOLE = Box(0, 0, 1, 1)
HEIGHT, WIDTH = 160, 240


def vignette(red: float, blue: float, strength: float) -> np.ndarray:
    """A background that darkens towards the rim and slopes to one side, `(HEIGHT, WIDTH, 3)` levels."""
    y, x = np.meshgrid(np.linspace(-1, 1, HEIGHT), np.linspace(-1, 1, WIDTH), indexing="ij")
    fall = np.exp(-strength * (x * x + y * y) / 2 + 0.1 * x)
    return fall[..., None] * np.array([red, 200.0, blue])


def smear_in(levels: np.ndarray, *, cell: bool = True) -> np.ndarray:
    """Many small red cells on a background, and one large dark cell in the middle."""
    field = levels.copy()
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    field[(x % 16 - 8) ** 2 + (y % 16 - 8) ** 2 < 36] *= 0.75
    if cell:
        field[(x - WIDTH / 2) ** 2 + (y - HEIGHT / 2) ** 2 < 35**2] = levels[HEIGHT // 2, WIDTH // 2] * 0.35
    return np.clip(field, 0, 255).astype(np.uint8)


@given(st.floats(150, 230), st.floats(150, 230), st.floats(0, 0.6))
def test_a_vignette_is_measured_through_the_cells_that_lie_on_it(red, blue, strength):
    """Within a tenth everywhere: a cheap microscope's rim is no stain, and its middle none either."""
    truth = vignette(red, blue, strength)
    found = measure_light(smear_in(truth)).over(WHOLE, (WIDTH, HEIGHT))

    assert np.abs(np.log(found / np.clip(truth, LOWEST_WHITE, 255))).max() < 0.1


def test_one_great_cell_in_the_middle_is_no_vignette():
    """A single cell's picture keeps its nucleus: it would else be bleached to background."""
    truth = vignette(220, 210, 0.0)
    found = measure_light(smear_in(truth)).over(WHOLE, (WIDTH, HEIGHT))

    assert np.abs(np.log(found / truth))[60:100, 100:140].max() < 0.08


def test_a_surface_that_follows_a_cell_is_not_taken_for_light():
    """A close-up shows its background in the corners alone: one colour for all is nearer to it."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    cell = ((x - WIDTH / 2) / WIDTH) ** 2 + ((y - HEIGHT / 2) / HEIGHT) ** 2 < 0.23
    shares = np.where(cell, np.where((x // 30 + y // 30) % 2, 0.35, 0.7), 1.0)
    close_up = (np.array([220.0, 200.0, 210.0]) * shares[..., None]).astype(np.uint8)
    bleached = measure_light(close_up, least_on_surface=0).over(WHOLE, (WIDTH, HEIGHT))
    found = measure_light(close_up).over(WHOLE, (WIDTH, HEIGHT))

    assert 170 > bleached[70:90, 110:130].mean()
    assert found == pytest.approx(np.broadcast_to([220, 200, 210], found.shape), abs=12)


def test_the_light_of_a_part_is_the_part_of_the_light():
    """A crop is evened by the light that fell on its own place."""
    light = measure_light(smear_in(vignette(220, 180, 0.5)))
    whole = light.over(WHOLE, (240, 160))
    part = light.over(Box(0.5, 0.25, 0.75, 0.5), (60, 40))

    assert np.abs(whole[40:80, 120:180] - part).max() <= 3


@pytest.mark.parametrize("levels", [0, 5])
def test_a_field_without_light_has_one_colour(levels):
    """Nothing is lit, nothing can be measured."""
    found = measure_light(np.full((40, 60, 3), levels, np.uint8))

    assert np.array_equal(even_light(np.zeros((4, 4, 3), np.uint8)).terms, found.terms)


@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 2**32 - 1))
def test_any_picture_has_a_light_within_its_bounds(width, height, seed):
    """Noise, stripes, a single pixel: what is divided by is never near nought."""
    picture = np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)
    found = measure_light(picture).over(WHOLE, (width, height))

    assert (height, width, 3) == found.shape
    assert LOWEST_WHITE <= found.min() <= found.max() <= 255


def test_the_light_of_a_phantom_is_its_background():
    """The programme draws the field, so the truth is known: most of an evened smear's bright part is background."""
    drawn = render_field(np.random.default_rng(4), 320, 240, look=draw_look(np.random.default_rng(4)))
    found = measure_light(drawn.pixels).over(WHOLE, (320, 240))
    small = np.asarray(Image.fromarray(drawn.pixels), np.float32)

    assert 0.1 < (np.abs(small / found - 1).max(axis=2) < 0.05).mean()
