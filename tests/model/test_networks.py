"""The networks have the shapes that analysis counts on, and augmentation keeps picture and truth together."""

# ruff: noqa: PLC0415  TensorFlow takes long to import: quick tests collect this file and do not wait for it.

import numpy as np
import pytest

from leukonet.cells import CLASS_NAMES
from leukonet.locate import SIZE_UNIT, STRIDE, peaks
from leukonet.preprocessing import BACKGROUND, CANVAS, CROP
from leukonet.result import Box
from leukonet.training.datasets import read_dataset

pytestmark = pytest.mark.slow
GRID = CANVAS // STRIDE
HEAT, WEIGHT, X, Y, WIDE, HIGH, CENTRE = range(7)


@pytest.fixture(scope="module")
def locator():
    """The locator's recipe."""
    from leukonet.training import train_locator

    return train_locator


def targets(locator, *boxes: tuple[float, float, float, float]) -> np.ndarray:
    """The truth that the locator is trained on, for one canvas with these boxes."""
    given = np.zeros((1, locator.MOST_CELLS, 4), np.float32)
    for slot, box in enumerate(boxes):
        given[0, slot] = box
    return locator.targets(given).numpy()[0]


def centres(truth: np.ndarray) -> list[tuple[int, int]]:
    """Row and column of every grid cell that is marked as a centre."""
    return [(int(row), int(column)) for row, column in np.argwhere(truth[..., CENTRE] > 0)]


def test_the_papers_network_has_the_papers_weights():
    """2,222,084 of them, on 80 x 100 RGB, with four answers."""
    from leukonet.training import networks

    paper = networks.paper()

    assert 2_222_084 == paper.count_params()
    assert ((None, 80, 100, 3), (None, 4)) == (paper.input_shape, paper.output_shape)


def test_the_locator_and_the_classifier_have_the_shapes_of_their_views():
    """Canvas in, map out; crop in, a score a class out."""
    from leukonet.training import networks

    locator, classifier = networks.locator(), networks.classifier()

    assert ((None, CANVAS, CANVAS, 3), (None, GRID, GRID, 5)) == (locator.input_shape, locator.output_shape)
    assert ((None, CROP, CROP, 3), (None, len(CLASS_NAMES))) == (
        classifier.input_shape,
        classifier.output_shape,
    )


def test_targets_mark_the_grid_cell_of_the_centre(locator):
    """With offset and size such that analysis would decode the very box."""
    truth = targets(locator, (61, 91, 101, 151))
    ((row, column),) = centres(truth)
    scores = np.full((GRID, GRID, 5), -20, np.float32)
    scores[row, column] = [9, *truth[row, column, X:CENTRE]]
    ((box, _),) = peaks(scores, 0.5)

    assert (121 // STRIDE, 81 // STRIDE) == (row, column)
    assert pytest.approx((61, 91, 101, 151), abs=1e-3) == tuple(box)


def test_targets_of_a_canvas_without_cells_are_cold_and_whole(locator):
    """All of it is background to learn from."""
    truth = targets(locator)

    assert [] == centres(truth)
    assert (0, 1) == (truth[..., HEAT].max(), truth[..., WEIGHT].min())


def test_heat_falls_from_one_at_the_centre(locator):
    """The nearest grid cell is the hottest."""
    truth = targets(locator, (61, 61, 133, 133))
    hottest = np.unravel_index(truth[..., HEAT].argmax(), (GRID, GRID))

    assert centres(truth) == [tuple(int(place) for place in hottest)]
    assert 0.8 < truth[..., HEAT].max() <= 1
    assert truth[0, GRID - 1, HEAT] < 1e-3


def test_two_cells_have_two_centres_of_their_own_sizes(locator):
    """Neither takes the other's."""
    truth = targets(locator, (10, 10, 42, 42), (100, 100, 228, 228))
    sizes = [SIZE_UNIT * 2 ** float(truth[row, column, WIDE]) for row, column in centres(truth)]

    assert pytest.approx([32, 128], rel=1e-3) == sizes


def test_a_cell_cut_by_the_border_is_marked_by_what_is_seen_of_it(locator):
    """Half of it is a cell, a sliver neither cell nor background."""
    half, sliver, gone = (targets(locator, (left, 100, left + 60, 160)) for left in (-30, -50, -90))

    assert [(16, 1)] == centres(half)
    assert pytest.approx(np.log2(30 / SIZE_UNIT), abs=1e-4) == half[16, 1, WIDE]
    assert ([], 0) == (centres(sliver), sliver[16, 0, WEIGHT])
    assert ([], 1) == (centres(gone), gone[..., WEIGHT].min())


def test_the_loss_is_least_for_the_truth(locator):
    """A network that gave the truth would not be pushed away from it."""
    truth = targets(locator, (61, 61, 133, 133))[None]
    right = np.concatenate([np.where(truth[..., CENTRE:] > 0, 9.0, -9.0), truth[..., X:CENTRE]], axis=-1)
    shifted = np.roll(right, 3, axis=2)

    assert float(locator.loss(truth, right.astype(np.float32))) < 0.05
    assert float(locator.loss(truth, shifted.astype(np.float32))) > 5


@pytest.mark.parametrize("seed", range(4))
def test_augmentation_moves_boxes_with_the_pixels(locator, monkeypatch, seed):
    """A dark square is where its box says, however the sheet was zoomed, turned and mirrored."""
    import keras
    import tensorflow as tf

    from leukonet.training.quartered import SHARE

    monkeypatch.setattr(locator.augment, "optics", lambda images, *_, **__: images)
    monkeypatch.setattr(locator, "targets", lambda boxes: boxes)
    keras.utils.set_random_seed(seed)
    count, side = 16, locator.SHEET
    images = np.full((count, side, side, 3), BACKGROUND / 255, np.float32)
    images[:, 130:190, 200:280] = 0
    boxes = np.zeros((count, locator.MOST_CELLS, 4), np.float32)
    boxes[:, 0] = [200, 130, 280, 190]
    canvases, moved = locator.vary.python_function(
        tf.constant(images), tf.constant([[384.0, 300.0]] * count), tf.constant(boxes)
    )
    checked, whole = 0, slice(round(SHARE * count), None)  # those before are put together of four
    for canvas, (box, *_) in zip(canvases.numpy()[whole], moved.numpy()[whole], strict=True):
        rows, columns = np.nonzero(canvas[..., 0] < BACKGROUND / 2)
        if (
            rows.size == 0
            or min(rows.min(), columns.min()) == 0
            or max(rows.max(), columns.max()) == CANVAS - 1
        ):
            continue
        checked += 1
        seen = Box(columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        assert pytest.approx(seen.centre, abs=1.5) == Box(*box).centre
        assert seen.overlap(Box(*box)) > 0.6

    assert checked >= 2


def test_crops_are_varied_and_stay_crops(synthetic_data):
    """Of the network's size, in the range of pixels, and no two alike."""
    import tensorflow as tf

    from leukonet.training import train_classifier
    from leukonet.training.crops import KEPT

    grey = tf.fill((4, KEPT, KEPT, 3), 0.5)
    varied = train_classifier.vary.python_function(grey).numpy()

    assert (4, CROP, CROP, 3) == varied.shape
    assert 0 <= varied.min() <= varied.max() <= 255
    assert 4 == len({picture.tobytes() for picture in varied})


def test_every_class_and_set_is_drawn_as_its_share_says():
    """Classes evenly, whatever their sizes; a small set for more than its size."""
    from leukonet.training import train_classifier
    from leukonet.training.crops import Crops

    classes, sources = np.array([0] * 100 + [1] * 10), np.array(["pbc"] * 90 + ["bccd"] * 10 + ["pbc"] * 10)
    chances = train_classifier.chances(Crops(np.zeros((110, 1, 1, 3), np.uint8), classes, sources))

    assert pytest.approx(0.5) == chances[classes == 1].sum()
    assert 0.1 < chances[90:100].sum() / chances[:100].sum() < 0.5


@pytest.mark.real
@pytest.mark.parametrize("recipe", ["train_classifier", "train_locator"])
def test_no_training_sees_kaggles_test_originals_or_a_test_part(real_data, recipe):
    """Neither to learn from nor to choose by; and no group lies on both sides but Chula's slides."""
    from leukonet.training import train_classifier, train_locator

    module = {"train_classifier": train_classifier, "train_locator": train_locator}[recipe]
    kept, held = module.sources(real_data, 1)
    tested = {field.path.name for field in read_dataset(real_data, "bccd", "test")}

    assert 71 == len(tested)
    assert tested.isdisjoint(field.path.name for field in kept + held)
    assert {"", "train"} == {field.part for field in kept + held}
    assert {(f.source, f.group) for f in kept}.isdisjoint((f.source, f.group) for f in held)
