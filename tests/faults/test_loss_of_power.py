"""The power goes, and with it what the kernel had not yet written: what was committed is there, and all counts once."""

import os

import pytest

from faults.accounts import account, counted
from faults.mounts import LITTLE_SPACE, Disk
from lab import Home, wait_until

pytestmark = pytest.mark.slow

FILES = 40
ROWS = "SELECT printable, sha256, status FROM arrival"


@pytest.fixture
def disk(tmp_path):
    """A disk whose power can be cut."""
    disk = Disk(tmp_path / "disk.img", tmp_path / "disk")
    yield disk
    disk.unmount()


def drop_for_good(path, data):
    """Write a file as a careful microscope does: it is on disk before its name is."""
    with path.with_suffix(".part").open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    path.with_suffix(".part").rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


@pytest.mark.parametrize("files", [1, 20])
def test_loss_of_power_loses_no_commit_and_no_file(disk, phantoms, files):
    """Cut while it reads: each row that anybody saw is there again, and each file is whole in one place."""
    home = Home(disk.place / "home", **LITTLE_SPACE)
    (home.inbox / "S").mkdir()
    contents = {f"{number:02}.jpg": phantoms[number % 12] + b"%d" % number for number in range(FILES)}
    for name, data in contents.items():
        drop_for_good(home.inbox / "S" / name, data)
    with home.service():
        wait_until(lambda: len(home.filed()) >= files)
        seen = set(home.query(ROWS))
        disk.cut()
    disk.unmount()
    disk.mount()
    left = set(home.query(ROWS))
    again = home.command("scan")
    archived = {path.name: path.read_bytes() for path in (home.archive / "S").iterdir()}

    assert 0 == again.returncode, again.stderr
    assert seen
    assert seen <= left
    assert counted(*contents) == account(home, "S")
    assert contents == archived
