"""The live view: one screen from the database and the inbox, whatever state they are in."""

import io
import re
import shutil
import sqlite3
import threading
from contextlib import closing
from datetime import timedelta

import pytest
from rich.console import Console

from handmade import NOON, blank, cell, fill, outcome, seen
from lab import wait_until
from leukowatch.console.live import LiveView, watch_live
from leukowatch.inbox.gate import set_paused
from leukowatch.setting_tables import StoreSettings
from leukowatch.settings import Settings
from leukowatch.store.database import open_reader

ODD = "[red]odd[/red]"
LINE = 100
SHORT = 24


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """Twelve plain slides, one whose name is markup, and the newest with something of everything."""
    path = tmp_path_factory.mktemp("store") / "leukowatch.db"
    plain = [outcome(f"S{number:02}", "a.jpg", number, seen(cell("basophil"))) for number in range(12)]
    newest = [
        outcome("NEW", "a.jpg", 50, seen(*[cell("neutrophil")] * 7, cell("lymphocyte"), cell("lymphocyte?"))),
        outcome("NEW", "b.jpg", 51, seen(cell("monocyte"), cell("eosinophil"), cell("erythroblast"))),
        outcome("NEW", "c.jpg", 52, blank()),
        outcome("NEW", "[bold]d.jpg", 53, None),
    ]
    fill(path, [*plain, outcome(ODD, "a.jpg", 20, seen(cell("monocyte"))), *newest])
    return path


@pytest.fixture
def settings(template, tmp_path):
    """A home with that store and three files in its inbox, one of them not complete yet."""
    (tmp_path / "inbox" / "NEXT").mkdir(parents=True)
    for name in ("a.jpg", "b.jpg", "c.jpg.part"):
        (tmp_path / "inbox" / "NEXT" / name).write_bytes(b"x")
    shutil.copy(template, tmp_path / "leukowatch.db")
    return Settings(home=tmp_path)


@pytest.fixture
def view(settings):
    """The live view of that home, at noon."""
    engine = open_reader(settings.database_url, 0.1)
    yield LiveView(settings, engine, lambda: NOON + timedelta(seconds=1))
    engine.dispose()


def drawn(renderable, width=LINE, height=40):
    """The lines of a screen of this size, without colours."""
    console = Console(record=True, width=width, height=height, file=io.StringIO())
    console.print(renderable)
    return console.export_text().splitlines()


def line_of(lines, beginning):
    """The one line that begins so, its runs of spaces made one."""
    [found] = [line for line in lines if line.startswith(beginning)]
    return " ".join(found.split())


def test_the_newest_slide_is_shown_in_full(view):
    """Each class with number, per cent and exact limits, the groups, and what is in no per cent."""
    lines = drawn(view.render())

    assert line_of(lines, "NEW") == "NEW fields: 2 cells counted: 10"
    assert line_of(lines, "Neutrophil").startswith("Neutrophil 7 70.0 (34.8-93.3) ━")
    assert line_of(lines, "Basophil") == "Basophil 0 0.0 (0.0-30.8)"
    assert line_of(lines, "Polynuclear").startswith("Polynuclear 8 80.0 (44.4-97.5)")
    assert line_of(lines, "Mononuclear").startswith("Mononuclear 2 20.0 (2.5-55.6)")
    assert line_of(lines, "per 100") == "per 100: immature granulocytes 0.0 (0), erythroblasts 10.0 (1)"
    expected = "unclassified 1, artefacts 0; not assessable 1, duplicates 0, quarantined 1"
    assert line_of(lines, "unclassified") == expected
    assert "fewer than 100 cells" in lines


def test_the_head_says_where_when_how_fast_and_how_many_wait(view, settings):
    """Home, time, bundle, research use only, fields a second, and files in the inbox but the unfinished."""
    lines = drawn(view.render(), width=200)

    assert "research use only" in lines[0]
    assert re.search(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d$", lines[0])
    assert lines[1].startswith(str(settings.home))
    assert lines[1].endswith("bundle smear-1 1a2b3c4d")
    assert lines[2].startswith("0.3 fields/s over the last 60 s")
    assert lines[2].endswith("files waiting in the inbox: 2")


def test_earlier_slides_have_a_line_each(view):
    """Per cents and limits rounded, the latest first, and how many there are beyond those shown."""
    lines = drawn(view.render())

    assert line_of(lines, "slides").startswith("slides (+4)")
    assert line_of(lines, "S11") == "S11 1 1 0 0-98 0 0-98 100 3-100 0 0-98 0 0-98 0"
    assert lines.index(next(line for line in lines if line.startswith(ODD))) < lines.index(
        next(line for line in lines if line.startswith("S11"))
    )


def test_problems_are_listed_with_time_kind_file_and_detail(view):
    """The quarantined file, literally, though its name looks like markup."""
    problem = next(line for line in drawn(view.render()) if "quarantined NEW" in line)

    assert "[bold]d.jpg" in problem
    assert "the image's end is missing" in problem


def test_names_that_are_markup_are_shown_literally(view):
    """A slide called like a style has no style, and keeps its brackets."""
    console = Console(record=True, width=LINE, height=40, file=io.StringIO(), force_terminal=True)
    console.print(view.render())

    assert ODD in console.export_text()


@pytest.mark.parametrize(("width", "height"), [(100, 40), (80, 24), (60, 18), (200, 60)])
def test_the_screen_fits_the_terminal(view, width, height):
    """No line is wider, and there are not more lines, than the terminal has."""
    lines = drawn(view.render(), width, height)

    assert len(lines) <= height
    assert max(map(len, lines)) <= width


def test_an_empty_store_says_what_to_do(tmp_path):
    """Before the first file the view speaks of the inbox."""
    (tmp_path / "inbox").mkdir()
    fill(tmp_path / "leukowatch.db", [])
    settings = Settings(home=tmp_path)
    engine = open_reader(settings.database_url)
    lines = drawn(LiveView(settings, engine).render())
    engine.dispose()

    assert "no slides yet: drop images into the inbox, one folder a slide" in lines


def test_a_database_that_vanishes_is_told_above_what_was_read_last(view, settings):
    """The view survives, keeps its numbers, and says what is wrong."""
    view.render()
    (settings.home / "leukowatch.db").unlink()
    told = " ".join(drawn(view.render(), width=300))

    assert "leukowatch.db: the database cannot be opened" in told
    assert "(34.8-93.3)" in told


def test_a_locked_database_is_told(view, settings):
    """Somebody else's exclusive transaction is a sentence on the screen."""
    with closing(sqlite3.connect(settings.home / "leukowatch.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        told = " ".join(drawn(view.render()))

    assert "is held by another program" in told


def test_an_inbox_that_vanished_is_told(view, settings):
    """The rest of the view stays."""
    shutil.rmtree(settings.inbox_folder)
    told = " ".join(drawn(view.render(), width=200))

    assert "inbox: cannot be listed (No such file or directory)" in told
    assert "(34.8-93.3)" in told


def unfolded(sent: str) -> str:
    """What was sent to a terminal, in one line, without colours and frames."""
    return " ".join(re.sub(r"[│╭╮╰╯─]", " ", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", sent)).split())


class Watching:
    """`watch_live` in a thread, on a terminal that is a string."""

    def __init__(self, settings):
        self.stopping = threading.Event()
        self.screen = io.StringIO()
        console = Console(file=self.screen, force_terminal=True, width=LINE, height=SHORT)
        self.thread = threading.Thread(target=watch_live, args=(settings, self.stopping, console))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_error):
        self.stopping.set()
        self.thread.join(10)
        assert not self.thread.is_alive()

    def shows(self, what):
        """Wait until the terminal was sent this, however long paths made it fold the line."""
        return wait_until(lambda: what in unfolded(self.screen.getvalue()))


def test_watching_ends_when_told(settings):
    """The view comes up, and goes with the event."""
    with Watching(settings) as watching:
        assert watching.shows("34.8-93.3")


def test_a_database_that_is_not_there_yet_is_waited_for(tmp_path, template):
    """The view says so, and shows the slides as soon as they are there."""
    (tmp_path / "inbox").mkdir()
    with Watching(Settings(home=tmp_path)) as watching:
        assert watching.shows("waiting for the database")
        assert watching.shows("there is no database")
        shutil.copy(template, tmp_path / "coming")
        (tmp_path / "coming").rename(tmp_path / "leukowatch.db")

        assert watching.shows("34.8-93.3")


def test_a_database_of_another_kind_is_told_and_waited_for(tmp_path):
    """Settings may point to a file that is no database: no crash, a sentence."""
    (tmp_path / "text.db").write_text("not a database at all" * 100)
    settings = Settings(home=tmp_path, store=StoreSettings(url=f"sqlite:///{tmp_path / 'text.db'}"))
    with Watching(settings) as watching:
        assert watching.shows("no database")


def test_a_pause_is_on_the_screen(settings, view):
    """Somebody wonders why nothing is counted: the reason and the remedy stand below the head."""
    set_paused(settings.home, paused=True)

    assert "files wait in the inbox: paused: `leukowatch resume` goes on" in drawn(view.render())
