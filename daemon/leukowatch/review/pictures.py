"""Pictures of archived fields and of their cells, each drawn once and then kept for a while."""

from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from threading import Lock

from leukonet.result import Box
from leukowatch.analysis.confined import Confined
from leukowatch.errors import NotFound
from leukowatch.inbox.beneath import own_content
from leukowatch.review.drawing import VERSION, Pictures, draw_cells, draw_field
from leukowatch.store.archived import ArchivedField

KEPT_BYTES = 64_000_000
"""Most that is kept."""
DRAWN_AT_ONCE = 2
_LOCKS = 64
"""A field has one of these, so that it is decoded once however many of its cells are asked for at once."""


class Gallery:
    """Has pictures of cells and fields drawn, and keeps the last of them in memory.

    Args:
        archive: the folder of the fields' files.
        max_pixels: larger fields are refused.
        apart: where they are decoded and drawn.
    """

    def __init__(self, archive: Path, max_pixels: int, apart: Confined) -> None:
        self._archive = archive
        self._max_pixels = max_pixels
        self._apart = apart
        self._kept: OrderedDict[str, Pictures] = OrderedDict()
        self._lock = Lock()
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
                    content = _content(self._archive, field)
                    kept = self._apart.run(draw_cells, content, self._max_pixels, dict(boxes))
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
            kept = self._apart.run(draw_field, _content(self._archive, field), self._max_pixels)
            self._keep(name, kept)
        return kept[""]

    def _found(self, name: str) -> Pictures | None:
        with self._lock:
            if name in self._kept:
                self._kept.move_to_end(name)
            return self._kept.get(name)

    def _keep(self, name: str, pictures: Pictures) -> None:
        with self._lock:
            self._kept[name] = pictures
            self._kept.move_to_end(name)
            while len(self._kept) > 1 and sum(map(_size, self._kept.values())) > KEPT_BYTES:
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


def _size(pictures: Pictures) -> int:
    return sum(map(len, pictures.values()))
