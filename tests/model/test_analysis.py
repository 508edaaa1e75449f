"""The one entry: bytes in, a field's cells out, the same every time."""

import io
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from leukonet import Box, FieldResult, analyse
from leukonet.cells import BY_NAME, Role
from leukonet.errors import EmptyImage, ImageTooLarge
from leukonet.locate import Located
from leukonet.phantom import field_bytes, render_field
from leukonet.training.datasets import read_dataset

NAMES = ("neutrophil", "lymphocyte", "eosinophil")


def png(pixels: np.ndarray) -> bytes:
    """Pixels as the bytes of a PNG."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="module")
def result(bundle) -> FieldResult:
    """A synthetic field in which cells are found."""
    return analyse(field_bytes(5, NAMES), bundle)


def test_a_result_names_its_field_and_its_bundle(result, bundle):
    """So that a count can be traced to what made it."""
    assert (640, 480) == (result.width, result.height)
    assert (bundle.name, bundle.sha256) == (result.bundle, result.bundle_sha256)


def test_the_cell_of_a_synthetic_field_is_mostly_located(bundle):
    """Phantoms are no blood, and the locator has never seen one: a rough check that boxes are where cells are."""
    found = false = 0
    for seed in range(10):
        field = render_field(np.random.default_rng(seed), 400, 300, cells=["lymphocyte"])
        overlaps = [cell.box.overlap(field.cells[0][1]) for cell in analyse(png(field.pixels), bundle).cells]
        found += max(overlaps, default=0) > 0.3
        false += sum(overlap <= 0.3 for overlap in overlaps)

    assert found >= 6
    assert false <= 2


def test_the_same_bytes_give_the_same_result(result, bundle):
    """But for the time it took."""
    again = analyse(field_bytes(5, NAMES), bundle)

    assert result.cells
    assert (result.cells, result.assessable) == (again.cells, again.assessable)


def test_cells_come_from_top_to_bottom_and_left_to_right(bundle, monkeypatch):
    """As a person reads the field, and not as certain as the locator is of each."""
    boxes = [Box(300, 200, 360, 260), Box(50, 200, 90, 240), Box(400, 20, 460, 80)]
    places = [Located(box, 0.9 - 0.1 * rank) for rank, box in enumerate(boxes)]
    monkeypatch.setattr(import_module("leukonet.analysis"), "locate_field", lambda *_: places)
    found = analyse(field_bytes(5), bundle)

    assert [boxes[2], boxes[1], boxes[0]] == [cell.box for cell in found.cells]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(30, 400), st.integers(30, 300), st.floats(0.5, 3))
def test_any_field_gives_cells_inside_it_with_probabilities_in_range(bundle, seed, width, height, zoom):
    """Whatever its size and magnification."""
    field = render_field(np.random.default_rng(seed), width, height, magnification=zoom)
    found = analyse(png(field.pixels), bundle)

    assert (width, height) == (found.width, found.height)
    for cell in found.cells:
        assert 0 <= cell.box.xmin < cell.box.xmax <= width
        assert 0 <= cell.box.ymin < cell.box.ymax <= height
        assert 1 >= cell.first_probability >= cell.second_probability >= 0
        assert bundle.cell_threshold <= cell.score <= 1
        assert cell.unclassified == (cell.first_probability < bundle.unclassified_below)
        assert cell.counts == (not cell.unclassified and BY_NAME[cell.first].role is Role.COUNTED)


def test_a_picture_of_a_hundred_pixels_that_one_cell_fills_is_a_field(bundle):
    """Single cells are published so."""
    field = render_field(np.random.default_rng(4), 100, 100, ["neutrophil"])
    found = analyse(png(field.pixels), bundle)

    assert found.assessable
    assert 1 == len(found.cells)
    assert found.cells[0].box.overlap(field.cells[0][1]) > 0.3


def test_what_cannot_be_assessed_has_a_reason_and_no_cells(bundle):
    """Its cells are not counted as none: the field is set apart."""
    found = analyse(png(np.full((120, 160, 3), 230, np.uint8)), bundle)

    assert (False, "blank", ()) == (found.assessable, found.reason, found.cells)
    assert (160, 120) == (found.width, found.height)


def test_a_turned_fields_boxes_are_upright(bundle):
    """The size is the one that a person sees, after EXIF rotation."""
    pixels = render_field(np.random.default_rng(4), 200, 100).pixels
    exif, file = Image.Exif(), io.BytesIO()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(file, "PNG", exif=exif)

    assert (100, 200) == (analyse(file.getvalue(), bundle).width, analyse(file.getvalue(), bundle).height)


def test_timings_are_in_milliseconds_by_step(result):
    """For the console, and to see which step is slow."""
    assert {"decode", "locate", "classify"} == set(result.timings)
    assert all(0 <= value < 60_000 for value in result.timings.values())


def test_bad_bytes_raise_before_any_network_runs(bundle):
    """Each with the error of its own that decoding gives."""
    with pytest.raises(EmptyImage):
        analyse(b"", bundle)
    with pytest.raises(ImageTooLarge):
        analyse(field_bytes(1), bundle, max_pixels=1000)


def test_a_result_can_be_pickled(result):
    """It is small: labels and scores, no pixels."""
    packed = pickle.dumps(result)

    assert result == pickle.loads(packed)
    assert len(packed) < 2000 + 500 * len(result.cells)


def test_a_worker_process_gives_the_same_result(result, bundle):
    """Bundle there, result back, from an interpreter started afresh."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        found = pool.submit(analyse, field_bytes(5, NAMES), bundle).result(timeout=60)

    assert (result.cells, result.bundle_sha256) == (found.cells, found.bundle_sha256)


@pytest.mark.real
def test_cells_of_real_fields_are_located(real_data, bundle):
    """Of Kaggle's test originals, which no training has seen."""
    fields = [field for field in read_dataset(real_data, "bccd", "test") if field.cells][::4]
    true: list[tuple[Box, tuple[Box, ...]]] = []
    for field in fields:
        boxes = tuple(cell.box for cell in analyse(field.path.read_bytes(), bundle).cells)
        true.extend((cell.box, boxes) for cell in field.cells if cell.box)
    found = sum(max((box.overlap(truth) for box in boxes), default=0) > 0.3 for truth, boxes in true)

    assert found / len(true) >= 0.85
