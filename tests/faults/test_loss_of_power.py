"""The power goes, and with it what the kernel had not yet written: what was committed is there, and all counts once."""

import os
import sqlite3
from contextlib import closing
from hashlib import sha256

import pytest

from faults.accounts import account, counted
from faults.mounts import LITTLE_SPACE, Disk
from lab import Home, wait_until

pytestmark = pytest.mark.slow

FILES = 40
FILED = "SELECT destination, sha256 FROM arrival WHERE filed_at IS NOT NULL"
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


def test_file_is_on_disk_before_its_move_is_noted_though_its_writer_did_not_see_to_that(
    disk, phantoms, tmp_path
):
    """Microscopes rarely wait for a disk, and the rows may be on another one: what they say was filed is there."""
    database = tmp_path / "leukowatch.db"
    home = Home(disk.place / "home", STORE__URL=f"sqlite:///{database}", **LITTLE_SPACE)
    (home.inbox / "S").mkdir()

    def filed():
        with closing(sqlite3.connect(database)) as connection:
            return connection.execute(FILED).fetchall()

    with home.service():
        for number in range(FILES):
            (home.inbox / "S" / f"{number:02}.jpg").write_bytes(phantoms[number % 12] + b"%d" % number)
        noted = wait_until(lambda: len(filed()) >= FILES // 2 and filed())
        disk.cut()
    disk.unmount()
    disk.mount()
    places = [(home.folder / os.fsdecode(place), content) for place, content in noted]

    assert [] == [place for place, _ in places if not place.is_file()]
    assert [] == [place for place, content in places if sha256(place.read_bytes()).hexdigest() != content]
