"""A quarantined file goes back into the inbox, and nowhere else."""

import errno
import os

import pytest

from filings import DATA, crash
from leukowatch.errors import FilingFailed, NotFound
from leukowatch.inbox import carrying, filing, placing, returning
from leukowatch.inbox.carrying import Source
from leukowatch.inbox.listing import list_files
from leukowatch.inbox.sidecar import sidecar_of
from leukowatch.store.outcome import Status


def test_giving_back_never_overwrites(any_home):
    """Where the inbox has a file of that name by now, a number is added."""
    quarantined = any_home.file(any_home.put(b"S1/left/a.jpg", Status.QUARANTINED))
    any_home.put(b"S1/left/a.jpg", data=b"newer")

    back = any_home.filer.give_back(quarantined, b"S1/left/a.jpg")

    assert any_home.files() == {back: DATA, any_home.inbox / "S1/left/a.jpg": b"newer"}
    assert back == any_home.inbox / "S1/left/a~1.jpg"
    assert list(any_home.quarantine.rglob("*.json")) == []


@pytest.mark.parametrize("relative", [b"../a.jpg", b"/a.jpg", b"", b"S1/../../a.jpg"])
def test_giving_back_stays_in_the_inbox(home, relative):
    """A path that leads out is refused."""
    quarantined = home.file(home.put(b"S1/a.jpg", Status.QUARANTINED))

    with pytest.raises(FilingFailed, match="no path below the inbox"):
        home.filer.give_back(quarantined, relative)
    assert quarantined.exists()


def test_giving_back_what_is_not_there_fails(home):
    """The message names the file."""
    with pytest.raises(NotFound, match=r"none\.jpg: no such file"):
        home.filer.give_back(home.quarantine / "none.jpg", b"S1/a.jpg")


def test_giving_back_without_permission_says_what_to_check(home, monkeypatch):
    """The file stays, and the message names it, the inbox and the remedy."""
    quarantined = home.file(home.put(b"S1/a.jpg", Status.QUARANTINED))

    def refuse(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(filing, "bring_back", refuse)

    with pytest.raises(
        FilingFailed, match=rf"a\.jpg: .*\(Permission denied\); check .* {home.inbox}, and repeat"
    ):
        home.filer.give_back(quarantined, b"S1/a.jpg")
    assert quarantined.exists()


def test_giving_back_what_is_no_file_any_more_leaves_its_card(home):
    """The reason stays beside what somebody put there."""
    quarantined = home.file(home.put(b"S1/a.jpg", Status.QUARANTINED))
    quarantined.rename(quarantined.with_name("aside"))
    quarantined.symlink_to("aside")

    with pytest.raises(NotFound, match="no such file"):
        home.filer.give_back(quarantined, b"S1/a.jpg")
    assert sidecar_of(quarantined).is_file()


def test_giving_back_what_has_gone_takes_its_card_away(home):
    """As a call that was cut short leaves it."""
    quarantined = home.file(home.put(b"S1/a.jpg", Status.QUARANTINED))
    quarantined.unlink()

    with pytest.raises(NotFound, match="no such file"):
        home.filer.give_back(quarantined, b"S1/a.jpg")
    assert not sidecar_of(quarantined).exists()


def test_giving_back_takes_no_other_file_for_the_one_that_it_brings(any_home):
    """A file of the same name, content and time came again meanwhile: both are in the inbox, and both are taken."""
    quarantined = any_home.file(any_home.put(b"S1/a.jpg", Status.QUARANTINED))
    any_home.put(b"S1/a.jpg")
    times = quarantined.stat()
    os.utime(any_home.inbox / "S1/a.jpg", ns=(times.st_atime_ns, times.st_mtime_ns))

    any_home.filer.give_back(quarantined, b"S1/a.jpg")

    assert any_home.files() == {any_home.inbox / "S1/a.jpg": DATA, any_home.inbox / "S1/a~1.jpg": DATA}


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    ("place", "step"), [(carrying, "copy_new"), (Source, "remove"), (returning, "sync_folder")]
)
def test_giving_back_that_was_cut_short_is_finished_by_the_same_call(
    split_home, monkeypatch, place, step, done
):
    """Whatever moment the power goes on the way from another disk: one file, which nobody takes before it is whole."""
    quarantined = split_home.file(split_home.put(b"S1/a.jpg", Status.QUARANTINED))
    crash(monkeypatch, place, step, after=done)
    with pytest.raises(KeyboardInterrupt):
        split_home.filer.give_back(quarantined, b"S1/a.jpg")
    waiting = [found.relative for found in list_files(split_home.inbox, lambda *_: None)]
    back = split_home.filer.give_back(quarantined, b"S1/a.jpg")

    assert [] == waiting
    assert {split_home.inbox / "S1/a.jpg": DATA} == split_home.files()
    assert back == split_home.inbox / "S1/a.jpg"


def test_copy_that_was_cut_short_is_found_again_though_its_folder_was_renamed(split_home, monkeypatch):
    """Its original is gone by then: the hidden copy is all that there is of the file."""
    quarantined = split_home.file(split_home.put(b"S1/a.jpg", Status.QUARANTINED))
    crash(monkeypatch, Source, "remove", after=True)
    with pytest.raises(KeyboardInterrupt):
        split_home.filer.give_back(quarantined, b"S1/a.jpg")
    (split_home.inbox / "S1").rename(split_home.inbox / "S2")

    split_home.filer.give_back(quarantined, b"S1/a.jpg")

    assert {split_home.inbox / "S2/a.jpg": DATA} == split_home.files()


@pytest.mark.parametrize(
    ("place", "step"), [(placing.os, "utime"), (Source, "remove")], ids=["half a copy", "a whole copy"]
)
def test_copy_of_a_try_that_was_cut_short_does_not_stay(split_home, monkeypatch, place, step):
    """Where the original is still there it is copied anew; nobody would ever see what lies hidden elsewhere."""
    quarantined = split_home.file(split_home.put(b"S1/a.jpg", Status.QUARANTINED))
    crash(monkeypatch, place, step, after=False)
    with pytest.raises(KeyboardInterrupt):
        split_home.filer.give_back(quarantined, b"S1/a.jpg")
    (split_home.inbox / "S1").rename(split_home.inbox / "S2")

    split_home.filer.give_back(quarantined, b"S1/a.jpg")

    assert {split_home.inbox / "S1/a.jpg": DATA} == split_home.files()
