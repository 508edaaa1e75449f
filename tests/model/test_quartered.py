"""Canvases put together of four: picture and boxes stay together."""

# ruff: noqa: PLC0415  TensorFlow takes long to import: quick tests collect this file and do not wait for it.

import numpy as np
import pytest

pytestmark = pytest.mark.slow
SIDE, COUNT = 64, 10


@pytest.fixture(scope="module")
def batch():
    """Canvases of one dark square each, at its own place, and the batch put together."""
    from leukonet.training.quartered import quartered

    images = np.ones((COUNT, SIDE, SIDE, 3), np.float32)
    boxes = np.zeros((COUNT, 2, 4), np.float32)
    for index in range(COUNT):
        left, top = 4 + 3 * index, 40 - 3 * index
        images[index, top : top + 16, left : left + 16] = 0
        boxes[index, 0] = (left, top, left + 16, top + 16)
    together, placed = quartered(images, boxes, 0.35)
    return images, boxes, together.numpy(), placed.numpy()


def test_four_tenths_of_a_batch_are_put_together(batch):
    """The rest is as it was, its boxes too."""
    images, boxes, together, placed = batch

    assert np.array_equal(images[4:], together[4:])
    assert np.array_equal(boxes[4:], placed[4:, :2])
    assert not np.array_equal(images[:4], together[:4])


def test_every_box_lies_on_its_cell(batch):
    """Dark inside, and nothing dark outside all boxes."""
    _, _, together, placed = batch
    for image, boxes in zip(together[:4], placed[:4], strict=True):
        inside = np.zeros((SIDE, SIDE), bool)
        drawn = [box for box in boxes if box[2] > box[0]]
        for left, top, right, bottom in np.round(drawn).astype(int):
            inside[top:bottom, left:right] = True

        assert 4 == len(drawn)
        assert image[inside].mean() < 0.15
        assert image[~inside].mean() > 0.95


def test_a_cell_that_is_hardly_visible_is_left_out():
    """A sliver at the border of a quarter teaches nothing."""
    from leukonet.training.quartered import quartered

    boxes = np.tile(np.array([[[60, 10, 80, 30]]], np.float32), (COUNT, 1, 1))
    _, placed = quartered(np.ones((COUNT, SIDE, SIDE, 3), np.float32), boxes, 0.35)

    assert not placed.numpy()[:4].any()
