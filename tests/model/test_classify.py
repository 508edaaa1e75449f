"""Scores become probabilities, and probabilities an answer, or none."""

import dataclasses

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from leukonet.analysis import analyse, open_networks
from leukonet.cells import BY_NAME, CLASS_NAMES, Role
from leukonet.classify import SURE, expected, lead, name, probabilities, scores
from leukonet.decode import decode
from leukonet.errors import BadScores
from leukonet.phantom import field_bytes
from leukonet.result import Box
from leukonet.views import crop, mirror_images, on_canvas, pixels

BOX = Box(1, 2, 30, 40)
logits = arrays(np.float32, 8, elements=st.floats(-60, 60, width=32))


@given(logits, st.floats(0.1, 10))
def test_probabilities_sum_to_one(scores, temperature):
    """For any scores and temperature, and none is below 0."""
    shares = probabilities(scores, temperature)

    assert pytest.approx(1, abs=1e-5) == shares.sum()
    assert shares.min() >= 0


@given(logits, st.floats(0.2, 5), st.floats(1.01, 3))
def test_a_higher_temperature_makes_the_answer_less_certain(scores, temperature, factor):
    """And never changes which class is first."""
    cold, warm = probabilities(scores, temperature), probabilities(scores, temperature * factor)

    assert warm.max() <= cold.max() + 1e-6
    assert warm[scores.argmax()] == warm.max()


def test_large_scores_do_not_overflow():
    """The greatest is taken off first."""
    assert [1, 0] == probabilities(np.array([5000, -5000], np.float32), 1.0).tolist()


def test_a_batch_is_taken_row_by_row():
    """The last axis is the classes'."""
    assert pytest.approx([1, 1]) == probabilities(np.zeros((2, 4), np.float32), 1.0).sum(axis=1)


@given(logits)
def test_the_first_class_is_at_least_as_probable_as_the_second(bundle, scores):
    """And the two differ, even where all scores tie."""
    cell = name(bundle, scores, BOX, 0.7)

    assert cell.first != cell.second
    assert 1 >= cell.first_probability >= cell.second_probability >= 0
    assert cell.first_probability + cell.second_probability <= 1 + 1e-6


def test_box_and_score_are_handed_on(bundle):
    """As the locator gave them."""
    cell = name(bundle, np.arange(8, dtype=np.float32), BOX, 0.7)

    assert (BOX, 0.7) == (cell.box, cell.score)


@given(st.floats(0, 1))
def test_the_surer_the_locator_the_less_is_no_cell_expected(bundle, score):
    """By the log-odds of its score, within bounds; one half says nothing, and the classes of cells stay."""
    artefact = bundle.classes.index("artefact")
    told = expected(bundle, score)
    within = min(max(score, 0.001), 0.999)

    assert [0.0] * (len(told) - 1) == np.delete(told, artefact).tolist()
    assert pytest.approx(-np.log(within / (1 - within)), abs=1e-4) == told[artefact]


def test_what_is_expected_decides_whether_a_crop_is_sure(bundle):
    """A lead that it takes away is no lead: the mirror images are looked at."""
    artefact, lymphocyte = (bundle.classes.index(name) for name in ("artefact", "lymphocyte"))
    alone = np.full(len(bundle.classes), -9, np.float32)
    alone[artefact], alone[lymphocyte] = 4.0, 1.0
    seen = []
    network = lambda picture: seen.append(picture) or alone  # noqa: E731
    picture = np.zeros((2, 2, 3), np.uint8)

    assert artefact == scores(network, picture, mirrored=True).argmax()
    assert 1 == len(seen)
    assert lymphocyte == scores(network, picture, mirrored=True, expected=expected(bundle, 0.97)).argmax()
    assert 5 == len(seen)


@pytest.mark.parametrize("first", CLASS_NAMES)
def test_a_certain_cell_counts_by_its_classs_role(bundle, first):
    """Counted are the five of the differential, never what is reported apart or is no cell."""
    scores = np.full(len(bundle.classes), -30, np.float32)
    scores[bundle.classes.index(first)] = 30
    cell = name(bundle, scores, BOX, 1.0)

    assert first == cell.first
    assert not cell.unclassified
    assert (BY_NAME[first].role is Role.COUNTED) == cell.counts


@pytest.mark.parametrize("first", CLASS_NAMES)
def test_an_uncertain_cell_counts_in_no_role(bundle, first):
    """It is shown with both its classes and waits for a person."""
    scores = np.zeros(len(bundle.classes), np.float32)
    scores[bundle.classes.index(first)] = 0.01
    cell = name(bundle, scores, BOX, 1.0)

    assert first == cell.first
    assert cell.unclassified
    assert not cell.counts


def test_a_cell_at_the_threshold_is_classified(bundle):
    """Below it is unclassified, at it is not."""
    half = dataclasses.replace(bundle, classes=("neutrophil", "monocyte"), unclassified_below=0.5)

    assert not name(half, np.zeros(2, np.float32), BOX, 1.0).unclassified


@pytest.fixture
def network(bundle):
    """The classifier."""
    return open_networks(bundle)[1]


def phantom_crop(bundle, cell_class):
    """The crop of a phantom's only cell."""
    data = field_bytes(1, (cell_class,))
    (cell,) = analyse(data, bundle).cells
    image = decode(data)
    return pixels(crop(image, cell.box, on_canvas(image).light))


@pytest.fixture
def doubtful(bundle, network):
    """A crop of which the classifier is not sure, however it is turned."""
    picture = phantom_crop(bundle, "lymphocyte")
    assert all(lead(network(image)) < SURE for image in mirror_images(picture))
    return picture


@pytest.fixture
def clear(bundle, network):
    """A crop of which it is."""
    picture = phantom_crop(bundle, "neutrophil")
    assert lead(network(picture)) >= SURE
    return picture


def test_a_doubtful_crop_is_named_alike_by_its_mirror_images(network, doubtful):
    """The mean over all four depends on none of them."""
    told = [scores(network, image, mirrored=True) for image in mirror_images(doubtful)]

    assert 4 == len(told)
    for other in told[1:]:
        assert pytest.approx(told[0], abs=1e-5) == other
    assert told[0].tolist() != network(doubtful).tolist()


def test_a_clear_crop_is_looked_at_but_once(network, clear):
    """Its own scores are the answer: three looks are spared."""
    looked = []

    def counting(image):
        looked.append(image)
        return network(image)

    told = scores(counting, clear, mirrored=True)

    assert 1 == len(looked)
    assert network(clear).tolist() == told.tolist()


def test_a_crop_alone_is_named_by_its_own_scores(network, doubtful):
    """Where a bundle does not ask for mirror images."""
    assert network(doubtful).tolist() == scores(network, doubtful, mirrored=False).tolist()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_score_that_is_no_number_is_never_an_answer(bundle, monkeypatch, bad):
    """The network is told by its file, and the field does not pass for one without cells."""
    monkeypatch.setattr(Interpreter, "get_tensor", lambda _self, _index: np.full((1, 32, 32, 5), bad))

    with pytest.raises(BadScores, match=r"locator.tflite.*reinstall"):
        analyse(field_bytes(1), bundle)
