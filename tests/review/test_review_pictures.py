"""Pictures of cells: drawn once, however many ask, and decoded where a hostile image does no harm."""

import asyncio
import hashlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from leukonet.errors import DamagedImage, ImageTooLarge
from leukonet.phantom import field_bytes
from leukonet.result import Box
from leukowatch.analysis.confined import Confined
from leukowatch.review.house import furnished
from leukowatch.review.pictures import Gallery
from leukowatch.setting_tables import AnalysisSettings, InboxSettings
from leukowatch.settings import Settings
from leukowatch.store.archived import ArchivedField, archived_field
from telling import where

BOXES = {f"c{number}": Box(60 * number, 60, 60 * number + 50, 110) for number in range(1, 7)}


@pytest.fixture(scope="module")
def apart():
    """Give two processes that decode."""
    with Confined(2, 2500, 60.0) as apart:
        yield apart


@pytest.fixture
def archived(tmp_path):
    """Give an archive's folder with one field, and the field."""
    content = field_bytes(3, ("neutrophil",))
    (tmp_path / "a.jpg").write_bytes(content)
    return tmp_path, ArchivedField(1, 1, "S1", hashlib.sha256(content).hexdigest(), b"a.jpg")


def test_a_field_is_decoded_once_for_cells_that_are_asked_for_at_the_same_time(archived, apart, monkeypatch):
    """A gallery asks for all cells of a field at once: each decoding would hold up what people do."""
    folder, field = archived
    gallery, decoded, together = Gallery(folder, 10**7, apart), [], threading.Barrier(len(BOXES))
    run = apart.run
    monkeypatch.setattr(apart, "run", lambda *given: decoded.append(1) or run(*given))

    def ask(key):
        together.wait()
        return gallery.crop(field, key, BOXES)

    with ThreadPoolExecutor(len(BOXES)) as pool:
        pictures = list(pool.map(ask, BOXES))

    assert len(decoded) == 1
    assert all(picture.startswith(b"\xff\xd8") for picture in pictures)
    assert len(set(pictures)) == len(BOXES)


@pytest.mark.parametrize("what", ["field", "cell"])
def test_a_field_above_the_limit_of_pixels_is_not_drawn(archived, apart, what):
    """It was taken when the limit was higher: the page decodes no more than the service would."""
    folder, field = archived
    gallery = Gallery(folder, 640 * 480 - 1, apart)

    with pytest.raises(ImageTooLarge):
        gallery.field(field) if what == "field" else gallery.crop(field, "c1", BOXES)


def asked(settings, what):
    """Ask the page's own house for a picture of its first field."""

    async def ask():
        async with furnished(settings) as house:
            field = archived_field(house.reader, 1)
            return house.pictures.field(field) if what == "field" else house.pictures.crop(field, "c1", BOXES)

    return asyncio.run(ask())


@pytest.mark.parametrize("what", ["field", "cell"])
def test_the_page_draws_within_the_limit_of_pixels_that_is_set(scanned, what):
    """The setting reaches the drawing: just as many pixels are drawn, one more is refused."""
    allowed, refused = (
        Settings(home=scanned, inbox=InboxSettings(max_pixels=640 * 480 - less)) for less in (0, 1)
    )

    assert asked(allowed, what).startswith(b"\xff\xd8")
    with pytest.raises(ImageTooLarge, match="640 x 480 pixels exceed the limit of 307199"):
        asked(refused, what)


@pytest.mark.parametrize(("what", "drawer"), [("field", "draw_field"), ("cell", "draw_cells")])
def test_the_page_decodes_in_a_confined_process(scanned, monkeypatch, what, drawer):
    """What breaks a decoder costs one picture, not everybody's page, and has no more memory than a worker."""
    monkeypatch.setattr(f"leukowatch.review.pictures.{drawer}", where)
    with pytest.raises(DamagedImage) as told:
        asked(Settings(home=scanned, analysis=AnalysisSettings(memory_megabytes=900)), what)

    process, megabytes = map(int, str(told.value).split())
    assert (process != os.getpid(), megabytes) == (True, 900)
