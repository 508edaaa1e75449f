"""Pictures of cells: drawn once, however many ask."""

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from leukonet.errors import ImageTooLarge
from leukonet.phantom import field_bytes
from leukonet.result import Box
from leukowatch.review.pictures import Gallery
from leukowatch.store.archived import ArchivedField

BOXES = {f"c{number}": Box(60 * number, 60, 60 * number + 50, 110) for number in range(1, 7)}


def test_a_field_is_decoded_once_for_cells_that_are_asked_for_at_the_same_time(tmp_path, monkeypatch):
    """A gallery asks for all cells of a field at once: each decoding would hold up what people do."""
    content = field_bytes(3, ("neutrophil",))
    (tmp_path / "a.jpg").write_bytes(content)
    field = ArchivedField(1, 1, "S1", hashlib.sha256(content).hexdigest(), b"a.jpg")
    gallery, decoded, together = Gallery(tmp_path, 10**7), [], threading.Barrier(len(BOXES))
    decode = Gallery._image
    monkeypatch.setattr(Gallery, "_image", lambda self, field: decoded.append(1) or decode(self, field))

    def ask(key):
        together.wait()
        return gallery.crop(field, key, BOXES)

    with ThreadPoolExecutor(len(BOXES)) as pool:
        pictures = list(pool.map(ask, BOXES))

    assert len(decoded) == 1
    assert all(picture.startswith(b"\xff\xd8") for picture in pictures)
    assert len(set(pictures)) == len(BOXES)


def test_a_field_above_the_limit_of_pixels_is_not_drawn(tmp_path):
    """It was taken when the limit was higher: the page decodes no more than the service would."""
    content = field_bytes(3)
    (tmp_path / "a.jpg").write_bytes(content)
    field = ArchivedField(1, 1, "S1", hashlib.sha256(content).hexdigest(), b"a.jpg")

    with pytest.raises(ImageTooLarge):
        Gallery(tmp_path, 640 * 480 - 1).field(field)
