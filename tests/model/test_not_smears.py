"""The lists of pictures that are no smear share nothing, and what the tuning saw and did not see is refused."""

from collections import Counter
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from leukonet.analysis import analyse
from leukonet.assess import why_not_assessable
from leukonet.phantom import render_field
from leukonet.training import not_smears
from leukonet.training.not_smears import PHOTOGRAPHS, package_folder
from leukonet.training.strange import strange
from leukonet.views import on_canvas


@pytest.fixture(scope="module")
def testing():
    """Give the testing list, made once."""
    pytest.importorskip("skimage", reason="photographs come with the extra `train`")
    return not_smears.testing()


@pytest.fixture(scope="module")
def tuning():
    """Give the tuning list, made once."""
    pytest.importorskip("skimage", reason="photographs come with the extra `train`")
    return not_smears.tuning()


def judged(image: Image.Image) -> str:
    """The reason against a picture, or nothing."""
    return why_not_assessable(on_canvas(image), image.size)


def test_no_photograph_is_in_both_lists():
    """Nor any crop of it: what a limit was set on proves nothing about the limit."""
    sides = [{file for files in PHOTOGRAPHS[side].values() for file in files} for side in PHOTOGRAPHS]

    assert set() == sides[0] & sides[1]


@pytest.mark.slow
def test_no_picture_is_in_both_lists(tuning, testing):
    """Drawn ones have seeds of their own, down to the pixel; blanks may agree, as there is little to tell them by."""
    contents = [
        {picture.image.tobytes() for picture in listed if picture.kind != "blank"}
        for listed in (tuning, testing)
    ]

    assert set() == contents[0] & contents[1]
    assert set() == {picture.name for picture in tuning} & {picture.name for picture in testing}


@pytest.mark.slow
def test_the_testing_list_is_long_enough_and_of_every_kind(testing):
    """Two hundred pictures are promised, and none of its kinds is a handful."""
    kinds = Counter(picture.kind for picture in testing)

    assert len(testing) >= 200
    assert {"noise", "blank", "text", "gradient", "pattern", "photograph"} == kinds.keys()
    assert min(kinds.values()) >= 20


@pytest.mark.slow
def test_the_lists_are_the_same_every_time(testing):
    """A figure that is printed twice must be the same figure."""
    again = not_smears.testing()

    assert [picture.image.tobytes() for picture in testing] == [picture.image.tobytes() for picture in again]


def test_every_photograph_is_inside_an_installed_package():
    """Nothing is downloaded to test that nothing is counted."""
    pytest.importorskip("skimage", reason="photographs come with the extra `train`")
    files = [
        package_folder(folder) / file
        for folders in PHOTOGRAPHS.values()
        for folder, files in folders.items()
        for file in files
    ]

    assert [] == [file for file in files if not file.is_file()]


@pytest.mark.slow
def test_the_tuning_list_is_refused(tuning, bundle):
    """All but a cloud of noise and a picture of shapes; a cell is counted in the cloud alone, and in no other."""
    passed = [picture for picture in tuning if not judged(picture.image)]

    assert {"tuning/pink_noise-2", "tuning/shapes-6"} >= {picture.name for picture in passed}
    assert {"tuning/pink_noise-2"} >= {picture.name for picture in passed if _counts(picture, bundle)}


@pytest.mark.slow
def test_no_picture_of_the_testing_list_yields_a_counted_cell(testing, bundle):
    """A count of what is no blood is worse than none; all of the list, from the file's bytes to the answer."""
    assert [] == [picture.name for picture in testing if _counts(picture, bundle)]


def _counts(picture, bundle):
    """Whether a cell of it is counted."""
    file = BytesIO()
    picture.image.save(file, "PNG")
    return any(cell.counts for cell in analyse(file.getvalue(), bundle).cells)


def test_phantoms_under_another_microscope_are_accepted():
    """Another stain, lamp or zoom makes a smear strange, and still a smear: of a hundred at most one is refused."""
    rng = np.random.default_rng(99)
    fields = [Image.fromarray(render_field(rng, 320, 240, magnification=0.6).pixels) for _ in range(100)]

    assert sum(judged(strange(field, rng)) != "" for field in fields) <= 1
