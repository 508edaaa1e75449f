"""Synthetic fields: known truth, the same bytes for a seed, never to be mistaken for blood."""

import csv
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from leukonet.cells import CLASS_NAMES
from leukonet.errors import DataError
from leukonet.phantom import LABEL, field_bytes, render_field, write_phantoms


def rows(path: Path) -> list[dict[str, str]]:
    """Read a CSV file with a header."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def contents(folder: Path) -> dict[str, bytes]:
    """Read every file below a folder, by its path there."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Twelve fields on three slides; seed 3 has fields with and without cells."""
    out = tmp_path_factory.mktemp("phantoms") / "out"
    write_phantoms(out, fields=12, seed=3, slides=3)
    return out


def test_the_same_seed_gives_the_same_bytes(folder, tmp_path):
    """Images, truth and listing alike, so that a test or benchmark can name its input by a number."""
    write_phantoms(tmp_path, fields=12, seed=3, slides=3)

    assert contents(folder) == contents(tmp_path)


def test_another_seed_gives_other_images(folder, tmp_path):
    """No two seeds share a picture, so content hashes tell them apart."""
    write_phantoms(tmp_path, fields=12, seed=4, slides=3)

    assert set(contents(folder).values()).isdisjoint(
        content for name, content in contents(tmp_path).items() if name.endswith(".jpg")
    )


def test_every_field_of_a_run_differs(folder):
    """The service counts a content once; a phantom that repeated itself would look like a duplicate."""
    images = [path.read_bytes() for path in folder.rglob("*.jpg")]

    assert len(set(images)) == 12


def test_fields_are_spread_evenly_over_slide_folders_and_numbered_through(folder):
    """The folder is the slide's name, and the file's name says phantom, seed and number."""
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.jpg"))

    assert [f"phantom-slide-{i // 4 + 1}/phantom-3-{i + 1:04d}.jpg" for i in range(12)] == names


def test_every_image_says_that_it_is_synthetic(folder):
    """In the JPEG comment and in EXIF, so that a copied file still says so."""
    for path in folder.rglob("*.jpg"):
        with Image.open(path) as image:
            exif = image.getexif()

            assert LABEL.encode() == image.info["comment"]
            assert exif[ExifTags.Base.ImageDescription] == LABEL
            assert LABEL in exif[ExifTags.Base.Software]


def test_the_folder_explains_itself(folder):
    """Whoever finds it later reads what it is."""
    assert LABEL in (folder / "README.txt").read_text(encoding="utf-8")


def test_the_listing_names_every_field_with_its_cells(folder):
    """Fields without a white cell have no row in truth.csv, and must not be lost."""
    truth = [row["image"] for row in rows(folder / "truth.csv")]
    listed = {row["image"]: int(row["cells"]) for row in rows(folder / "fields.csv")}

    assert {str(path.relative_to(folder)) for path in folder.rglob("*.jpg")} == set(listed)
    assert {image: truth.count(image) for image in listed} == listed
    assert 0 in listed.values()


def test_truth_boxes_hold_something_darker_and_more_purple_than_the_field(folder):
    """A box without its cell would be a lie: green, which both stains absorb, falls; blue falls less."""
    for row in rows(folder / "truth.csv"):
        with Image.open(folder / row["image"]) as image:
            pixels = np.asarray(image, dtype=float)
        box = pixels[int(row["ymin"]) : int(row["ymax"]), int(row["xmin"]) : int(row["xmax"])]
        inside, field = np.percentile(box, 25, axis=(0, 1)), np.median(pixels, axis=(0, 1))

        assert row["class"] in CLASS_NAMES
        assert inside[1] < 0.75 * field[1]
        assert inside[1] < inside[2]


def test_one_field_can_be_had_without_a_file():
    """As labelled as any other, and the same for a seed."""
    data = field_bytes(1)
    with Image.open(BytesIO(data)) as image:
        assert (LABEL.encode(), (640, 480)) == (image.info["comment"], image.size)
    assert field_bytes(1) == data


def test_progress_is_told_after_each_field(tmp_path):
    """So that a command can draw its bar."""
    told: list[tuple[int, int]] = []
    write_phantoms(tmp_path, fields=3, seed=1, progress=lambda done, total: told.append((done, total)))

    assert told == [(1, 3), (2, 3), (3, 3)]


def test_a_longer_run_begins_with_the_shorter_one(tmp_path):
    """A field depends on seed and number, not on how many follow."""
    write_phantoms(tmp_path / "short", fields=2, seed=9)
    write_phantoms(tmp_path / "long", fields=4, seed=9)
    image = "phantom-slide-1/phantom-9-0002.jpg"

    assert (tmp_path / "short" / image).read_bytes() == (tmp_path / "long" / image).read_bytes()


def test_a_folder_in_use_is_refused_and_left_alone(tmp_path):
    """Its other files would not be in the truth."""
    (tmp_path / "mine.jpg").write_bytes(b"mine")

    with pytest.raises(DataError, match="not empty"):
        write_phantoms(tmp_path, fields=1, seed=1)
    assert contents(tmp_path) == {"mine.jpg": b"mine"}


def test_a_file_in_the_way_is_named(tmp_path):
    """A folder was meant, and the file stays as it is."""
    (tmp_path / "afile").write_bytes(b"mine")

    with pytest.raises(DataError, match=r"afile: cannot be written \(File exists\)"):
        write_phantoms(tmp_path / "afile", fields=1, seed=1)
    assert contents(tmp_path) == {"afile": b"mine"}


def test_a_folder_that_cannot_be_made_is_named():
    """Nobody may make one in /proc, root neither."""
    with pytest.raises(DataError, match=r"/proc/phantoms: cannot be written"):
        write_phantoms(Path("/proc/phantoms"), fields=1, seed=1)


def test_an_image_that_cannot_be_written_is_named(tmp_path):
    """Whatever happens to the folder half way."""

    def get_in_the_way(done: int, total: int) -> None:
        (tmp_path / "phantom-slide-1" / f"phantom-1-{done + 1:04d}.jpg").mkdir()

    with pytest.raises(DataError, match=r"phantom-1-0002\.jpg: cannot be written"):
        write_phantoms(tmp_path, fields=2, seed=1, progress=get_in_the_way)


@pytest.mark.parametrize(
    "numbers", [{"fields": 0, "seed": 1}, {"fields": 1, "seed": -1}, {"fields": 2, "seed": 1, "slides": 3}]
)
def test_numbers_out_of_range_are_refused_before_anything_is_written(tmp_path, numbers):
    """And the message says what would do."""
    out = tmp_path / "out"

    with pytest.raises(ValueError, match="give fields"):
        write_phantoms(out, **numbers)
    assert not out.exists()


@pytest.mark.parametrize("name", CLASS_NAMES)
def test_every_class_can_be_asked_for(name):
    """The truth names what was asked for, in that order."""
    field = render_field(np.random.default_rng(5), cells=[name, "neutrophil"])

    assert (name, "neutrophil") == tuple(cell for cell, _ in field.cells)


def test_a_field_without_cells_can_be_asked_for():
    """Fields without white cells are as important as fields with them."""
    assert render_field(np.random.default_rng(5), cells=()).cells == ()


def test_an_unknown_class_is_refused():
    """With the classes that there are."""
    with pytest.raises(ValueError, match="neutrophil"):
        render_field(np.random.default_rng(5), cells=["blast"])


@pytest.mark.parametrize(
    "bad", [{"width": 0}, {"height": 0}, {"magnification": 0.05}, {"magnification": float("nan")}]
)
def test_impossible_fields_are_refused(bad):
    """Rather than drawn for ever."""
    with pytest.raises(ValueError, match="give"):
        render_field(np.random.default_rng(5), **bad)


def test_white_cells_are_about_twice_as_wide_as_red_ones():
    """At magnification 1 a red cell is 44 pixels wide; magnification scales both."""
    field = render_field(np.random.default_rng(7), 2000, 2000, ["neutrophil"] * 5, magnification=2)
    widths = [box.xmax - box.xmin for _, box in field.cells]

    assert 1.7 * 88 < np.mean(widths) < 2.5 * 88


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    width=st.integers(1, 300),
    height=st.integers(1, 300),
    magnification=st.floats(0.1, 4),
    cells=st.none() | st.lists(st.sampled_from(CLASS_NAMES), max_size=4),
)
def test_any_size_and_magnification_gives_boxes_inside_the_field(seed, width, height, magnification, cells):
    """However little of a cell is seen, its box is a true rectangle of the picture."""
    field = render_field(np.random.default_rng(seed), width, height, cells, magnification=magnification)

    assert (height, width, 3) == field.pixels.shape
    for _, box in field.cells:
        assert 0 <= box.xmin < box.xmax <= width
        assert 0 <= box.ymin < box.ymax <= height
