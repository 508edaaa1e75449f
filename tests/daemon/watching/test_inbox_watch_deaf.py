"""The watch says when it hears nothing, or not all, and is made anew."""

import ctypes
import errno

import pytest
from structlog.testing import capture_logs
from watchdog.observers import inotify_c
from watchdog.observers.inotify_c import InotifyConstants, InotifyEvent

from leukowatch.errors import InboxVanished
from leukowatch.inbox.observing import Hint
from leukowatch.inbox.stability import Sign
from leukowatch.inbox.watch import InboxWatch
from watching import hints_until, listed, until


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
