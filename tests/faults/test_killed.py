"""Killed at every step of a file's way: the next start finishes it, and nothing counts twice."""

import pytest

from faults.accounts import Account, account, counted
from lab import PATIENCE

pytestmark = pytest.mark.slow

LEFT = {
    "after claim": Account(inbox=["a.jpg", "b.jpg"]),
    "after inference": Account(inbox=["a.jpg", "b.jpg"]),
    "between commit and move": Account(
        {"a.jpg": ["counted and waiting"]}, inbox=["a.jpg", "b.jpg"], fields=1
    ),
    "after move": Account({"a.jpg": ["counted and waiting"]}, ["b.jpg"], ["a.jpg"], fields=1),
}
"""What a kill leaves of two files, of which the second comes after the kill."""


@pytest.mark.parametrize("moment", LEFT)
def test_kill_at_a_moment_loses_and_doubles_nothing(home, phantoms, moment):
    """SIGKILL of the daemon, really at that moment: its traces are as expected, and the next run completes them."""
    slide = home.inbox / "S"
    slide.mkdir()
    home._variables["SABOTAGE_KILL"] = moment
    with home.service() as process:
        (slide / "a.jpg").write_bytes(phantoms[0])
        code = process.wait(PATIENCE)
    (slide / "b.jpg").write_bytes(phantoms[1])
    left = account(home, "S") if (home.folder / "leukowatch.db").exists() else Account()
    del home._variables["SABOTAGE_KILL"]
    again = home.command("scan")

    assert -9 == code
    assert LEFT[moment] == left
    assert 0 == again.returncode
    assert counted("a.jpg", "b.jpg") == account(home, "S")


def test_kills_in_a_row_in_the_middle_of_recovery_change_nothing(home, phantoms):
    """The start that finishes moves is itself killed, twice: the third one finishes them all the same."""
    slide = home.inbox / "S"
    slide.mkdir()
    (slide / "a.jpg").write_bytes(phantoms[0])
    codes = []
    for moment in ("between commit and move", "between commit and move", "after move"):
        home._variables["SABOTAGE_KILL"] = moment
        codes.append(home.command("scan").returncode)
    del home._variables["SABOTAGE_KILL"]
    home.command("scan")

    assert [-9, -9, -9] == codes
    assert counted("a.jpg") == account(home, "S")


@pytest.mark.parametrize(
    "moment", ["between commit and move", "before a copy", "between copy and removal", "after move"]
)
@pytest.mark.parametrize("then", ["left", "renamed"])
def test_kill_around_the_move_to_another_disk(home, phantoms, tmpfs, moment, then):
    """A move across devices is a copy and a removal: no moment leaves two files or none, or counts twice.

    A folder that somebody renames before the next start takes along what is in it; only a file that was not
    begun to be moved is then taken anew, as a duplicate of itself.
    """
    slide = home.inbox / "S"
    slide.mkdir()
    tmpfs(home.archive, "8m")
    (slide / "a.jpg").write_bytes(phantoms[0])
    home._variables["SABOTAGE_KILL"] = moment
    killed = home.command("scan")
    del home._variables["SABOTAGE_KILL"]
    if then == "renamed":
        slide.rename(home.inbox / "T")
    home.command("scan")
    files = [path for room in (home.inbox, home.archive) for path in room.rglob("*") if path.is_file()]

    assert -9 == killed.returncode
    assert [phantoms[0]] == [path.read_bytes() for path in files]
    if then == "renamed" and moment == "between commit and move":
        assert Account({"a.jpg": ["counted and lost"]}, fields=1) == account(home, "S")
        assert Account({"a.jpg": ["duplicate"]}, archive=["duplicates/a.jpg"]) == account(home, "T")
    else:
        assert counted("a.jpg") == account(home, "S")
        assert Account() == account(home, "T")


def test_archive_on_another_disk_is_filled_by_copies(home, phantoms, tmpfs):
    """Content, time and name arrive, and the inbox is empty."""
    slide = home.inbox / "S"
    slide.mkdir()
    tmpfs(home.archive, "8m")
    (slide / "a.jpg").write_bytes(phantoms[0])
    before = (slide / "a.jpg").stat().st_mtime_ns
    done = home.command("scan")
    after = (home.archive / "S" / "a.jpg").stat()

    assert 0 == done.returncode
    assert counted("a.jpg") == account(home, "S")
    assert before == after.st_mtime_ns
    assert after.st_dev != home.inbox.stat().st_dev
