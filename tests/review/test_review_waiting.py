"""Files that wait in the inbox, as signing asks for them: of this slide alone, at the cost of this slide alone."""

import os
import subprocess
import sys

import pytest

from leukowatch.review.waiting import waiting_files
from leukowatch.settings import Settings

PATTERN = r"(?P<slide>SLIDE-[0-9]+)_"
ASKED = """
import sys
from leukowatch.review.waiting import waiting_files
from leukowatch.settings import Settings
print(waiting_files(Settings(home=sys.argv[1]), "S1"))
"""


@pytest.fixture
def inbox(tmp_path):
    """An inbox with two slides' folders, each with two files, one of them below another folder."""
    for slide in ("S1", "S2"):
        (tmp_path / "inbox" / slide / "deeper").mkdir(parents=True)
        (tmp_path / "inbox" / slide / "a.jpg").touch()
        (tmp_path / "inbox" / slide / "deeper" / "b.jpg").touch()
    return tmp_path / "inbox"


def waiting(inbox, slide="S1"):
    """Ask as signing does."""
    return waiting_files(Settings(home=inbox.parent, inbox={"slide_pattern": PATTERN}), slide)


def test_files_are_counted_by_folder_and_by_the_pattern_of_names(inbox):
    """A slide may have both; a folder's name is the slide's whatever bytes it has."""
    (inbox / "SLIDE-7").mkdir()
    for file in ("SLIDE-7/a.jpg", "SLIDE-7_001.jpg", "SLIDE-7_002.jpg", "SLIDE-8_001.jpg"):
        (inbox / file).touch()
    odd = os.fsencode(inbox) + b"/S\xff\n"
    os.mkdir(odd)  # noqa: PTH102  Path has no bytes
    with open(odd + b"/a.jpg", "wb"):  # noqa: PTH123  Path has no bytes
        pass

    assert (waiting(inbox), waiting(inbox, "SLIDE-7"), waiting(inbox, r"S\xff\x0a")) == (2, 3, 1)
    assert waiting(inbox, "S9") == 0


def test_no_other_slides_folder_is_looked_into(inbox, monkeypatch):
    """Each look at signing would otherwise take a second with a hundred thousand files in the inbox."""
    opened = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: opened.append(os.fsdecode(path)) or scandir(path))

    waiting(inbox)

    assert [path.removeprefix(str(inbox)) for path in opened] == ["/", "/S1", "/S1/deeper"]


def test_an_inbox_that_is_not_there_is_not_known(inbox):
    """None, which stands against a signature; not none."""
    assert waiting_files(Settings(home=inbox / "elsewhere"), "S1") is None


@pytest.mark.parametrize("mode", [0, 0o444])
def test_a_folder_of_the_slide_that_may_not_be_listed_is_not_known(inbox, mode):
    """A field may wait in it; another slide's closed folder is nothing to this one."""
    for closed, known in (("S2", "2"), ("S1/deeper", "None"), ("S1", "None")):
        (inbox / closed).chmod(mode)

        assert asked_by_an_ordinary_user(inbox.parent) == known

        (inbox / closed).chmod(0o755)


def asked_by_an_ordinary_user(home):
    """Give the answer to somebody whom modes bind."""
    plain = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*plain, sys.executable, "-c", ASKED, home], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
