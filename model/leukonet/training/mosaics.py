"""Fields with known truth made of real ones: cells pasted into a field, fields laid side by side, other magnifications.

No set has many fields with several white cells, or large fields. Made fields of pasted cells, or of several fields, are
called mosaics wherever they are told of: cells, light and blur are real, their neighbourhood is not.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageFilter

from leukonet.labels import LabelledField, read_image
from leukonet.result import Box
from leukonet.training.detection import read_field
from leukonet.training.outline import central_box
from leukonet.views import pixels

MARGIN = 0.12
"""A pasted cell brings this share of its box's longer side with it all round, fading into its new field."""
VISIBLE = 0.35
"""A cell of which less than this share is left is no longer labelled, as in the locator's training."""
CUT, TOUCHING = 0.15, 0.3
"""Shares of the tried places at which the border cuts the cell, and at which it touches another one."""
FEWEST, MOST = 2, 8
"""White cells in a field of pasted cells, its own included."""
COVERED = 0.15
"""Most intersection over union of two cells in a field of pasted ones."""
TRIES = 40
"""Places that are tried in one field."""
LARGEST = (4000, 3000)
"""Pixels of the largest mosaics, width and height."""


class Scene(NamedTuple):
    """A picture and where its white cells are."""

    image: Image.Image
    truth: tuple[Box, ...]


class Donor(NamedTuple):
    """One whole cell, cut out with its margin."""

    image: Image.Image
    box: Box
    """In the cut's pixels."""
    light: np.ndarray
    """`(3,)` the light in its field, that its colours are relative to."""


def scene(labelled: LabelledField) -> Scene:
    """Read a field; of a set without boxes the central cell's outline stands in.

    Raises:
        DataError: the file is missing or is no image.
    """
    if any(cell.box is None for cell in labelled.cells):
        image = read_image(labelled)
        return Scene(image, (central_box(image),))
    return Scene(*read_field(labelled))


def donors(scenes: Sequence[Scene], zoom: float = 1.0) -> list[Donor]:
    """Cut out every cell that its field shows whole and alone.

    Args:
        scenes: to cut from.
        zoom: the cells are scaled by this.
    """
    cut = []
    for image, truth in scenes:
        for box in truth:
            reach = MARGIN * box.longer
            left, top, right, bottom = round_out(box, reach)
            inside = left >= 0 and top >= 0 and right <= image.width and bottom <= image.height
            if inside and not any(other.shared(box) for other in truth if other is not box):
                part = image.crop((left, top, right, bottom))
                part = part.resize((max(1, round(part.width * zoom)), max(1, round(part.height * zoom))))
                cut.append(Donor(part, box.moved(-left, -top).scaled(zoom), light(image)))
    return cut


def pasted(ground: Scene, cells: Sequence[Donor], random: np.random.Generator) -> Scene:
    """Paste cells into a field until it holds two to eight, some cut by the border, some touching another.

    Args:
        ground: a real field; its own cells stay where they are.
        cells: to choose from.
        random: of every choice.
    """
    image, truth = ground.image.copy(), list(ground.truth)
    wanted = int(random.integers(FEWEST, MOST, endpoint=True))
    for _ in range(TRIES):
        if len(truth) >= wanted:
            break
        donor = cells[int(random.integers(len(cells)))]
        offset = _spot(donor.box, image.size, truth, random)
        if _fits(donor.box, offset, image.size, truth):
            _paste(image, donor, offset)
            truth.append(donor.box.moved(*offset).clipped(image.size))
    return Scene(image, tuple(truth))


def _spot(
    box: Box, size: tuple[int, int], truth: Sequence[Box], random: np.random.Generator
) -> tuple[int, int]:
    """How far a cell is to be moved into a field: across the border, beside another cell, or anywhere."""
    x, y = (
        random.uniform(half, max(half + 1, length - half))
        for half, length in ((box.longer / 2, size[0]), (box.longer / 2, size[1]))
    )
    way = random.random()
    if way < CUT:
        spare = random.uniform(0.0, 0.4) * box.longer
        x, y = [(spare, y), (size[0] - spare, y), (x, spare), (x, size[1] - spare)][int(random.integers(4))]
    elif way < CUT + TOUCHING and truth:
        other = truth[int(random.integers(len(truth)))]
        near = random.uniform(0.8, 0.98) * (box.longer + other.longer) / 2
        angle = random.uniform(0, 2 * np.pi)
        x, y = other.centre[0] + near * np.cos(angle), other.centre[1] + near * np.sin(angle)
    return round(x - box.centre[0]), round(y - box.centre[1])


def _fits(box: Box, offset: tuple[int, int], size: tuple[int, int], truth: Sequence[Box]) -> bool:
    """Whether half a cell and more is inside the field, and hardly any of another cell beneath it."""
    here = box.moved(*offset)
    seen = here.clipped(size)
    return seen.area >= 0.5 * here.area and all(other.overlap(seen) <= COVERED for other in truth)


def _paste(image: Image.Image, donor: Donor, place: tuple[int, int]) -> None:
    """Lay a cell into a field in the field's own light, fading over its margin."""
    gain = light(image) / donor.light
    lit = np.clip(pixels(donor.image) * gain, 0, 255).astype(np.uint8)
    margin = MARGIN * donor.box.longer
    mask = Image.new("L", donor.image.size)
    mask.paste(255, round_out(donor.box, 0))
    mask = mask.filter(ImageFilter.GaussianBlur(margin / 3))
    image.paste(Image.fromarray(lit), place, mask)


def tiled(scenes: Sequence[Scene], columns: int, rows: int) -> Scene:
    """Lay fields of one size side by side, row by row; too few are taken again from the first on."""
    width, height = scenes[0].image.size
    image = Image.new("RGB", (columns * width, rows * height))
    truth: list[Box] = []
    for index in range(columns * rows):
        part = scenes[index % len(scenes)]
        x, y = index % columns * width, index // columns * height
        image.paste(part.image, (x, y))
        truth.extend(box.moved(x, y) for box in part.truth)
    return Scene(image, tuple(truth))


def largest_mosaics(
    scenes: Sequence[Scene], limit: tuple[int, int], random: np.random.Generator
) -> Iterator[Scene]:
    """Lay all fields out in mosaics as large as a limit `(width, height)` allows, in random order, no field twice."""
    width, height = scenes[0].image.size
    columns, rows = limit[0] // width, limit[1] // height
    order = [scenes[index] for index in random.permutation(len(scenes))]
    for start in range(0, len(order) - columns * rows + 1, columns * rows):
        yield tiled(order[start : start + columns * rows], columns, rows)


def enlarged(whole: Scene, zoom: float) -> Scene:
    """The same field on more pixels, or on fewer."""
    width, height = (max(1, round(length * zoom)) for length in whole.image.size)
    image = whole.image.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=2.0)
    return Scene(image, tuple(box.scaled(zoom).clipped(image.size) for box in whole.truth))


def seen_from_afar(whole: Scene, zoom: float) -> Scene:
    """The field shrunk by a zoom below 1, in the middle of a ground of its light and its former size."""
    small = enlarged(whole, zoom)
    ground = Image.new("RGB", whole.image.size, tuple(int(level) for level in light(whole.image)))
    x, y = ((one - other) // 2 for one, other in zip(ground.size, small.image.size, strict=True))
    ground.paste(small.image, (x, y))
    return Scene(ground, tuple(box.moved(x, y) for box in small.truth))


def closer(whole: Scene, zoom: float) -> Scene:
    """A window around the first cell, enlarged by a zoom above 1 to the field's size."""
    width, height = (round(length / zoom) for length in whole.image.size)
    x, y = whole.truth[0].centre if whole.truth else (whole.image.width / 2, whole.image.height / 2)
    left = round(min(max(0.0, x - width / 2), whole.image.width - width))
    top = round(min(max(0.0, y - height / 2), whole.image.height - height))
    window = whole.image.crop((left, top, left + width, top + height))
    shifted = [box.moved(-left, -top) for box in whole.truth]
    kept = [box for box in shifted if box.clipped(window.size).area >= VISIBLE * box.area]
    return enlarged(Scene(window, tuple(box.clipped(window.size) for box in kept)), zoom)


def light(image: Image.Image) -> np.ndarray:
    """The level, per channel, that nine tenths of a picture do not exceed: mostly bare background."""
    small = image.resize((min(image.width, 128), min(image.height, 128)))
    return np.maximum(np.quantile(pixels(small), 0.9, axis=(0, 1)), 1.0)


def round_out(box: Box, reach: float) -> tuple[int, int, int, int]:
    """Whole pixels around a box and its margin."""
    return (
        int(np.floor(box.xmin - reach)),
        int(np.floor(box.ymin - reach)),
        int(np.ceil(box.xmax + reach)),
        int(np.ceil(box.ymax + reach)),
    )
