"""Bytes of a field's file to the pictures that the page shows; runs in a confined process, and imports little."""

import io
from collections.abc import Mapping

from PIL import Image

from leukonet.decode import decode
from leukonet.result import Box
from leukonet.views import crop_square

SIDE = 168
"""Pixels of a cell's picture: two a pixel of the page, for sharp screens."""
LARGEST = 4096
"""Pixels of the longer side of a field's picture; its boxes stay in the field's own pixels."""
QUALITY = 90
VERSION = 1
"""One more whenever the same field would be drawn otherwise, so that browsers ask anew."""

Pictures = dict[str, bytes]
"""JPEGs by name."""


def draw_cells(data: bytes, max_pixels: int, boxes: Mapping[str, Box]) -> Pictures:
    """Draw each cell in its surroundings, `SIDE` pixels wide and high, by the key of its box.

    Raises:
        ImageError: the file does not decode, or has more than `max_pixels`.
    """
    image = decode(data, max_pixels)
    return {key: _jpeg(_cut(image, box)) for key, box in boxes.items()}


def draw_field(data: bytes, max_pixels: int) -> Pictures:
    """Draw a whole field, upright, at most `LARGEST` pixels wide and high, under the empty name.

    Raises:
        ImageError: as `draw_cells`.
    """
    image = decode(data, max_pixels)
    image.thumbnail((LARGEST, LARGEST))
    return {"": _jpeg(image)}


def _cut(image: Image.Image, box: Box) -> Image.Image:
    """Cut the square around a cell; beyond the field it is white."""
    square = tuple(round(edge) for edge in crop_square(box))
    side = square[2] - square[0]
    part = Image.new("RGB", (side, side), "white")
    inside = (max(0, square[0]), max(0, square[1]), min(image.width, square[2]), min(image.height, square[3]))
    if inside[0] < inside[2] and inside[1] < inside[3]:
        part.paste(image.crop(inside), (inside[0] - square[0], inside[1] - square[1]))
    return part.resize((SIDE, SIDE), Image.Resampling.BICUBIC)


def _jpeg(image: Image.Image) -> bytes:
    written = io.BytesIO()
    image.save(written, "JPEG", quality=QUALITY, subsampling=0)
    return written.getvalue()
