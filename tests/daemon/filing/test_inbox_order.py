"""What is on disk before what: at no moment does a loss of power leave a file without its card, or half a file."""

import os
from pathlib import Path

import pytest

from filings import crash
from leukowatch.inbox import carrying, placing
from leukowatch.store.outcome import Status


@pytest.fixture
def synced(monkeypatch):
    """Give the folders that are on disk when a move is said to be done."""
    folders = []
    monkeypatch.setattr("leukowatch.inbox.filing.sync_folder", folders.append)
    return folders


@pytest.fixture
def told(monkeypatch):
    """Give the steps that a disk sees, in turn: `sync NAME` of a file or folder, `name NAME`, `gone NAME`."""
    steps = []
    sync, rename, unlink = os.fsync, placing.rename_new, os.unlink

    def fsync(descriptor):
        steps.append(f"sync {Path(f'/proc/self/fd/{descriptor}').readlink().name}")
        sync(descriptor)

    def rename_new(source, target, *folder):
        rename(source, target, *folder)
        steps.append(f"name {target.name}")

    def gone(path, **folder):
        unlink(path, **folder)
        steps.append(f"gone {Path(os.fsdecode(path)).name}")

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "unlink", gone)
    for module in (placing, carrying):
        monkeypatch.setattr(module, "rename_new", rename_new)
    return steps


def test_a_card_is_on_disk_before_its_file_comes(home, told):
    """Whoever finds a file in quarantine finds the reason beside it."""
    filing = home.put(b"S1/a.jpg", Status.QUARANTINED)
    home.file(filing)

    assert ["sync quarantine", "sync a.jpg"] == told[:2]
    assert ["sync .1.part", "name a.jpg.json", "sync S1", "name a.jpg"] == told[2:6]


def test_a_copy_is_on_disk_before_its_original_goes(split_home, told):
    """Its slide's folder, its content, its name: the one without the others is nothing."""
    filing = split_home.put(b"S1/a.jpg")
    split_home.file(filing)

    aside = ".leukowatch-1~a.jpg"
    assert [f"sync {split_home.archive.name}", "sync a.jpg", f"name {aside}"] == told[:3]
    assert ["sync .1.part", "name a.jpg", "sync S1", f"gone {aside}"] == told[3:7]


def test_a_copy_that_goes_back_is_on_disk_before_its_original_goes(split_home, told):
    """And the original is gone for good before the copy can be seen: whoever takes it takes it once."""
    quarantined = split_home.file(split_home.put(b"S1/a.jpg", Status.QUARANTINED))
    told.clear()
    split_home.filer.give_back(quarantined, b"S1/a.jpg")

    hidden = told[1].removeprefix("sync ").removesuffix(".part")
    assert ["sync a.jpg", f"sync {hidden}.part", f"name {hidden}", "sync S1"] == told[:4]
    assert ["gone a.jpg", "sync S1", "name a.jpg"] == told[4:7]


def test_a_file_that_went_back_is_on_disk_when_that_is_said(any_home, synced):
    """The row is marked then; with the move undone, nobody would look for the file in quarantine."""
    quarantined = any_home.file(any_home.put(b"S1/a.jpg", Status.QUARANTINED))
    synced.clear()
    any_home.filer.give_back(quarantined, b"S2/a.jpg")

    assert {any_home.inbox / "S2", quarantined.parent} == set(synced)


def test_a_file_whose_copy_failed_has_its_name_back_on_disk(split_home, told, monkeypatch):
    """It waits under the name by which it came, whatever happens next."""

    def full(*_, **__):
        raise OSError(28, "No space left on device", "archive")

    filing = split_home.put(b"S1/a.jpg")
    monkeypatch.setattr(placing.os, "utime", full)
    split_home.file_all([filing])

    assert ["name a.jpg", "sync S1"] == told[-4:-2]


def test_a_move_that_was_cut_short_is_on_disk_when_it_is_finished(split_home, synced, monkeypatch):
    """In whatever folder its file was found; else it would be there twice after a loss of power."""
    filing = split_home.put(b"S1/a.jpg")
    crash(monkeypatch, carrying.Source, "remove", after=False)
    with pytest.raises(KeyboardInterrupt):
        split_home.file(filing)
    (split_home.inbox / "S1").rename(split_home.inbox / "S2")
    split_home.file(filing)

    assert {split_home.archive / "S1", split_home.inbox / "S1", split_home.inbox / "S2"} == set(synced)


def test_a_way_back_that_was_cut_short_is_on_disk_when_it_is_finished(split_home, synced, monkeypatch):
    """The same, for the copy that is all that there is of the file."""
    quarantined = split_home.file(split_home.put(b"S1/a.jpg", Status.QUARANTINED))
    crash(monkeypatch, carrying.Source, "remove", after=True)
    with pytest.raises(KeyboardInterrupt):
        split_home.filer.give_back(quarantined, b"S1/a.jpg")
    (split_home.inbox / "S1").rename(split_home.inbox / "S2")
    synced.clear()
    split_home.filer.give_back(quarantined, b"S1/a.jpg")

    assert {quarantined.parent, split_home.inbox / "S2"} == set(synced)
