"""What the classifier learns from: every named cell in its crop, and places where there is none."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from leukonet.cells import CLASS_NAMES
from leukonet.labels import LabelledCell, LabelledField
from leukonet.phantom import render_field
from leukonet.preprocessing import CROP
from leukonet.result import Box
from leukonet.training.crops import KEPT, centred, cut_cells, named_boxes, read_crops
from leukonet.training.datasets import read_dataset
from leukonet.training.outline import central_box, otsu


def single(seed: int, name: str = "neutrophil") -> tuple[Image.Image, Box]:
    """A picture of one cell near the middle, as single-cell sets have it."""
    field = render_field(np.random.default_rng(seed), 480, 480, [name])
    image, box = Image.fromarray(field.pixels), field.cells[0][1]
    x, y = (round(place) for place in box.centre)
    left, top = x - 100, y - 100
    return image.crop((left, top, left + 200, top + 200)), Box(
        box.xmin - left, box.ymin - top, box.xmax - left, box.ymax - top
    )


def central(seed: int) -> tuple[Image.Image, Box] | None:
    """The same, or nothing where the field's border cuts the picture."""
    image, box = single(seed)
    return (image, box) if np.asarray(image).min(axis=2).min() > 0 else None


def test_the_outline_of_the_central_cell_stands_in_for_its_box():
    """Of some synthetic pictures most are well enclosed."""
    pictures = [found for seed in range(15) if (found := central(seed))]
    overlaps = [central_box(image).overlap(box) for image, box in pictures]

    assert len(pictures) >= 5
    assert np.median(overlaps) > 0.5


@pytest.mark.parametrize("size", [(200, 200), (360, 363), (60, 50), (1000, 400)])
def test_the_outline_lies_inside_any_picture(size):
    """Also where there is no cell to see."""
    levels = np.random.default_rng(1).integers(100, 255, (size[1], size[0], 3), dtype=np.uint8)
    box = central_box(Image.fromarray(levels))

    assert 0 <= box.xmin < box.xmax <= size[0] + 1e-6
    assert 0 <= box.ymin < box.ymax <= size[1] + 1e-6


def test_otsus_threshold_parts_two_heaps():
    """But for what falls into the threshold's own bin."""
    values = np.concatenate([np.random.default_rng(1).normal(place, 0.1, 500) for place in (0, 3)])

    assert pytest.approx(500, abs=2) == np.count_nonzero(values > otsu(values))


def test_a_named_cell_without_a_box_gets_one():
    """Platelets the middle of the picture, cells their outline, unnamed cells none."""
    image, _ = single(1)
    cells = (LabelledCell("artefact", None), LabelledCell("neutrophil", None), LabelledCell(None, None))
    found = list(named_boxes(LabelledField(Path("x"), "pbc", "x", "", cells), image))

    assert [("artefact", centred(image, 0.3)), ("neutrophil", central_box(image))] == found
    assert Box(70, 70, 130, 130) == found[0][1]


@pytest.fixture
def field(tmp_path) -> LabelledField:
    """A boxed field with two cells and a red cell."""
    drawn = render_field(np.random.default_rng(3), cells=["neutrophil", "monocyte"])
    Image.fromarray(drawn.pixels).save(tmp_path / "field.png")
    cells = tuple(LabelledCell(name, box) for name, box in drawn.cells)
    return LabelledField(tmp_path / "field.png", "bccd", "field", "", cells, (Box(1, 1, 40, 40),))


def test_every_cell_gives_a_crop_of_its_class(field):
    """And the field gives a few of what is no cell."""
    crops = read_crops([field], seed=1)

    assert ["neutrophil", "monocyte"] == [CLASS_NAMES[index] for index in crops.classes[:2]]
    assert {"artefact"} >= {CLASS_NAMES[index] for index in crops.classes[2:]}
    assert (len(crops.classes), KEPT, KEPT, 3) == crops.images.shape
    assert {"bccd"} == set(crops.sources)


def test_places_without_a_cell_are_away_from_every_cell(field):
    """A neighbour's cytoplasm is no artefact: a field that cells fill gives none."""
    whole = LabelledField(field.path, "bccd", "x", "", (LabelledCell("neutrophil", Box(0, 0, 640, 480)),))

    assert 1 == len(read_crops([whole], seed=1).classes)


def test_crops_are_the_same_for_a_seed(field):
    """Every random choice hangs on it."""
    first, second = read_crops([field] * 3, seed=7), read_crops([field] * 3, seed=7)

    assert np.array_equal(first.images, second.images)


def test_a_cut_cell_is_the_middle_of_its_crop_and_knows_its_field(field):
    """What is held against the classifier sees the same, and can be kept apart by group."""
    cut, edge = list(cut_cells([field])), (KEPT - CROP) // 2
    middles = read_crops([field], seed=1).images[:2, edge:-edge, edge:-edge].astype(int)

    assert [(field, cell.name, cell.box) for cell in field.cells] == [
        (each.field, each.name, each.box) for each in cut
    ]
    assert np.abs(middles - np.stack([each.view for each in cut])).mean() < 2


def test_crops_are_kept_wider_than_the_network_sees():
    """So that turning and shifting bring no empty corners in."""
    assert KEPT == 1.5 * CROP


@pytest.mark.real
def test_the_outline_finds_real_cells(real_data):
    """BCCD's boxes of fields that are cut to one cell in the middle, as PBC's pictures are."""
    overlaps = []
    for labelled in [f for f in read_dataset(real_data, "bccd") if len(f.cells) == 1][::8]:
        truth = labelled.cells[0].box
        side = 1.2 * max(truth.xmax - truth.xmin, truth.ymax - truth.ymin)
        x, y = (round(place - side / 2) for place in truth.centre)
        if min(x, y) < 0 or x + side > 640 or y + side > 480:
            continue
        with Image.open(labelled.path) as image:
            part = image.convert("RGB").crop((x, y, x + round(side), y + round(side)))
        overlaps.append(
            central_box(part).overlap(Box(truth.xmin - x, truth.ymin - y, truth.xmax - x, truth.ymax - y))
        )

    assert np.median(overlaps) > 0.5
