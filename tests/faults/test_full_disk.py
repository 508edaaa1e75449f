"""No space for database, archive, quarantine or log: nothing is lost, and all goes on once there is room."""

import pytest

from faults.accounts import Account, account, counted, settled
from faults.mounts import fill
from lab import wait_until

pytestmark = pytest.mark.slow

BIG = 300_000
"""Bytes of padding behind an image, so that a file needs many blocks."""


@pytest.fixture
def home(home):
    """A home with a slide's folder."""
    (home.inbox / "S").mkdir()
    return home


def log_says(home, words):
    """Whether the service's log has these words."""
    return words in (home.folder / "log.txt").read_text(errors="replace")


def test_no_space_for_the_database_loses_nothing(home, phantoms, tmpfs, tmp_path):
    """Results wait for room in memory, their files in the inbox; the log says what to do."""
    disk = tmp_path / "disk"
    tmpfs(disk, "2m")
    home._variables["LEUKOWATCH_STORE__URL"] = f"sqlite:///{disk / 'leukowatch.db'}"
    (home.folder / "leukowatch.db").symlink_to(disk / "leukowatch.db")  # for the test's own queries
    with home.service() as process:
        (home.inbox / "S" / "a.jpg").write_bytes(phantoms[0])
        settled(home, "S", 1)
        filler = fill(disk)
        for number in range(1, 12):
            (home.inbox / "S" / f"{number}.jpg").write_bytes(phantoms[number])
        wait_until(lambda: log_says(home, "the disk is full"))
        full = account(home, "S")
        filler.unlink()
        found = settled(home, "S", 12)
        code = home.stop(process)

    names = [f"{number}.jpg" for number in range(1, 12)]
    assert 0 == code
    assert full.fields == sum(map(len, full.rows.values()))
    assert full.fields < 12
    assert {*names} <= {*full.inbox, *full.archive}
    assert counted("a.jpg", *names) == found


def test_no_space_for_the_database_is_a_clear_end_of_a_scan(home, phantoms, tmpfs, tmp_path):
    """Code 6 and the remedy; the images stay, and the next scan counts each once."""
    disk = tmp_path / "disk"
    tmpfs(disk, "2m")
    home._variables["LEUKOWATCH_STORE__URL"] = f"sqlite:///{disk / 'leukowatch.db'}"
    filler = fill(disk)
    (home.inbox / "S" / "a.jpg").write_bytes(phantoms[0])
    refused = home.command("scan")
    left = sorted(path.name for path in (home.inbox / "S").iterdir())
    filler.unlink()
    done = home.command("scan")
    (home.folder / "leukowatch.db").symlink_to(disk / "leukowatch.db")  # for the test's own queries

    assert (6, 0) == (refused.returncode, done.returncode)
    assert "full" in refused.stderr
    assert ["a.jpg"] == left
    assert counted("a.jpg") == account(home, "S")


def between_tries(home, slide):
    """Give the account, or None while a try to move leaves a JSON alone for a moment."""
    try:
        return account(home, slide)
    except AssertionError:
        return None


@pytest.mark.parametrize("place", ["archive", "quarantine"])
def test_no_space_for_files_keeps_them_in_the_inbox(home, phantoms, tmpfs, place):
    """A recorded file waits in the inbox for room and holds nobody up; no half copy is left behind."""
    folder = getattr(home, place)
    tmpfs(folder, "1m")
    good, bad = phantoms[0] + bytes(BIG), phantoms[1][:-1000]
    with home.service() as process:
        filler = fill(folder)
        (home.inbox / "S" / "good.jpg").write_bytes(good)
        (home.inbox / "S" / "bad.jpg").write_bytes(bad)
        wait_until(lambda: log_says(home, "No space left on device"))
        wait_until(lambda: home.query("SELECT count(*) FROM arrival WHERE filed_at IS NOT NULL") == [(1,)])
        full = wait_until(lambda: between_tries(home, "S"))
        filler.unlink()
        found = settled(home, "S", 2)
        code = home.stop(process)

    rows = {"good.jpg": ["counted"], "bad.jpg": ["quarantined: truncated"]}
    stuck = "good.jpg" if place == "archive" else "bad.jpg"
    assert 0 == code
    assert [f"{rows[stuck][0]} and waiting"] == full.rows[stuck]
    assert stuck in full.inbox
    assert Account(rows, [], ["good.jpg"], ["bad.jpg"], 1) == found
    assert good == (home.archive / "S" / "good.jpg").read_bytes()


def test_no_space_for_the_log_stops_nobody(home, phantoms, tmpfs, tmp_path):
    """Lines are given up, images are counted, and the service ends well."""
    disk = tmp_path / "disk"
    tmpfs(disk, "64k")
    filler = fill(disk)
    log = disk / "log.txt"
    log.touch()
    with home.service("sh", "-c", f'exec "$@" > {log} 2>&1', "sh") as process:
        for number in range(6):
            (home.inbox / "S" / f"{number}.jpg").write_bytes(phantoms[number])
        (home.inbox / "S" / "bad.jpg").write_bytes(b"no image")
        found = settled(home, "S", 7)
        full = log.stat().st_size
        filler.unlink()
        code = home.stop(process)

    rows = {f"{n}.jpg": ["counted"] for n in range(6)} | {"bad.jpg": ["quarantined: not_an_image"]}
    assert 0 == code
    assert 0 == full
    assert Account(rows, [], sorted(rows)[:6], ["bad.jpg"], 6) == found
