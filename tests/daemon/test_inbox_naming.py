"""Names: any bytes become safe text, and say which slide and which files wait."""

import os
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leukowatch.inbox.naming import is_candidate, is_safe_folder, printable, slide_name, slide_of

TODAY = date(2024, 3, 5)
names = st.binary(min_size=1, max_size=255).filter(
    lambda raw: not {0, 47} & set(raw) and raw not in {b".", b".."}
)


def test_first_folder_names_the_slide():
    """The first folder below the inbox is the slide, however deep the file lies."""
    assert slide_of(b"S-17/left/a.jpg", "", TODAY) == ("S-17", False)


def test_pattern_names_the_slide_of_a_loose_file():
    """A file directly in the inbox gets its slide from the pattern's group."""
    assert slide_of(b"S17_003.jpg", r"(?P<slide>[^_]+)_", TODAY) == ("S17", False)


@pytest.mark.parametrize("pattern", ["", r"(?P<slide>X\d+)_", r"(?P<slide>[0-9]*)"])
def test_loose_file_without_a_match_is_unassigned_and_dated(pattern):
    """Where the pattern is absent, fails or finds nothing, the day names the slide and the flag is set."""
    assert slide_of(b"S17_003.jpg", pattern, TODAY) == ("unassigned-2024-03-05", True)


def test_folder_that_looks_unassigned_is_flagged():
    """Files put back in a folder of that shape are never taken for a named slide's."""
    assert slide_of(b"unassigned-2024-03-01/a.jpg", "", TODAY) == ("unassigned-2024-03-01", True)


def test_control_and_undecodable_bytes_are_escaped():
    """A newline, a byte that is no UTF-8, and a character that does not print are shown as escapes."""
    assert printable("S/ü\n".encode() + b"\xff\\" + "\u202e\U000e0001".encode()) == (
        "S/ü\\x0a\\xff\\\\\\u202e\\U000e0001"
    )


@pytest.mark.parametrize(
    "name",
    [b"a.jpg.part", b"a.TMP", b"a.crdownload", b"a.filepart", b"a.Partial", b".a.jpg", b"~a.jpg", b"a.jpg~"],
)
def test_temporary_names_wait(name):
    """Names that writers use until they are done are no candidates, as files or as folders."""
    assert not is_candidate(b"S1/" + name)
    assert not is_candidate(name + b"/a.jpg")


@pytest.mark.parametrize("name", [b"Thumbs.db", b"desktop.ini", b"a.jpg.done"])
def test_file_managers_files_are_left_alone(name):
    """Files that belong to a file manager or mark a transfer are no candidates."""
    assert not is_candidate(b"S1/" + name)


@pytest.mark.parametrize("name", [b"a.jpg", b"notes.txt", b"no-extension", b"a.tmp.jpg", b"\n\xff.jpg"])
def test_every_other_name_is_taken(name):
    """Whether a file is an image is not judged by its name."""
    assert is_candidate(b"S1/" + name)


@given(names)
def test_slide_names_are_safe_whatever_the_bytes(raw):
    """Any folder name gives a slide that prints and names one folder."""
    slide = slide_name(raw)

    assert slide.isprintable()
    assert is_safe_folder(slide)
    assert not slide.startswith(".")
    assert len(os.fsencode(slide)) <= 255


@given(names, names)
def test_two_folders_never_share_a_slide(one, other):
    """Different raw names give different slides."""
    assert (one == other) == (slide_name(one) == slide_name(other))


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../etc", "a\0b"])
def test_names_that_lead_elsewhere_are_not_safe(name):
    """What could leave the archive is refused as a folder's name."""
    assert not is_safe_folder(name)
