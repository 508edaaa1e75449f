"""What the networks see of a field: the canvas and the crop, and the background that both are brought to."""

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from PIL import Image

from leukonet.colour import LOWEST_WHITE, normalise, white_point
from leukonet.light import even_light
from leukonet.phantom import render_field
from leukonet.preprocessing import BACKGROUND, CANVAS, CONTEXT, CROP
from leukonet.result import Box
from leukonet.views import SMALLEST_CROP, crop, crop_square, on_canvas, pixels

WHITE = even_light(np.full((4, 4, 3), BACKGROUND, np.uint8))
GREY = (BACKGROUND,) * 3


def smear(background: tuple[int, int, int], width: int = 60, height: int = 50) -> Image.Image:
    """A plain background with one dark cell on a tenth of it."""
    image = Image.new("RGB", (width, height), background)
    image.paste((40, 20, 50), (10, 10, 30, 25))
    return image


@pytest.mark.parametrize("background", [(250, 240, 235), (200, 180, 190), (120, 100, 90)])
def test_the_white_point_is_the_backgrounds_colour(background):
    """Channel by channel, whatever the lamp."""
    assert background == tuple(white_point(pixels(smear(background))))


def test_a_black_border_does_not_darken_the_white_point():
    """Eyepieces leave a round field on black."""
    framed = Image.new("RGB", (600, 500), (5, 3, 8))
    framed.paste(smear((210, 190, 200)), (20, 20))

    assert (210, 190, 200) == tuple(white_point(pixels(framed)))


def test_a_black_picture_has_plain_white():
    """Nothing is lit, nothing can be measured, and nothing is divided by nought."""
    assert [255, 255, 255] == white_point(np.zeros((4, 4, 3), np.uint8)).tolist()


def test_a_dark_background_is_not_trusted_without_end():
    """Else the noise of a dark picture would be raised to a smear."""
    assert [LOWEST_WHITE] * 3 == white_point(np.full((4, 4, 3), 20, np.uint8)).tolist()


@given(st.tuples(*[st.integers(int(LOWEST_WHITE), 255)] * 3))
def test_the_background_becomes_the_same_grey_in_every_field(background):
    """Within one level, for any lamp and white balance."""
    image = smear(background)
    found = normalise(image, white_point(pixels(image))).getpixel((0, 0))

    assert max(abs(level - BACKGROUND) for level in found) <= 1


def test_normalising_keeps_the_order_of_levels():
    """Brighter stays brighter, and 0 and 255 stay in range."""
    ramp = Image.fromarray(np.repeat(np.arange(20, 256, dtype=np.uint8)[None, :, None], 3, axis=2))
    even = pixels(normalise(ramp, np.array([60, 128, 255], np.float32))).astype(int)

    assert (np.diff(even, axis=1) >= 0).all()
    assert 255 == even.max()


@pytest.mark.parametrize(
    "size", [(640, 480), (480, 640), (CANVAS, CANVAS), (257, 3), (1, 5000), (5000, 1), (1, 1)]
)
def test_any_size_fits_the_canvas_without_being_enlarged(size):
    """The field lies in the upper left corner; the rest is background."""
    canvas = on_canvas(Image.new("RGB", size, (200, 100, 150)))

    assert (CANVAS, CANVAS) == canvas.image.size
    assert canvas.scale == min(1.0, CANVAS / max(size))


def test_a_small_field_keeps_its_pixels():
    """Enlarging would invent detail; 100 pixels are drawn as 100."""
    image = smear(GREY, 100, 90)
    canvas = on_canvas(image)

    assert 1.0 == canvas.scale
    assert np.abs(pixels(image).astype(int) - pixels(canvas.image)[:90, :100]).max() <= 2
    assert {BACKGROUND} == set(pixels(canvas.image)[90:].ravel().tolist())


def test_the_canvas_remembers_the_fields_own_light():
    """Crops are cut from the field as it came and normalised by this."""
    light = on_canvas(smear((200, 180, 190))).light

    assert np.abs(light.over(Box(0, 0, 1, 1), (60, 50)) - (200, 180, 190)).max() <= 1


boxes = st.builds(
    lambda x, y, w, h: Box(x, y, x + w, y + h),
    st.floats(-80, 200),
    st.floats(-80, 150),
    st.floats(0.01, 260),
    st.floats(0.01, 260),
)


def across(box: Box, width: int, height: int) -> bool:
    """Whether a box and a field have a pixel's worth in common."""
    return box.xmin < width - 1 and box.ymin < height - 1 and box.xmax > 1 and box.ymax > 1


@given(boxes, st.integers(1, 220), st.integers(1, 170))
def test_any_box_inside_or_across_the_border_gives_a_crop(box, width, height):
    """Of always the same size: a batch has one shape."""
    assume(across(box, width, height))

    assert (CROP, CROP) == crop(Image.new("RGB", (width, height)), box, WHITE).size


@given(boxes)
# The field's edge lies half way between two rows of the crop.
@example(Box(55.81285804683406, 0.0, 56.81285804683406, 1.5))
def test_beyond_the_fields_edge_a_crop_is_background(box):
    """A field of stain all over shows stain where the field is, and clean grey elsewhere."""
    assume(across(box, 200, 150))
    seen = pixels(crop(Image.new("RGB", (200, 150), (60, 60, 60)), box, WHITE))
    square = crop_square(box)
    step = (square.xmax - square.xmin) / CROP
    x = square.xmin + (np.arange(CROP) + 0.5) * step
    y = square.ymin + (np.arange(CROP) + 0.5) * step
    outside = np.maximum.outer(np.maximum(-y, y - 150), np.maximum(-x, x - 200)) / step

    assert {BACKGROUND} >= set(seen[outside > 1].ravel().tolist())
    assert {60} >= set(seen[outside < -1].ravel().tolist())


@given(st.floats(0, 200), st.floats(0, 150), st.floats(12, 120))
def test_the_boxs_centre_lands_in_the_crops_centre(x, y, side):
    """Within a pixel, also where the border cuts the crop."""
    x, y = round(x), round(y)
    image = Image.new("RGB", (201, 151), GREY)
    reach = max(1, round(side / 8))
    image.paste((40, 40, 40), (x - reach, y - reach, x + reach, y + reach))
    seen = pixels(crop(image, Box(x - side / 2, y - side / 2, x + side / 2, y + side / 2), WHITE))
    dark = np.argwhere(seen[..., 0] < BACKGROUND / 2) + 0.5
    whole = reach <= x <= 201 - reach and reach <= y <= 151 - reach
    assume(whole)

    assert np.abs(dark.mean(axis=0) - CROP / 2).max() <= 1


def test_a_crop_shows_the_box_with_its_surroundings():
    """One and a half times the longer side."""
    assert Box(-5, -15, 85, 75) == crop_square(Box(10, 20, 70, 40))
    assert 1.5 == CONTEXT


def test_a_tiny_box_takes_in_some_surroundings():
    """A cell of one pixel would be one colour."""
    square = crop_square(Box(10, 10, 11, 11))

    assert SMALLEST_CROP == square.xmax - square.xmin


def test_a_crops_background_is_the_same_grey_in_every_field():
    """The classifier, like the locator, knows one background."""
    field = smear((190, 170, 150))
    seen = crop(field, Box(10, 10, 30, 25), on_canvas(field).light)

    assert max(abs(level - BACKGROUND) for level in seen.getpixel((0, 0))) <= 1


def test_magnification_does_not_matter():
    """The same cell on twice the pixels gives nearly the same crop."""
    drawn = render_field(np.random.default_rng(3), 200, 160, ["neutrophil"])
    field, box = Image.fromarray(drawn.pixels), drawn.cells[0][1]
    twice = field.resize((400, 320), Image.Resampling.BICUBIC)
    small = pixels(crop(field, box, WHITE)).astype(int)
    large = pixels(crop(twice, Box(*(2 * corner for corner in box)), WHITE)).astype(int)

    assert np.abs(small - large).mean() < 5


def test_black_corners_of_a_turned_picture_become_background():
    """A rim that no light fell on is neither smear nor stain: the networks see it as background."""
    picture = Image.new("RGB", (60, 60), (200, 190, 210))
    picture.paste((0, 0, 0), (0, 0, 20, 60))
    picture.paste((90, 60, 140), (40, 20, 50, 30))

    even = np.asarray(normalise(picture, white_point(np.asarray(picture))))

    assert np.all(even[:, :20] == BACKGROUND)
    assert even[25, 45].max() < BACKGROUND - 40
