"""An inbox with one slide, and a running watch of it."""

import pytest

from leukowatch.inbox.watch import InboxWatch


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
