"""The watch: hints of what happens, a true list of what is there, and a clear word when it goes deaf."""

import ctypes
import errno
import os
import socket
import subprocess
import sys
import time

import pytest
from structlog.testing import capture_logs
from watchdog.observers import inotify_c
from watchdog.observers.inotify_c import InotifyConstants, InotifyEvent

from leukowatch.errors import InboxVanished
from leukowatch.inbox import observing
from leukowatch.inbox.observing import Hint
from leukowatch.inbox.stability import Sign
from leukowatch.inbox.watch import InboxWatch

DEADLINE = 10.0


@pytest.fixture
def inbox(tmp_path):
    """An inbox with one slide."""
    folder = tmp_path / "inbox"
    (folder / "S1").mkdir(parents=True)
    return folder


@pytest.fixture
def watch(inbox):
    """A running watch that has said that it wants its first rescan."""
    watch = InboxWatch(inbox, 100, polling=False)
    watch.start()
    watch.rescan_wanted()
    yield watch
    watch.stop()


def hints_until(watch, last):
    """All hints up to and with `last`."""
    hints, end = [], time.monotonic() + DEADLINE
    while last not in hints:
        assert time.monotonic() < end, hints
        hints += watch.take_hints(limit=1, timeout=0.1)
    return hints


def until(condition):
    """Wait for a condition, with a deadline."""
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def listed(watch):
    """Raw paths of a scan."""
    return sorted(file.relative for file in watch.scan())


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


def test_file_renamed_away_is_gone(watch, inbox, tmp_path):
    """A file that leaves the inbox is said to be gone."""
    (inbox / "S1/a.jpg").write_bytes(b"x")
    (inbox / "S1/a.jpg").rename(tmp_path / "a.jpg")

    assert hints_until(watch, Hint(b"S1/a.jpg", Sign.GONE))


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


def test_full_queue_asks_for_a_rescan_and_never_blocks(inbox):
    """Hints beyond the queue's size are dropped, and a rescan makes up for them."""
    watch = InboxWatch(inbox, 2, polling=False)
    watch.start()
    try:
        watch.rescan_wanted()
        for number in range(5):
            (inbox / f"S1/{number}.jpg").write_bytes(b"x")
        until(watch.rescan_wanted)

        assert len(watch.take_hints(limit=10, timeout=0.1)) == 2
        assert len(listed(watch)) == 5
    finally:
        watch.stop()


def test_kernels_overflow_asks_for_a_rescan(watch):
    """When the kernel has dropped events, a rescan is asked for."""
    watch._observer.listener.handle_event(InotifyEvent(-1, InotifyConstants.IN_Q_OVERFLOW, 0, b""))

    assert watch.rescan_wanted()
    assert not watch.rescan_wanted()


@pytest.mark.parametrize(
    ("code", "remedy"),
    [(errno.ENOSPC, "fs.inotify.max_user_watches"), (errno.EMFILE, "fs.inotify.max_user_instances")],
)
def test_kernels_limit_leads_to_polling_and_a_warning(inbox, monkeypatch, code, remedy):
    """Where the kernel refuses, the inbox is listed instead, and the log says which limit to raise."""

    def refuse(*_):
        ctypes.set_errno(code)
        return -1

    call = "inotify_add_watch" if code == errno.ENOSPC else "inotify_init"
    monkeypatch.setattr(inotify_c, call, refuse)
    watch = InboxWatch(inbox, 100, polling=False)
    with capture_logs() as logs:
        watch.start()
    try:
        assert watch.polling
        assert watch.armed()
        assert [remedy in line["remedy"] for line in logs] == [True]
    finally:
        watch.stop()


def test_limit_met_at_a_slide_folder_leads_to_polling(inbox, monkeypatch):
    """Watchdog itself is silent about a folder below the inbox that the kernel refuses: it would stay deaf."""
    real = inotify_c.inotify_add_watch

    def refuse(descriptor, path, mask):
        ctypes.set_errno(errno.ENOSPC)
        return -1 if path.endswith(b"S1") else real(descriptor, path, mask)

    monkeypatch.setattr(inotify_c, "inotify_add_watch", refuse)
    watch = InboxWatch(inbox, 100, polling=False)
    watch.start()
    try:
        assert watch.polling
        assert watch.armed()
    finally:
        watch.stop()


def test_start_asks_for_a_rescan(inbox):
    """What lay in the inbox before gave no hint."""
    watch = InboxWatch(inbox, 100, polling=False)
    watch.start()
    try:
        assert watch.rescan_wanted()
        assert watch.armed()
    finally:
        watch.stop()


def test_missing_inbox_is_refused(tmp_path):
    """Watching begins only where there is an inbox."""
    with pytest.raises(InboxVanished, match="none: the inbox"):
        InboxWatch(tmp_path / "none", 100, polling=False).start()


def test_inbox_renamed_and_remade_is_noticed_and_watched_anew(watch, inbox, tmp_path):
    """The observer stays alive and deaf on the old folder; the check sees it, and rearming mends it."""
    inbox.rename(tmp_path / "old")
    inbox.mkdir()
    with pytest.raises(InboxVanished):
        watch.check()
    assert not watch.armed()

    watch.rearm()
    (inbox / "a.jpg").write_bytes(b"x")

    assert watch.armed()
    assert watch.rescan_wanted()
    assert hints_until(watch, Hint(b"a.jpg", Sign.CLOSED))


def test_removed_inbox_is_noticed(watch, inbox):
    """An inbox that is gone cannot be checked, scanned or rearmed."""
    (inbox / "S1").rmdir()
    inbox.rmdir()

    assert not watch.armed()
    for action in (watch.check, lambda: list(watch.scan()), watch.rearm):
        with pytest.raises(InboxVanished):
            action()


def test_inbox_removed_and_remade_leaves_the_watch_disarmed(watch, inbox):
    """Even where the new folder gets the old one's inode, the dead observer shows it."""
    (inbox / "S1").rmdir()
    inbox.rmdir()
    inbox.mkdir()

    until(lambda: not watch.armed())


def test_dead_thread_leaves_the_watch_disarmed(watch):
    """A watch whose emitter died is not armed, although the inbox is there."""
    (emitter,) = watch._observer.emitters
    emitter.stop()

    until(lambda: not watch.armed())


def test_watch_with_a_dead_thread_is_made_anew(watch, inbox):
    """The service goes on hearing, and what it missed is looked for."""
    (emitter,) = watch._observer.emitters
    emitter.stop()
    until(lambda: not watch.armed())
    watch.revive()
    (inbox / "a.jpg").write_bytes(b"x")

    assert watch.rescan_wanted()
    assert hints_until(watch, Hint(b"a.jpg", Sign.CLOSED))


def test_inbox_may_be_a_link(inbox, tmp_path):
    """A link to the real folder is watched through."""
    (tmp_path / "link").symlink_to(inbox)
    watch = InboxWatch(tmp_path / "link", 100, polling=False)
    watch.start()
    try:
        (inbox / "S1/a.jpg").write_bytes(b"x")

        assert hints_until(watch, Hint(b"S1/a.jpg", Sign.CLOSED))
        assert listed(watch) == [b"S1/a.jpg"]
    finally:
        watch.stop()


def test_scan_gives_regular_files_only_and_names_the_rest_once(inbox, tmp_path):
    """Links, pipes, sockets and folders named like images are left alone with one log line each."""
    (inbox / "S1/a.jpg").write_bytes(b"xyz")
    (inbox / "S1/a.tmp").write_bytes(b"x")
    (inbox / "S1/x.jpg").mkdir()
    (inbox / "S1/x.jpg/b.jpg").write_bytes(b"x")
    os.mkfifo(inbox / "S1/pipe.jpg")
    (inbox / "S1/passwd.jpg").symlink_to("/etc/passwd")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/c.jpg").write_bytes(b"x")
    (inbox / "S9").symlink_to(tmp_path / "outside")
    with socket.socket(socket.AF_UNIX) as plug:
        plug.bind(str(inbox / "s.jpg"))
    watch = InboxWatch(inbox, 100, polling=False)
    with capture_logs() as logs:
        files = {file.relative: file.identity.size for file in watch.scan()}
        list(watch.scan())

    assert files == {b"S1/a.jpg": 3, b"S1/x.jpg/b.jpg": 1}
    assert sorted((line["file"], line["kind"]) for line in logs) == [
        ("S1/passwd.jpg", "symbolic link"),
        ("S1/pipe.jpg", "pipe"),
        ("S1/x.jpg", "folder named like an image"),
        ("S9", "symbolic link"),
        ("s.jpg", "socket"),
    ]


def test_scan_passes_over_what_vanishes(inbox):
    """Folders and files removed while the list is made do not stop it."""
    for slide in ("S2", "S3"):
        (inbox / slide).mkdir()
        (inbox / slide / "a.jpg").write_bytes(b"x")
    scan = InboxWatch(inbox, 100, polling=False).scan()
    first = next(scan)
    for path in list(inbox.rglob("*.jpg")):
        path.unlink()
    for slide in ("S1", "S2", "S3"):
        (inbox / slide).rmdir()

    assert first.relative in {b"S2/a.jpg", b"S3/a.jpg"}
    assert list(scan) == []


def test_empty_folders_go_after_their_time(inbox):
    """Old empty slide folders are removed; young, used and temporary ones stay, and so does the inbox."""
    for name in ("old", "young", "used", ".hidden", "old/er"):
        (inbox / name).mkdir()
    (inbox / "used/notes.txt").write_bytes(b"x")
    for name in ("S1", "used", ".hidden", "old/er", "old", ""):
        os.utime(inbox / name, (1000, 1000))
    os.utime(inbox / "young", (4900, 4900))
    InboxWatch(inbox, 100, polling=False).remove_empty_folders(older_than=3600, now=5000)

    assert sorted(path.name for path in inbox.iterdir()) == [".hidden", "old", "used", "young"]
    assert list((inbox / "old").iterdir()) == []


BARRED = """
import sys
from pathlib import Path
from leukowatch.errors import InboxVanished
from leukowatch.inbox.listing import list_files, unlistable_folders
from leukowatch.inbox.watch import InboxWatch
inbox = Path(sys.argv[1])
watch = InboxWatch(inbox, 100, polling=sys.argv[2] == "polling")
try:
    watch.start()
    list(watch.scan())
except InboxVanished as error:
    print(error)
else:
    odd = []
    print([file.relative for file in list_files(inbox, lambda *told: odd.append(told))], sorted(odd))
    print(sorted(unlistable_folders(inbox)))
finally:
    watch.stop()
"""


def barred(inbox, *arguments):
    """What an ordinary user, whom modes bind, sees of an inbox."""
    plain = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*plain, sys.executable, "-c", BARRED, inbox, *arguments],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return [line for line in done.stdout.splitlines() if line.startswith(("[", str(inbox)))]


@pytest.mark.parametrize("way", ["listening", "polling"])
@pytest.mark.parametrize("mode", [0, 0o444])
def test_inbox_without_permission_is_told_as_such(inbox, way, mode):
    """It is there: the message says what forbids it, instead of that it was removed."""
    inbox.chmod(mode)
    told = barred(inbox, way)
    inbox.chmod(0o755)

    assert told == [
        f"{inbox}: the inbox cannot be listed (Permission denied); check permissions and the disk"
    ]


@pytest.mark.parametrize("way", ["listening", "polling"])
def test_folders_that_may_not_be_listed_are_named_and_hide_no_other(inbox, way):
    """One without names, one with names alone; a temporary one keeps everything waiting anyway."""
    for name, mode in (("closed", 0), ("names", 0o444), (".trash", 0)):
        (inbox / name).mkdir()
        (inbox / name / "a.jpg").write_bytes(b"x")
        (inbox / name).chmod(mode)
    (inbox / "S1/a.jpg").write_bytes(b"x")
    told = barred(inbox, way)
    for name in ("closed", "names", ".trash"):
        (inbox / name).chmod(0o755)

    kind = "folder that cannot be listed"
    assert told == [
        f"{[b'S1/a.jpg']} {[(b'.trash', kind), (b'closed', kind), (b'names', kind)]}",
        f"{[b'closed', b'names']}",
    ]
