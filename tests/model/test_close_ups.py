"""Close-ups: one cell that fills a picture is one cell, and known truth is cut with it."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from leukonet.labels import LabelledCell, LabelledField
from leukonet.result import Box, Cell
from leukonet.training.close_ups import close_ups, judge

pytestmark = pytest.mark.slow  # TensorFlow's import


@pytest.fixture
def field(tmp_path):
    """A dark square of 40 pixels, labelled, in the middle of a light field; another at its border."""
    image = Image.new("RGB", (200, 160), (220, 210, 215))
    middle, edge = Box(80, 60, 120, 100), Box(0, 0, 40, 40)
    for box in (middle, edge):
        image.paste((90, 40, 120), tuple(map(int, box)))
    image.save(tmp_path / "field.png")
    cells = (LabelledCell("monocyte", middle), LabelledCell("lymphocyte", edge))
    return LabelledField(tmp_path / "field.png", "made", "1", "train", cells)


@pytest.mark.parametrize(("share", "side"), [(0.5, None), (0.8, None), (0.5, 300)])
def test_a_close_up_shows_its_cell_in_the_middle_at_the_share_asked_for(field, share, side):
    """A cell with too little around it is left out."""
    (picture,) = close_ups([field], share, side)
    dark = np.nonzero(np.asarray(picture.image)[..., 1] < 120)

    assert "monocyte" == picture.name
    assert (side or round(40 / share)) == picture.image.width == picture.image.height
    assert share == pytest.approx(picture.box.longer / picture.image.width, abs=0.02)
    assert (picture.box.ymin, picture.box.ymax) == pytest.approx((dark[0].min(), dark[0].max() + 1), abs=2)


def test_what_is_refused_missed_wrong_or_several_is_told_apart(field):
    """Each picture in turn: refused, nothing, another place, another name, the right one twice."""
    (picture,) = close_ups([field], 0.5)
    cell = Cell(picture.box, 0.9, "monocyte", 0.9, "lymphocyte", 0.1, unclassified=False, counts=True)
    answers = iter(
        [None, [], [replace(cell, box=Box(0, 0, 9, 9))], [replace(cell, first="basophil")], [cell, cell]]
    )
    judged = judge([picture] * 5, lambda _: next(answers))

    assert (5, 1, 2, 1, 1) == judged
