"""What an earlier try has left is found: whatever is repeated gives one file, and one of its own."""

import dataclasses
import os

import pytest

from filings import DATA, crash
from leukowatch.errors import FilingFailed, StoreUnavailable
from leukowatch.inbox import carrying, placing
from leukowatch.inbox.aside import aside_for
from leukowatch.store.outcome import Filing, Status


def test_repeating_gives_the_same_place(any_home):
    """After a crash between move and ledger, filing again finds what it did."""
    for status in (Status.COUNTED, Status.DUPLICATE, Status.QUARANTINED):
        any_home.put(b"S1/a.jpg", status, data=b"earlier")
        filing = any_home.put(b"S1/a.jpg", status)

        assert any_home.file(filing) == any_home.file(filing)


def test_repeating_finds_the_place_under_a_later_name(any_home):
    """Also where the name had collided."""
    any_home.file(any_home.put(b"S1/a.jpg", data=b"earlier"))
    filing = any_home.put(b"S1/a.jpg")
    path = any_home.file(filing)

    assert path.name == "a~1.jpg"
    assert any_home.file(filing) == path


def test_content_that_came_again_meanwhile_is_left_for_its_own_arrival(any_home):
    """Filed before the crash, delivered anew before the restart: the new file waits for its own row."""
    filing = any_home.put(b"S1/a.jpg")
    path = any_home.file(filing)
    any_home.put(b"S1/a.jpg")

    assert any_home.file(filing) == path
    assert any_home.files() == {path: DATA, any_home.inbox / "S1/a.jpg": DATA}


def test_unhashed_file_is_filed_by_its_state(any_home):
    """A file too large to be read moves, and is found again, by size and time."""
    filing = any_home.put(b"S1/a.jpg", Status.QUARANTINED)
    unread = Filing(**{name: getattr(filing, name) for name in Filing.__slots__} | {"sha256": None})

    path = any_home.file(unread)

    assert any_home.file(unread) == path
    assert any_home.files() == {path: DATA}


@pytest.mark.parametrize("status", [Status.COUNTED, Status.DUPLICATE, Status.QUARANTINED])
@pytest.mark.parametrize(
    ("module", "name", "after"),
    [
        (carrying, "rename_new", False),
        (carrying, "rename_new", True),
        (carrying, "copy_new", False),
        (carrying, "copy_new", True),
        (carrying, "write_new", False),
        (carrying, "write_new", True),
        (placing, "rename_new", False),
        (placing, "rename_new", True),
        (placing, "sync_folder", False),
        (carrying.os, "fsync", True),
    ],
)
def test_crash_at_any_step_leaves_one_file_after_repeating(
    any_home, monkeypatch, status, module, name, after
):
    """The power goes before or after each step; filing again ends with one file in one place."""
    filing = any_home.put(b"S1/a.jpg", status)
    crash(monkeypatch, module, name, after=after)
    try:
        any_home.file(filing)
    except KeyboardInterrupt:
        monkeypatch.undo()

    path = any_home.file(filing)

    leftovers = [file for file in any_home.files() if file != path]
    assert (path.name, path.read_bytes(), leftovers) == ("a.jpg", DATA, [])
    sidecars = list(any_home.quarantine.rglob("*.json"))
    assert [file.name for file in sidecars] == (["a.jpg.json"] if status is Status.QUARANTINED else [])


def test_link_left_by_a_crash_is_finished(home):
    """A second name made before the first was removed is no second file."""
    filing = home.put(b"S1/a.jpg")
    (home.archive / "S1").mkdir(parents=True)
    (home.archive / "S1/a.jpg").hardlink_to(home.inbox / "S1/a.jpg")

    assert home.file(filing) == home.archive / "S1/a.jpg"
    assert home.files() == {home.archive / "S1/a.jpg": DATA}


@pytest.mark.parametrize("status", [Status.DUPLICATE, Status.QUARANTINED])
def test_place_that_another_row_names_is_not_the_files_own(any_home, status):
    """Name and content were filed before, and the file is gone: it is lost, and the earlier one not its own."""
    place = any_home.file(any_home.put(b"S1/a.jpg", status))
    filing = any_home.put(b"S1/a.jpg", status)
    (any_home.inbox / "S1/a.jpg").unlink()
    (found,) = any_home.filer.file_all([filing], lambda asking, path: (asking, path) == (filing, place))

    assert found is None
    assert any_home.files() == {place: DATA}


@pytest.mark.parametrize("status", [Status.DUPLICATE, Status.QUARANTINED])
def test_place_given_to_one_of_a_group_is_not_anothers(any_home, status):
    """The rows of a group are noted together: within it the filer itself keeps them apart."""
    first = any_home.put(b"S1/a.jpg", status)
    second = any_home.put(b"S1/b.jpg", status)
    (any_home.inbox / "S1/b.jpg").unlink()
    places = any_home.file_all([first, dataclasses.replace(second, relative=b"S1/a.jpg"), first])

    assert [path and path.name for path in places] == ["a.jpg", None, "a.jpg"]


def test_question_that_the_database_does_not_answer_is_asked_again(any_home):
    """While nobody can say whose a place is, a file is neither lost nor filed."""
    any_home.file(any_home.put(b"S1/a.jpg"))
    filing = any_home.put(b"S1/a.jpg")
    (any_home.inbox / "S1/a.jpg").unlink()

    def held(_filing, _place):
        raise StoreUnavailable("the database is held")

    (failed,) = any_home.filer.file_all([filing], held)

    assert isinstance(failed, FilingFailed)
    assert "the database is held" in str(failed)


def test_alike_files_of_one_time_are_both_kept(any_home):
    """Copies that kept name, content and time of a file filed before are no trace of an earlier try."""
    kept = []
    for _ in range(2):
        filing = any_home.put(b"S1/a.jpg", Status.DUPLICATE)
        os.utime(any_home.inbox / "S1/a.jpg", (5, 5))
        kept += any_home.filer.file_all([dataclasses.replace(filing, mtime_ns=5_000_000_000)], another(kept))

    assert [path.name for path in kept] == ["a.jpg", "a~1.jpg"]
    assert any_home.files() == dict.fromkeys(kept, DATA)


def test_links_to_one_file_are_each_kept(home):
    """A file under three names in the inbox has three rows: each names a place of its own."""
    filings = [home.put(b"S1/a.jpg", Status.DUPLICATE)]
    for name in (b"S1/left/a.jpg", b"S1/right/a.jpg"):
        path = home.inbox / os.fsdecode(name)
        path.parent.mkdir()
        path.hardlink_to(home.inbox / "S1/a.jpg")
        filings.append(dataclasses.replace(filings[0], arrival_id=len(filings) + 1, relative=name))
    places = home.file_all(filings)

    assert [path.name for path in places] == ["a.jpg", "a~1.jpg", "a~2.jpg"]
    assert home.files() == dict.fromkeys(places, DATA)


@pytest.mark.parametrize("status", [Status.COUNTED, Status.DUPLICATE, Status.QUARANTINED])
@pytest.mark.parametrize(
    ("owner", "name", "after"),
    [
        (carrying.Source, "renamed", True),
        (carrying, "copy_new", False),
        (carrying, "copy_new", True),
        (carrying.Source, "remove", False),
        (carrying.Source, "remove", True),
    ],
)
def test_copy_that_was_cut_short_is_finished_though_its_folder_was_renamed(
    split_home, monkeypatch, status, owner, name, after
):
    """The source has a name aside while it is copied: it is found in the renamed folder, and there is one file."""
    filing = split_home.put(b"S1/left/a.jpg", status)
    crash(monkeypatch, owner, name, after=after)
    with pytest.raises(KeyboardInterrupt):
        split_home.file(filing)
    (split_home.inbox / "S1").rename(split_home.inbox / "S2")

    place = split_home.file(filing)

    assert split_home.files() == {place: DATA}
    assert place.name == "a.jpg"


def test_file_set_aside_that_no_row_waits_for_gets_its_name_again(home):
    """Its row went with an older database that was restored: it is to be taken anew, not to stay hidden."""
    filing = home.put(b"S1/a.jpg")
    (home.inbox / "S1/a.jpg").rename(home.inbox / "S1" / os.fsdecode(aside_for(filing.arrival_id) + b"a.jpg"))
    home.filer.release()

    assert home.files() == {home.inbox / "S1/a.jpg": DATA}


def test_file_set_aside_by_another_row_of_the_number_is_left(split_home):
    """A planted file, or one of before a restore, is not what the row is about."""
    filing = split_home.put(b"S1/a.jpg")
    (split_home.inbox / "S1/a.jpg").unlink()
    other = split_home.inbox / "S1" / os.fsdecode(aside_for(filing.arrival_id) + b"a.jpg")
    other.write_bytes(b"other")

    assert split_home.file(filing) is None
    assert split_home.files() == {other: b"other"}


def another(kept):
    """Say that the rows of these places are noted."""
    return lambda _filing, place: place in kept
