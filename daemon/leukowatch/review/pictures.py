"""Pictures of archived fields and of their cells, each decoded once and then kept for a while."""

import io
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from threading import Lock, Semaphore

from PIL import Image

from leukonet.decode import decode
from leukonet.result import Box
from leukonet.views import crop_square
from leukowatch.errors import NotFound
from leukowatch.inbox.beneath import own_content
from leukowatch.store.archived import ArchivedField

SIDE = 168
"""Pixels of a cell's picture: two a pixel of the page, for sharp screens."""
LARGEST = 4096
"""Pixels of the longer side of a field's picture; its boxes stay in the field's own pixels."""
QUALITY = 90
VERSION = 1
"""One more whenever the same field would be drawn otherwise, so that browsers ask anew."""
KEPT_BYTES = 64_000_000
_DECODED_AT_ONCE = 2
_LOCKS = 64
"""A field has one of these, so that it is decoded once however many of its cells are asked for at once."""

Pictures = dict[str, bytes]


class Gallery:
    """Draws pictures of cells and fields, and keeps the last of them in memory.

    Args:
        archive: the folder of the fields' files.
        max_pixels: larger fields are refused.
        kept_bytes: most that is kept.
    """

    def __init__(self, archive: Path, max_pixels: int, kept_bytes: int = KEPT_BYTES) -> None:
        self._archive = archive
        self._max_pixels = max_pixels
        self._kept_bytes = kept_bytes
        self._kept: OrderedDict[str, Pictures] = OrderedDict()
        self._lock = Lock()
        self._decoding = Semaphore(_DECODED_AT_ONCE)
        self._drawing = [Lock() for _ in range(_LOCKS)]

    def crop(self, field: ArchivedField, key: str, boxes: Mapping[str, Box]) -> bytes:
        """Give the JPEG of one cell in its surroundings; those of the field's other cells are drawn with it.

        Raises:
            NotFound: there is no such cell on the field, or its file cannot be read.
            ImageError: the file does not decode any more.
        """
        kept = self._found(field.sha256)
        if kept is None or key not in kept:
            if key not in boxes:
                raise NotFound(f"field {field.id}: has no cell {key}")
            with self._drawing[
                hash(field.sha256) % _LOCKS
            ]:  # who asks for its neighbour meanwhile finds it drawn
                kept = self._found(field.sha256)
                if kept is None or key not in kept:
                    image = self._image(field)
                    kept = {each: _jpeg(_cut(image, box)) for each, box in boxes.items()}
                    self._keep(field.sha256, kept)
        return kept[key]

    def holds(self, field: ArchivedField, key: str) -> bool:
        """Whether the picture of a cell is at hand."""
        return key in (self._found(field.sha256) or {})

    def field(self, field: ArchivedField) -> bytes:
        """Give the JPEG of a whole field, upright, made smaller where it is very large.

        Raises:
            NotFound, ImageError: as `crop`.
        """
        name = f"{field.sha256} whole"
        kept = self._found(name)
        if kept is None:
            image = self._image(field)
            image.thumbnail((LARGEST, LARGEST))
            kept = {"": _jpeg(image)}
            self._keep(name, kept)
        return kept[""]

    def _image(self, field: ArchivedField) -> Image.Image:
        with self._decoding:
            return decode(_content(self._archive, field), self._max_pixels)

    def _found(self, name: str) -> Pictures | None:
        with self._lock:
            if name in self._kept:
                self._kept.move_to_end(name)
            return self._kept.get(name)

    def _keep(self, name: str, pictures: Pictures) -> None:
        with self._lock:
            self._kept[name] = pictures
            self._kept.move_to_end(name)
            while len(self._kept) > 1 and sum(map(_size, self._kept.values())) > self._kept_bytes:
                self._kept.popitem(last=False)


def tag_of(field: ArchivedField, what: str) -> str:
    """Make the strong ETag of a picture: the same file and cell give the same bytes."""
    return f'"{field.sha256[:32]}-{what}-{VERSION}"'


def _content(archive: Path, field: ArchivedField) -> bytes:
    try:
        return own_content(archive, field.below_archive, field.sha256)
    except OSError as error:
        raise NotFound(
            f"field {field.id}: its file cannot be read ({error.strerror}); put its own back into the archive"
        ) from error


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


def _size(pictures: Pictures) -> int:
    return sum(map(len, pictures.values()))
