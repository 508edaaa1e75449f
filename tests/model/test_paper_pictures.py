"""What the paper's network is shown: the whole picture, or the cell that the locator found."""

import numpy as np
from PIL import Image

from leukonet.cells import PAPER_CLASSES
from leukonet.labels import LabelledCell, LabelledField
from leukonet.training.datasets import read_dataset
from leukonet.training.paper_pictures import read_pictures


def test_whole_pictures_come_at_the_papers_size_with_their_class(synthetic_data):
    """80 x 100 pixels, one of four classes."""
    fields = read_dataset(synthetic_data, "kaggle_augmented", "train_400_per_class")
    read = read_pictures(fields)

    assert (len(fields), 80, 100, 3) == read.images.shape
    assert [field.cells[0].name for field in fields] == [PAPER_CLASSES[index] for index in read.classes]
    assert not read.located.any()


def test_a_class_that_the_paper_does_not_know_is_left_out(synthetic_data):
    """It has four answers."""
    fields = read_dataset(synthetic_data, "bccd")
    read = read_pictures(fields)

    assert {"basophil"} == {f.cells[0].name for f in fields} - {f.cells[0].name for f in read.fields}


def nuclei(images):
    """Share of pixels that are as dark as a nucleus."""
    return float((images.min(axis=-1) < 110).mean())


def test_a_located_cell_fills_its_crop(synthetic_data, bundle):
    """Background is what the network need not learn."""
    fields = read_dataset(synthetic_data, "bccd")
    locator = bundle.networks["locator.tflite"]
    whole, near = read_pictures(fields), read_pictures(fields, locator)
    found = near.located

    assert found.mean() > 0.5
    assert nuclei(near.images[found]) > 1.5 * nuclei(whole.images[found])


def test_a_picture_without_a_cell_is_said_to_be_unlocated(tmp_path, bundle):
    """The whole picture stands in, and the judging counts the cell as missed."""
    Image.new("RGB", (320, 240), (230, 225, 228)).save(tmp_path / "blank.png")
    field = LabelledField(tmp_path / "blank.png", "set", "a", "", (LabelledCell("monocyte", None),))
    read = read_pictures([field], bundle.networks["locator.tflite"])

    assert [False] == read.located.tolist()
    assert np.ptp(read.images) < 12
