"""One field of the store, shown with its figure."""

import hashlib
import io
import os
from dataclasses import replace

import pytest
from PIL import Image
from rich.console import Console

from handmade import cell, fill, ledger_at, outcome, seen
from leukonet.errors import DamagedImage, ImageTooLarge
from leukowatch.console.field import show_field
from leukowatch.errors import NotFound, OutputFailed, RequestInvalid
from leukowatch.setting_tables import AnalysisSettings, InboxSettings
from leukowatch.settings import Settings
from telling import where


@pytest.fixture
def settings(tmp_path):
    """A home with three fields: one archived, one whose file is missing, one not moved yet."""
    home = tmp_path / "home"
    (home / "archive" / "S1").mkdir(parents=True)
    image = home / "archive" / "S1" / "[red]a.png"
    Image.new("RGB", (640, 480), (230, 220, 230)).save(image)
    found = seen(cell("eosinophil"), cell("basophil?"))
    outcomes = [
        outcome("S1", name, number, found) for number, name in enumerate(("[red]a.png", "b.png", "c.png"))
    ]
    own = hashlib.sha256(image.read_bytes()).hexdigest()
    outcomes[0] = replace(outcomes[0], received=replace(outcomes[0].received, sha256=own))
    filings = fill(home / "leukowatch.db", [*outcomes, outcome("S2", "b.png", 9, found)])
    with ledger_at(home / "leukowatch.db") as ledger:
        places = (b"archive/S1/[red]a.png", b"archive/S1/b.png")
        ledger.mark_filed([(f.arrival_id, place) for f, place in zip(filings, places, strict=False)])
    return Settings(home=home)


def shown(settings, what, png=None):
    """What the terminal shows."""
    console = Console(width=100, file=io.StringIO())
    show_field(settings, what, png, console)
    return console.file.getvalue()


def test_a_field_is_shown_with_its_cells(settings):
    """Its name literally, slide, size, bundle, research use only, and both classes of each cell."""
    told = shown(settings, "S1/[red]a.png")

    assert told.splitlines()[0] == "S1/[red]a.png"
    assert told.splitlines()[1] == "slide S1, 640 x 480 pixels, bundle smear-1; research use only"
    assert "0.80 Eosinophil" in told
    assert "0.80 Basophil" in told
    assert "0.10 Monocyte" in told


def test_the_figure_is_written_as_png(settings, tmp_path):
    """Whatever it is called; research use only is in its description too."""
    shown(settings, "S1/[red]a.png", tmp_path / "figure.out")

    with Image.open(tmp_path / "figure.out") as figure:
        assert figure.format == "PNG"
        assert figure.width >= 640
        assert "research use only" in figure.info["Description"]


def test_a_figure_that_cannot_be_written_is_one_error(settings, tmp_path):
    """It names the path."""
    with pytest.raises(OutputFailed, match=r"nowhere/figure\.png: the picture cannot be written \(No such"):
        shown(settings, "S1/[red]a.png", tmp_path / "nowhere" / "figure.png")


@pytest.mark.parametrize("place", ["inbox/f.png", "archive/S1/[red]a.png", "quarantine/../archive/f.png"])
def test_no_figure_is_written_among_the_images(settings, place):
    """It would be taken as a field, or overwrite one."""
    before = (settings.archive_folder / "S1" / "[red]a.png").read_bytes()

    with pytest.raises(RequestInvalid, match="no picture is written below"):
        shown(settings, "S1/[red]a.png", settings.home / place)

    assert (settings.archive_folder / "S1" / "[red]a.png").read_bytes() == before


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("S1/x.png", "no field is called so"),
        ("b.png", "2 fields are called so; name one by its whole path: S1/b.png, S2/b.png"),
        ("S1/b.png", "its file cannot be read"),
        ("S1/c.png", "not in the archive yet"),
    ],
)
def test_a_field_that_cannot_be_shown_says_why(settings, what, told):
    """Unknown, ambiguous, gone from the archive, or not moved yet."""
    with pytest.raises(NotFound, match=told):
        shown(settings, what)


def test_a_field_above_the_limit_of_pixels_is_not_decoded(settings):
    """It was taken when the limit was higher: the terminal decodes no more than the service would."""
    allowed, refused = (
        settings.model_copy(update={"inbox": InboxSettings(max_pixels=640 * 480 - less)}) for less in (0, 1)
    )

    assert "0.80 Eosinophil" in shown(allowed, "S1/[red]a.png")
    with pytest.raises(ImageTooLarge, match="640 x 480 pixels exceed the limit of 307199"):
        shown(refused, "S1/[red]a.png")


def test_a_field_is_decoded_in_a_confined_process(settings, monkeypatch):
    """What breaks a decoder costs one picture, not the terminal, and has no more memory than a worker."""
    monkeypatch.setattr("leukowatch.console.field.decode", where)
    little = settings.model_copy(update={"analysis": AnalysisSettings(memory_megabytes=900)})
    with pytest.raises(DamagedImage) as told:
        shown(little, "S1/[red]a.png")

    process, megabytes = map(int, str(told.value).split())
    assert (process != os.getpid(), megabytes) == (True, 900)
