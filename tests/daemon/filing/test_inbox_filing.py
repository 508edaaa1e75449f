"""Filing: each file goes where its status and slide say, nothing is overwritten, failures stop no other."""

import errno
import json

import pytest

from filings import DATA
from leukowatch.errors import FilingFailed
from leukowatch.inbox import carrying, placing
from leukowatch.store.outcome import Status


@pytest.mark.parametrize(
    ("relative", "status", "slide", "expected"),
    [
        (b"S1/a.jpg", Status.COUNTED, "S1", "archive/S1/a.jpg"),
        (b"S1/left/top/a.jpg", Status.NOT_ASSESSABLE, "S1", "archive/S1/left/top/a.jpg"),
        (b"S1_a.jpg", Status.COUNTED, "S1", "archive/S1/S1_a.jpg"),
        (b"S1/left/a.jpg", Status.DUPLICATE, "S1", "archive/S1/duplicates/a.jpg"),
        (b"S1/left/a.jpg", Status.QUARANTINED, "S1", "quarantine/S1/a.jpg"),
        (b"S1/a.jpg", Status.COUNTED, "S2", "archive/S2/a.jpg"),
    ],
)
def test_status_and_slide_say_where_a_file_goes(tmp_path, home, relative, status, slide, expected):
    """The archive keeps what lay below the slide's folder; duplicates and quarantine are flat."""
    filing = home.put(relative, status, slide)

    assert home.file(filing) == tmp_path / expected
    assert home.files() == {tmp_path / expected: DATA}


def test_copy_to_another_file_system_keeps_content_time_and_mode(split_home):
    """A move across devices is a copy that looks like the original."""
    filing = split_home.put(b"S1/a.jpg")
    (split_home.inbox / "S1/a.jpg").chmod(0o604)

    path = split_home.file(filing)

    assert split_home.files() == {path: DATA}
    assert (path.stat().st_mtime_ns, path.stat().st_mode & 0o777) == (filing.mtime_ns, 0o604)


def test_sidecar_says_why_and_whence(any_home):
    """Beside a quarantined file lies what a person, or a program, needs to know."""
    filing = any_home.put(b"S1/left/a\n.jpg", Status.QUARANTINED)

    path = any_home.file(filing)

    assert json.loads(path.with_name("a\n.jpg.json").read_text()) == {
        "reason": "truncated",
        "error": "the end is missing",
        "time": "2024-03-05T12:00:00+00:00",
        "sha256": filing.sha256,
        "size": len(DATA),
        "original": "S1/left/a\\x0a.jpg",
        "original_hex": b"S1/left/a\n.jpg".hex(),
        "arrival": 1,
    }


@pytest.mark.parametrize("slide", ["", "..", "a/b", "../S1"])
def test_slide_that_leads_elsewhere_is_refused(home, slide):
    """A slide's name cannot move a file out of the archive."""
    filing = home.put(b"S1/a.jpg", slide=slide)

    with pytest.raises(FilingFailed):
        home.file(filing)
    assert home.files() == {home.inbox / "S1/a.jpg": DATA}


def test_folder_that_is_a_link_is_not_written_through(home, tmp_path):
    """Nothing is filed outside the archive."""
    home.archive.mkdir()
    (home.archive / "S1").symlink_to(tmp_path)

    assert home.file(home.put(b"S1/a.jpg")) == home.archive / "S1~1/a.jpg"


def test_missing_inbox_loses_nothing(home):
    """An unmounted inbox is a failure to be tried again, not a hundred lost files."""
    filing = home.put(b"S1/a.jpg")
    home.inbox.rename(home.inbox.with_name("away"))

    with pytest.raises(FilingFailed, match="is not there"):
        home.file(filing)


def test_full_disk_fails_clearly_and_leaves_the_file(split_home, monkeypatch):
    """Without space the file stays in the inbox, no half copy remains, and a later try succeeds."""
    filing = split_home.put(b"S1/a.jpg")

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device", "archive")

    monkeypatch.setattr(placing.os, "utime", full)
    with pytest.raises(FilingFailed, match=r"S1/a\.jpg.*No space left.*tried again"):
        split_home.file(filing)
    monkeypatch.undo()

    assert split_home.files() == {split_home.inbox / "S1/a.jpg": DATA}
    assert split_home.file(filing) == split_home.archive / "S1/a.jpg"


def test_one_failure_does_not_stop_a_group(home):
    """The others of a group are filed, each with its own answer in turn."""
    filings = [home.put(b"S1/a.jpg"), home.put(b"S1/b.jpg", slide=".."), home.put(b"S1/c.jpg")]
    (home.inbox / "S1/c.jpg").unlink()

    first, second, third = home.file_all(filings)

    assert first == home.archive / "S1/a.jpg"
    assert isinstance(second, FilingFailed)
    assert third is None


def test_group_waits_once_for_each_folder(home, monkeypatch):
    """A hundred files of a slide need each folder on disk once."""
    filings = [home.put(b"S1/%d.jpg" % number, data=b"%d" % number) for number in range(100)]
    synced = []
    monkeypatch.setattr("leukowatch.inbox.filing.sync_folder", synced.append)
    home.file_all(filings)

    assert sorted(synced) == sorted([home.archive / "S1", home.inbox / "S1"])


def test_failing_disk_is_no_success(home, monkeypatch):
    """A move that may not outlast a loss of power is not reported as done."""
    filing = home.put(b"S1/a.jpg")

    def broken(_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("leukowatch.inbox.filing.sync_folder", broken)
    with pytest.raises(FilingFailed, match="Input/output error"):
        home.file(filing)
    monkeypatch.undo()

    assert home.file(filing) == home.archive / "S1/a.jpg"


@pytest.mark.parametrize(
    ("status", "root"), [(Status.COUNTED, "archive"), (Status.QUARANTINED, "quarantine")]
)
def test_failed_move_names_both_folders(home, monkeypatch, status, root):
    """The one that the file leaves may lack the permission as well as the one that it goes to."""
    filing = home.put(b"S1/a.jpg", status)

    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied", "elsewhere")

    monkeypatch.setattr(carrying, "rename_new", refuse)
    with pytest.raises(FilingFailed) as failed:
        home.file(filing)

    assert f"permissions on both {home.inbox / 'S1'} and {getattr(home, root) / 'S1'}" in str(failed.value)
