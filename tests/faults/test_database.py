"""A database that is held, closed to writing, damaged or of another version: images wait, and none counts twice."""

import os
import shutil
import sqlite3
from contextlib import closing

import pytest

from faults.accounts import Account, account, counted, settled
from faults.mounts import mount
from lab import wait_until
from leukowatch.store import migrate
from migrating import dump

pytestmark = pytest.mark.slow


@pytest.fixture
def used(home, phantoms):
    """A home with one counted field, and a second image in its inbox."""
    (home.inbox / "S").mkdir()
    (home.inbox / "S" / "a.jpg").write_bytes(phantoms[0])
    assert 0 == home.command("scan").returncode
    (home.inbox / "S").mkdir(exist_ok=True)
    (home.inbox / "S" / "b.jpg").write_bytes(phantoms[1])
    return home


def refuses(home, code, words):
    """Have a scan refused with a code and a remedy."""
    done = home.command("scan")
    assert (code, True) == (done.returncode, words in done.stderr), done.stderr


def test_lock_held_beyond_the_timeout_delays_and_loses_nothing(home, phantoms):
    """Another program holds the database: results wait, the log names the remedy, and then all are recorded."""
    home._variables["LEUKOWATCH_STORE__BUSY_SECONDS"] = "0.3"
    (home.inbox / "S").mkdir()
    with home.service() as process:
        with closing(sqlite3.connect(home.folder / "leukowatch.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            for number in range(4):
                (home.inbox / "S" / f"{number}.jpg").write_bytes(phantoms[number])
            wait_until(lambda: "store.busy_seconds" in (home.folder / "log.txt").read_text())
            held = account(home, "S")
            other.execute("ROLLBACK")
        found = settled(home, "S", 4)
        code = home.stop(process)

    names = [f"{number}.jpg" for number in range(4)]
    assert 0 == code
    assert Account(inbox=names) == held
    assert counted(*names) == found


def test_lock_held_until_the_stop_leaves_the_images_in_the_inbox(home, phantoms):
    """A stop does not wait for ever: what cannot be recorded stays, and the next run counts it once."""
    home._variables["LEUKOWATCH_STORE__BUSY_SECONDS"] = "0.3"
    (home.inbox / "S").mkdir()
    with home.service() as process, closing(sqlite3.connect(home.folder / "leukowatch.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        (home.inbox / "S" / "a.jpg").write_bytes(phantoms[0])
        wait_until(lambda: "store.busy_seconds" in (home.folder / "log.txt").read_text())
        code = home.stop(process)
        held = account(home, "S")
    home.command("scan")

    assert 0 == code
    assert Account(inbox=["a.jpg"]) == held
    assert counted("a.jpg") == account(home, "S")


def test_read_only_database_is_refused_until_it_can_be_written(home, phantoms, tmpfs, tmp_path):
    """A disk that the kernel has set to read-only after an error: code 6, and the images wait."""
    disk = tmp_path / "disk"
    tmpfs(disk, "4m")
    home._variables["LEUKOWATCH_STORE__URL"] = f"sqlite:///{disk / 'leukowatch.db'}"
    (home.folder / "leukowatch.db").symlink_to(disk / "leukowatch.db")  # for the test's own queries
    home.command("scan")
    (home.inbox / "S").mkdir()
    (home.inbox / "S" / "a.jpg").write_bytes(phantoms[0])
    mount("-o", "remount,ro", disk)
    refuses(home, 6, "cannot be written")
    left = account(home, "S")
    mount("-o", "remount,rw", disk)
    home.command("scan")

    assert Account(inbox=["a.jpg"]) == left
    assert counted("a.jpg") == account(home, "S")


def test_corrupt_database_is_left_as_it_is_until_a_backup_is_back(used, tmp_path):
    """Nothing is written into a damaged file; with the good copy put back both images count once."""
    path = used.folder / "leukowatch.db"
    backup = shutil.copy(path, tmp_path / "backup.db")
    damaged = bytearray(path.read_bytes())
    damaged[4096 : len(damaged) : 64] = b"\xa5" * len(damaged[4096 : len(damaged) : 64])
    damaged[100:116] = os.urandom(16)
    path.write_bytes(damaged)
    refuses(used, 6, "restore a backup")
    untouched = path.read_bytes() == damaged
    waiting = [file.name for file in (used.inbox / "S").iterdir()]
    shutil.copy(backup, path)
    used.command("scan")

    assert untouched
    assert ["b.jpg"] == waiting
    assert counted("a.jpg", "b.jpg") == account(used, "S")


def test_newer_schema_is_refused_and_left_alone(used):
    """After a step back to an older version: code 7, the images wait, and the rows are as they were."""
    path = used.folder / "leukowatch.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        [known] = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    before = path.read_bytes()
    refuses(used, 7, "newer version")
    untouched = before == path.read_bytes()
    left = account(used, "S")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (known,))
    used.command("scan")

    assert untouched
    assert Account({"a.jpg": ["counted"]}, ["b.jpg"], ["a.jpg"], fields=1) == left
    assert counted("a.jpg", "b.jpg") == account(used, "S")


@pytest.mark.parametrize(
    "words", ["ADD COLUMN retired", "PRAGMA foreign_key_check"], ids=["in its midst", "before its commit"]
)
def test_migration_killed_midway_leaves_the_old_schema_and_the_next_start_makes_it(used, words):
    """An upgrade of a store in use, killed: rows and files are as before, and both images count once after it."""
    path = used.folder / "leukowatch.db"
    migrate.downgrade(f"sqlite:///{path}", "0005")
    before, held = dump(path), account(used, "S")
    used._variables["SABOTAGE_SQL"] = words
    killed = used.command("scan")
    left, files = dump(path), account(used, "S")
    del used._variables["SABOTAGE_SQL"]
    again = used.command("scan")

    assert (-9, 0) == (killed.returncode, again.returncode)
    assert before == left
    assert held == files == Account({"a.jpg": ["counted"]}, ["b.jpg"], ["a.jpg"], fields=1)
    assert counted("a.jpg", "b.jpg") == account(used, "S")
    assert [] == migrate.check(f"sqlite:///{path}")
