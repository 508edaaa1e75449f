"""What others do to a file's name before and during its move, and file systems that can do less."""

import dataclasses
import errno
import os
from pathlib import Path

import pytest

from filings import DATA
from leukowatch.errors import FilingFailed
from leukowatch.inbox import carrying, placing
from leukowatch.store.outcome import Status


def test_hard_linked_source_is_moved(home, tmp_path):
    """A file with a second name elsewhere leaves the inbox, and the other name stays."""
    filing = home.put(b"S1/a.jpg")
    (tmp_path / "original.jpg").hardlink_to(home.inbox / "S1/a.jpg")

    path = home.file(filing)

    assert home.files() == {path: DATA}
    assert (tmp_path / "original.jpg").samefile(path)


@pytest.mark.parametrize("status", [Status.COUNTED, Status.QUARANTINED])
def test_source_that_is_gone_is_lost(any_home, status):
    """Nothing is made up for a file that somebody removed."""
    filing = any_home.put(b"S1/a.jpg", status)
    (any_home.inbox / "S1/a.jpg").unlink()

    assert any_home.file(filing) is None
    assert any_home.files() == {}


@pytest.mark.parametrize("status", [Status.COUNTED, Status.QUARANTINED])
def test_replaced_source_is_left_for_the_next_arrival(any_home, status):
    """Other content under the name stays in the inbox, and leaves no sidecar behind."""
    filing = any_home.put(b"S1/a.jpg", status)
    any_home.put(b"S1/a.jpg", data=b"another")

    assert any_home.file(filing) is None
    assert any_home.files() == {any_home.inbox / "S1/a.jpg": b"another"}
    assert list(any_home.quarantine.rglob("*.json")) == []


def test_file_that_takes_the_sources_name_at_the_very_move_is_put_back(home, monkeypatch):
    """Between the last look and the rename a writer can be quicker: its file has no row, and must not vanish."""
    filing = home.put(b"S1/f.jpg")
    other = home.inbox / "S1" / ".new.part"
    real = carrying.rename_new

    def overtaken(name, target, folder):
        if other.exists():
            other.write_bytes(b"another field")
            other.rename(home.inbox / "S1" / "f.jpg")
        real(name, target, folder)

    other.touch()
    monkeypatch.setattr(carrying, "rename_new", overtaken)
    place = home.file(filing)

    assert place is None
    assert {home.inbox / "S1" / "f.jpg": b"another field"} == home.files()


def test_source_that_is_now_a_link_is_left_alone(home):
    """A link put in the file's place is not followed."""
    filing = home.put(b"S1/a.jpg")
    (home.inbox / "S1/a.jpg").unlink()
    (home.inbox / "S1/a.jpg").symlink_to("/etc/passwd")

    assert home.file(filing) is None
    assert (home.inbox / "S1/a.jpg").is_symlink()


def test_same_content_in_another_state_is_moved(home):
    """After a restore or a change of device numbers the content still proves the file."""
    filing = home.put(b"S1/a.jpg")
    os.utime(home.inbox / "S1/a.jpg", (5, 5))

    assert home.file(filing) == home.archive / "S1/a.jpg"


def test_missing_file_of_another_disk_is_not_lost(home):
    """The inbox's file system is not mounted, an empty folder is in its place: the file is waited for."""
    filing = home.put(b"S1/a.jpg")
    (home.inbox / "S1/a.jpg").unlink()
    elsewhere = dataclasses.replace(filing, device=filing.device + 1)

    with pytest.raises(FilingFailed, match="not mounted"):
        home.file(elsewhere)


def refusing(code):
    """A rename that this file system does not offer."""

    def renameat2(*_):
        placing.ctypes.set_errno(code)
        return -1

    return renameat2


@pytest.mark.parametrize("forbidden_links", [False, True])
def test_file_system_without_exclusive_rename_is_served(home, monkeypatch, forbidden_links):
    """On NFS, with or without links to others' files, files move and nothing is overwritten."""
    monkeypatch.setattr(
        placing, "_libc", type("Libc", (), {"renameat2": staticmethod(refusing(errno.EINVAL))})
    )
    if forbidden_links:

        def link(*_, **__):
            raise PermissionError(errno.EPERM, "no links to others' files")

        monkeypatch.setattr(placing.os, "link", link)
    paths = [home.file(home.put(b"S1/a.jpg", data=data)) for data in (b"one", b"two")]

    assert home.files() == {paths[0]: b"one", paths[1]: b"two"}


def test_file_that_takes_the_sources_name_during_its_copy_stays(split_home, monkeypatch):
    """What is removed after a copy to another disk is what was copied, not what has its name by then."""
    filing = split_home.put(b"S1/a.jpg")
    copy = carrying.copy_new

    def overtaken(*arguments):
        copy(*arguments)
        split_home.put(b"S1/a.jpg", data=b"another field")

    monkeypatch.setattr(carrying, "copy_new", overtaken)
    place = split_home.file(filing)

    assert split_home.files() == {place: DATA, split_home.inbox / "S1/a.jpg": b"another field"}


def test_file_written_to_during_its_copy_is_lost_and_stays_as_it_is_now(split_home, monkeypatch):
    """The copy is neither the old content nor the new: it goes, and the new content waits under its name."""
    filing = split_home.put(b"S1/a.jpg")
    copy = carrying.copy_new

    def changed(source, target, temporary):
        copy(source, target, temporary)
        Path(f"/proc/self/fd/{source}").write_bytes(b"new content")

    monkeypatch.setattr(carrying, "copy_new", changed)

    assert split_home.file(filing) is None
    assert split_home.files() == {split_home.inbox / "S1/a.jpg": b"new content"}


def test_file_whose_name_was_taken_before_its_copy_is_left_to_its_own_arrival(split_home, monkeypatch):
    """Between the last look and the setting aside a writer can be quicker: its file keeps its name."""
    filing = split_home.put(b"S1/a.jpg")
    renamed = carrying.Source.renamed

    def overtaken(source, name):
        if not source.path.with_name(".seen").exists():
            source.path.with_name(".seen").touch()
            source.path.unlink()
            split_home.put(b"S1/a.jpg", data=b"another field")
        return renamed(source, name)

    monkeypatch.setattr(carrying.Source, "renamed", overtaken)

    assert split_home.file(filing) is None
    assert split_home.files()[split_home.inbox / "S1/a.jpg"] == b"another field"
    assert list(split_home.archive.rglob("*.jpg")) == []
