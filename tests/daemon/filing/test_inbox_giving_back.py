"""A quarantined file goes back into the inbox, and nowhere else."""

import pytest

from filings import DATA
from leukowatch.errors import FilingFailed, NotFound
from leukowatch.store.outcome import Status


def test_giving_back_never_overwrites(any_home):
    """Where the inbox has a file of that name by now, a number is added."""
    quarantined = any_home.filer.file(any_home.put(b"S1/left/a.jpg", Status.QUARANTINED))
    any_home.put(b"S1/left/a.jpg", data=b"newer")

    back = any_home.filer.give_back(quarantined, b"S1/left/a.jpg")

    assert any_home.files() == {back: DATA, any_home.inbox / "S1/left/a.jpg": b"newer"}
    assert back == any_home.inbox / "S1/left/a~1.jpg"
    assert list(any_home.quarantine.rglob("*.json")) == []


@pytest.mark.parametrize("relative", [b"../a.jpg", b"/a.jpg", b"", b"S1/../../a.jpg"])
def test_giving_back_stays_in_the_inbox(home, relative):
    """A path that leads out is refused."""
    quarantined = home.filer.file(home.put(b"S1/a.jpg", Status.QUARANTINED))

    with pytest.raises(FilingFailed, match="no path below the inbox"):
        home.filer.give_back(quarantined, relative)
    assert quarantined.exists()


def test_giving_back_what_is_not_there_fails(home):
    """The message names the file."""
    with pytest.raises(NotFound, match=r"none\.jpg: no such file"):
        home.filer.give_back(home.quarantine / "none.jpg", b"S1/a.jpg")
