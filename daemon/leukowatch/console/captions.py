"""Where a caption goes beside its box, so that captions hide neither boxes nor each other where they can."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

_HIDDEN_CAPTION = 4
"""A pixel of another caption is worth so many pixels of a cell."""


class Rect(NamedTuple):
    """A rectangle of whole pixels; right and bottom are beyond it."""

    left: int
    top: int
    right: int
    bottom: int

    def shared(self, other: "Rect") -> int:
        """Square pixels in common with another."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return width * height if width > 0 and height > 0 else 0


def place_captions(
    boxes: Sequence[Rect], sizes: Iterable[tuple[int, int]], canvas: tuple[int, int]
) -> list[Rect]:
    """Find a place beside each box.

    Args:
        boxes: of the cells.
        sizes: width and height of each box's caption.
        canvas: width and height of the picture; captions that are not larger stay within.

    Returns:
        A rectangle for each caption, in the order of the boxes.
    """
    placed: list[Rect] = []
    for box, size in zip(boxes, sizes, strict=True):
        placed.append(min(_places(box, size, canvas), key=lambda place: _hidden(place, boxes, placed)))
    return placed


def _hidden(place: Rect, boxes: Sequence[Rect], placed: Sequence[Rect]) -> int:
    captions = sum(place.shared(other) for other in placed)
    return sum(place.shared(box) for box in boxes) + _HIDDEN_CAPTION * captions


def _places(box: Rect, size: tuple[int, int], canvas: tuple[int, int]) -> Iterator[Rect]:
    """Give the places around a box, the most usual first, each moved into the canvas."""
    width, height = size
    right, left = box.right, box.left - width
    below, above = box.bottom, box.top - height
    corners = (
        (right, box.top), (box.left, below), (box.left, above), (left, box.top),
        (right, box.bottom - height), (box.right - width, below), (box.right - width, above),
        (left, box.bottom - height), (box.left, box.top),
    )  # fmt: skip
    for x, y in corners:
        inside_x = max(0, min(x, canvas[0] - width))
        inside_y = max(0, min(y, canvas[1] - height))
        yield Rect(inside_x, inside_y, inside_x + width, inside_y + height)
