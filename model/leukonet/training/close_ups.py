"""Close-ups with known truth: windows so small that a labelled cell fills most of them, as many collections are cut."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from PIL import Image

from leukonet.labels import LabelledField, read_image
from leukonet.result import Box, Cell
from leukonet.training.crops import named_boxes
from leukonet.training.evaluate import LEAST_OVERLAP


class CloseUp(NamedTuple):
    """One labelled cell, and a picture that shows it."""

    image: Image.Image
    name: str
    """Its class."""
    box: Box
    """In the picture's pixels."""


class Judged(NamedTuple):
    """What a bundle made of close-ups, in pictures."""

    pictures: int
    refused: int = 0
    """Not assessable."""
    missed: int = 0
    right: int = 0
    several: int = 0
    """With more than one counted cell."""


def whole_fields(fields: Iterable[LabelledField]) -> Iterator[CloseUp]:
    """Each white cell of known class in its whole field.

    Raises:
        DataError: a file is missing or is no image.
    """
    for field in fields:
        image = read_image(field)
        for name, box in named_boxes(field, image):
            if name != "artefact":
                yield CloseUp(image, name, box)


def close_ups(fields: Iterable[LabelledField], share: float, side: int | None = None) -> Iterator[CloseUp]:
    """Cut a window around each white cell of known class that its field shows with enough around it.

    Args:
        fields: labelled.
        share: of the window's side that the longer side of the cell's box takes, up to 1.
        side: pixels that the window is scaled to; None to leave it as it is.

    Raises:
        DataError: a file is missing or is no image.
    """
    for image, name, box in whole_fields(fields):
        half, (x, y) = box.longer / share / 2, box.centre
        window = Box(*map(round, (x - half, y - half, x + half, y + half)))
        if window.clipped(image.size) != window:
            continue
        part = image.crop(window)
        zoom = side / part.width if side else 1.0
        if side:
            part = part.resize((side, side), Image.Resampling.BICUBIC)
        yield CloseUp(part, name, box.moved(-window.xmin, -window.ymin).scaled(zoom))


def judge(pictures: Iterable[CloseUp], look: Callable[[Image.Image], Sequence[Cell] | None]) -> Judged:
    """Have each close-up looked at.

    Args:
        pictures: from `close_ups`.
        look: gives the cells of a picture, None of one that it refuses.
    """
    verdicts = [_verdict(picture, look(picture.image)) for picture in pictures]
    return Judged(len(verdicts), *(sum(column) for column in zip(*verdicts, strict=True)))


def _verdict(picture: CloseUp, cells: Sequence[Cell] | None) -> tuple[bool, bool, bool, bool]:
    """Whether it is refused, missed, right, several."""
    if cells is None:
        return True, False, False, False
    meant = _meant(picture, cells)
    right = meant is not None and meant.first == picture.name
    return False, meant is None, right, sum(cell.counts for cell in cells) > 1


def _meant(picture: CloseUp, cells: Sequence[Cell]) -> Cell | None:
    """The located cell that is the labelled one."""
    here = [cell for cell in cells if cell.box.overlap(picture.box) >= LEAST_OVERLAP]
    return max(here, key=lambda cell: cell.box.overlap(picture.box), default=None)
