"""What a canvas shows small is looked at again from near, and nothing else."""

import numpy as np
import pytest
from PIL import Image

from leukonet.closer import CLEAR, LEAST, SHOWN, WELL_SHOWN, look_closer
from leukonet.colour import Pixels
from leukonet.light import even_light
from leukonet.locate import OUTPUTS, SIZE_UNIT, STRIDE, Located
from leukonet.magnification import Look
from leukonet.preprocessing import CANVAS
from leukonet.result import Box
from leukonet.views import pixels

GRID = CANVAS // STRIDE
FIELD = (720, 450)
SCALE = CANVAS / max(FIELD)


class Near:
    """Stands in for the locator: sees one cell in the middle of each canvas, of a size and as sure as told."""

    def __init__(self, side: float, score: float) -> None:
        self.seen: list[Pixels] = []
        self._scores = np.full((GRID, GRID, OUTPUTS), -20, np.float32)
        log = np.log2(side / SIZE_UNIT)
        self._scores[GRID // 2, GRID // 2] = [np.log(score / (1 - score)), -0.5, -0.5, log, log]

    def __call__(self, canvas: Pixels) -> np.ndarray:
        """Keep the canvas and answer."""
        self.seen.append(canvas)
        return self._scores


def field(*cells: Box) -> Image.Image:
    """A light field with a dark square for each cell."""
    image = Image.new("RGB", FIELD, (220, 210, 215))
    for box in cells:
        image.paste((90, 40, 120), tuple(int(edge) for edge in box))
    return image


def seen(network: Near, image: Image.Image, *places: Located) -> list[Located]:
    """What remains of places of one whole look, at a threshold of one half."""
    return look_closer(network, image, even_light(pixels(image)), Look(places, SCALE), 0.5)


def square(x: float, y: float, side: float) -> Box:
    """A box around a centre."""
    return Box(x - side / 2, y - side / 2, x + side / 2, y + side / 2)


@pytest.mark.parametrize(("near", "expected"), [(0.9, 1), (0.3, 0)])
def test_a_small_place_counts_by_the_mean_of_both_looks(near, expected):
    """Half believed from afar, it is a cell or none from near."""
    cell = square(300, 200, 70)
    found = seen(Near(64, near), field(cell), Located(cell, 0.3))

    assert 70 * SCALE < SHOWN
    assert [(0.3 + near) / 2] * expected == [pytest.approx(place.score) for place in found]


def test_a_small_place_has_the_size_and_place_that_the_closer_look_gives():
    """From afar the locator takes small cells for larger than they are."""
    cell, guessed = square(300, 200, 60), square(304, 203, 75)
    found = seen(Near(51.2, 0.9), field(cell), Located(guessed, 0.6))

    (place,) = found
    assert place.box.centre == pytest.approx(guessed.centre, abs=1)  # the stand-in sees the canvas's middle
    assert place.box.longer == pytest.approx(60, abs=0.5)


@pytest.mark.parametrize(("side", "score", "runs"), [(150, 0.8, 0), (150, 0.6, 1), (130, 0.8, 1)])
def test_only_a_clear_place_that_is_shown_well_needs_no_closer_look(side, score, runs):
    """A closer look costs a third of a field's time; of what is smaller, or doubted, it tells more."""
    cell, network = square(300, 200, side), Near(64, 0.9)
    (place,) = seen(network, field(cell), Located(cell, score))

    assert (side * SCALE >= WELL_SHOWN and score >= CLEAR) == (runs == 0)
    assert runs == len(network.seen)
    assert runs or place == (cell, score)


def test_a_faint_place_is_not_looked_at_again():
    """Hardly one of them is a cell; it is told as it is to those who ask for what is fainter still."""
    cell, network = square(300, 200, 70), Near(64, 0.9)
    faint, image = Located(cell, LEAST - 0.01), field(cell)

    assert [] == seen(network, image, faint)
    assert [faint] == look_closer(network, image, even_light(pixels(image)), Look([faint], SCALE), 0.1)
    assert [] == network.seen


def test_the_closer_look_shows_the_place_in_the_middle_at_a_good_size():
    """Where training shows its cells."""
    cell = square(300, 200, 72)
    network = Near(64, 0.9)
    seen(network, field(cell), Located(cell, 0.6))
    rows, columns = np.nonzero(network.seen[0][..., 1] < 150)

    assert (CANVAS / 2, CANVAS / 2) == pytest.approx((rows.mean(), columns.mean()), abs=2)
    assert 64 == pytest.approx(np.ptp(rows) + 1, abs=2)


@pytest.mark.parametrize("corner", [(30, 30), (690, 420), (30, 420)])
def test_a_small_place_at_the_border_is_looked_at_where_the_field_is(corner):
    """There is nothing to see beyond it."""
    cell = square(*corner, 56)
    network = Near(64, 0.9)
    seen(network, field(cell), Located(cell, 0.6))

    assert 64 == pytest.approx(np.ptp(np.nonzero(network.seen[0][..., 1] < 150)[0]) + 1, abs=2)


def test_the_closer_look_is_in_the_light_of_the_whole_field():
    """Amid red cells that lie close there is no background to tell the light by: they would be bleached."""
    crowd, cell = square(300, 200, 320), square(300, 200, 70)
    network, image = Near(64, 0.9), field()
    image.paste((150, 110, 120), tuple(int(edge) for edge in crowd))
    seen(network, image, Located(cell, 0.6))

    assert (network.seen[0][..., 1] < 150).all()


def test_what_is_far_smaller_than_the_surest_place_is_no_cell():
    """A platelet beside a cell; a lymphocyte beside a monocyte stays, and neither is worth a closer look here."""
    monocyte, lymphocyte = Located(square(200, 200, 340), 0.9), Located(square(520, 300, 190), 0.6)
    platelet = Located(square(600, 100, 60), 0.8)
    network = Near(64, 0.99)
    places = [monocyte, platelet, lymphocyte]
    found = seen(network, field(*(place.box for place in places)), *places)

    assert ([monocyte, lymphocyte], []) == (found, network.seen)


def test_two_looks_at_one_cell_are_one_cell():
    """Pieces of it, seen from afar as two, turn out to be the same from near."""
    left, right = Located(square(296, 200, 40), 0.4), Located(square(304, 200, 40), 0.3)
    found = seen(Near(128, 0.9), field(square(300, 200, 80)), left, right)

    assert 1 == len(found)
