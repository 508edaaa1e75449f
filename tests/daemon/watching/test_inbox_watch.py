"""The watch: hints of what happens in the inbox."""

import os

from watchdog.observers.inotify_move_event_grouper import InotifyMoveEventGrouper

from leukowatch.inbox import observing
from leukowatch.inbox.observing import Hint
from leukowatch.inbox.stability import Sign
from leukowatch.inbox.watch import InboxWatch
from watching import DEADLINE, hints_until, listed


def test_written_file_gives_a_close(watch, inbox):
    """A file written in place is seen, then closed."""
    (inbox / "S1/a.jpg").write_bytes(b"x")

    assert hints_until(watch, Hint(b"S1/a.jpg", Sign.CLOSED)) == [
        Hint(b"S1/a.jpg", Sign.SEEN),
        Hint(b"S1/a.jpg", Sign.CLOSED),
    ]


def test_file_renamed_in_from_outside_is_told_from_a_created_one(watch, inbox, tmp_path):
    """A rename from outside says that the file is complete."""
    (tmp_path / "a.jpg").write_bytes(b"x")
    (tmp_path / "a.jpg").rename(inbox / "S1/a.jpg")

    assert hints_until(watch, Hint(b"S1/a.jpg", Sign.MOVED)) == [Hint(b"S1/a.jpg", Sign.MOVED)]


def test_temporary_name_gives_no_hint_until_its_rename(watch, inbox):
    """What a writer does under a temporary name costs nothing."""
    (inbox / "S1/a.jpg.part").write_bytes(b"x")
    (inbox / "S1/a.jpg.part").rename(inbox / "S1/a.jpg")

    assert hints_until(watch, Hint(b"S1/a.jpg", Sign.MOVED)) == [Hint(b"S1/a.jpg", Sign.MOVED)]


def test_folder_moved_in_whole_gives_its_files(watch, inbox, tmp_path):
    """One event for the folder becomes a hint for each file below it."""
    (tmp_path / "S2/left").mkdir(parents=True)
    (tmp_path / "S2/left/a.jpg").write_bytes(b"x")
    (tmp_path / "S2").rename(inbox / "S2")

    assert hints_until(watch, Hint(b"S2/left/a.jpg", Sign.MOVED)) == [Hint(b"S2/left/a.jpg", Sign.MOVED)]


def test_folder_made_later_is_heard(watch, inbox):
    """A slide folder that did not exist at the start is watched as well."""
    (inbox / "S2").mkdir()
    (inbox / "S2/a.jpg").write_bytes(b"x")

    assert hints_until(watch, Hint(b"S2/a.jpg", Sign.SEEN))


def test_names_are_raw_bytes(watch, inbox):
    """Newlines and bytes that are no UTF-8 come through unchanged, in hints and in scans."""
    name = b"new\nline\xff\xfe.jpg"
    (inbox / "S1" / os.fsdecode(name)).touch()

    assert hints_until(watch, Hint(b"S1/" + name, Sign.CLOSED))
    assert listed(watch) == [b"S1/" + name]


def test_file_renamed_away_holds_up_no_hint(inbox, tmp_path, monkeypatch):
    """Watchdog waits for where a file went, and every one that is archived goes: the next would come so much later."""
    monkeypatch.setattr(InotifyMoveEventGrouper, "delay", 2 * DEADLINE)
    (inbox / "S1/a.jpg").write_bytes(b"x")
    watch = InboxWatch(inbox, 100, polling=False)
    watch.start()

    (inbox / "S1/a.jpg").rename(tmp_path / "a.jpg")
    (inbox / "S1/b.jpg").write_bytes(b"x")

    assert hints_until(watch, Hint(b"S1/b.jpg", Sign.CLOSED))
    watch.stop()


def test_polling_gives_hints_without_the_kernel(inbox, monkeypatch):
    """On a network share, listing finds new files and those that change."""
    monkeypatch.setattr(observing, "POLL_SECONDS", 0.05)
    watch = InboxWatch(inbox, 100, polling=True)
    watch.start()
    try:
        (inbox / "S1/a.jpg").write_bytes(b"x")

        assert hints_until(watch, Hint(b"S1/a.jpg", Sign.SEEN)) == [Hint(b"S1/a.jpg", Sign.SEEN)]
    finally:
        watch.stop()
