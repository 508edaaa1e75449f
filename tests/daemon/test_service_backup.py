"""Copies of the database: proved, whole or not there, and made while others write."""

import errno
import multiprocessing
import os
import shutil
import signal
import sqlite3
import stat
import threading
from contextlib import closing

import pytest

from handmade import cell, fill, ledger_at, outcome, seen
from leukowatch.errors import OutputFailed, RequestInvalid, StoreUnavailable
from leukowatch.service import backup as backing
from leukowatch.service.backup import MARK, back_up
from leukowatch.setting_tables import StoreSettings
from leukowatch.settings import Settings


@pytest.fixture
def settings(tmp_path):
    """A home with forty fields of a cell each."""
    home = tmp_path / "home"
    fill(home / "leukowatch.db", [outcome("S1", f"{n}.jpg", n, seen(cell("monocyte"))) for n in range(40)])
    return Settings(home=home)


def fields(path):
    """Number of fields in a database."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return connection.execute("SELECT count(*) FROM field").fetchone()[0]


def dump(path):
    """Everything in a database, as statements."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return list(connection.iterdump())


def test_a_copy_is_the_database_in_one_file_that_the_group_reads(settings, tmp_path):
    """Row for row, with no file beside it, and the home remembers it."""
    made = back_up(settings, tmp_path / "copy.db")

    assert (made.path, made.rows["field"], made.rows["cell"]) == (tmp_path / "copy.db", 40, 40)
    assert dump(settings.home / "leukowatch.db") == dump(made.path)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["copy.db", "home"]
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o640
    assert (settings.home / MARK).read_text() == f"{made.path}\n"


def test_a_folder_gets_a_copy_named_by_date_and_time(settings, tmp_path):
    """For a nightly timer, without a script around it."""
    made = back_up(settings, tmp_path)

    assert made.path.parent == tmp_path
    assert made.path.name[:8].isdigit()
    assert made.path.name.endswith("Z-leukowatch.db")


def test_a_copy_made_while_the_service_writes_is_of_one_moment(settings, tmp_path):
    """Groups of two fields that are committed meanwhile are in it whole or not at all, and nobody fails."""
    done = threading.Event()
    failures = []

    def write():
        try:
            with ledger_at(settings.home / "leukowatch.db") as ledger:
                for n in range(100, 180, 2):
                    ledger.commit([outcome("S2", f"{m}.jpg", m, seen(cell("monocyte"))) for m in (n, n + 1)])
        except Exception as error:  # noqa: BLE001  told below
            failures.append(error)
        done.set()

    thread = threading.Thread(target=write)
    thread.start()
    copies = []
    while not done.is_set() or not copies:
        copies.append(back_up(settings, tmp_path / f"{len(copies)}.db"))
    thread.join()

    assert failures == []
    assert {fields(each.path) for each in copies} == {each.rows["field"] for each in copies}
    assert [each.rows["field"] % 2 for each in copies] == [0] * len(copies)


def test_a_file_that_is_there_is_never_replaced(settings, tmp_path):
    """Least of all the database itself."""
    path = settings.home / "leukowatch.db"
    before = dump(path)

    with pytest.raises(RequestInvalid, match="is there already"):
        back_up(settings, path)

    assert dump(path) == before


def test_a_damaged_database_gives_no_copy(settings, tmp_path):
    """A copy of it would take the place of a good one in somebody's mind."""
    path = settings.home / "leukowatch.db"
    content = bytearray(path.read_bytes())
    size = 4096
    for page in range(20, len(content) // size):
        content[page * size : page * size + 200] = bytes([170]) * 200
    path.write_bytes(content)

    with pytest.raises(StoreUnavailable, match="damaged"):
        back_up(settings, tmp_path / "copy.db")

    assert [each.name for each in tmp_path.iterdir()] == ["home"]
    assert not (settings.home / MARK).exists()


def test_a_broken_reference_gives_no_copy(settings, tmp_path):
    """Rows that refer to none are damage too, though the file's pages are sound."""
    with closing(sqlite3.connect(settings.home / "leukowatch.db")) as connection, connection:
        connection.execute("UPDATE field SET slide_id = 77")

    with pytest.raises(StoreUnavailable, match=r"table field, row 1: refers to no row"):
        back_up(settings, tmp_path / "copy.db")

    assert [each.name for each in tmp_path.iterdir()] == ["home"]


def test_a_full_disk_is_told_with_what_to_do(settings, tmp_path, monkeypatch):
    """There is no copy, and the message names the place and the remedy."""

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(backing, "install", full)

    with pytest.raises(OutputFailed, match=r"copy\.db: .*\(No space left on device\); make room there"):
        back_up(settings, tmp_path / "copy.db")

    assert [each.name for each in tmp_path.iterdir()] == ["home"]


def test_a_folder_that_is_not_there_is_told(settings, tmp_path):
    """An unmounted backup disk is no success."""
    with pytest.raises(OutputFailed, match="no such folder"):
        back_up(settings, tmp_path / "none" / "copy.db")

    assert not (tmp_path / "none").exists()


def test_a_server_is_backed_up_by_its_own_program(tmp_path):
    """The error names it."""
    settings = Settings(home=tmp_path, store=StoreSettings(url="postgresql://lab@db/leukowatch"))

    with pytest.raises(RequestInvalid, match=r"pg_dump --format=custom"):
        back_up(settings, tmp_path / "copy.db")


def _killed_in_child(settings, target, moment):
    def kill(*others, **named):
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(*moment, kill)
    back_up(settings, target)


@pytest.mark.parametrize("moment", ["prove", "fsync"])
def test_a_backup_that_is_killed_leaves_no_file_of_that_name(settings, tmp_path, moment):
    """Half a copy must not look like one, and the next try is not hindered by what was left."""
    from leukowatch.service import backup  # noqa: PLC0415  the module itself

    target = tmp_path / "copy.db"
    place = backup if moment == "prove" else os
    child = multiprocessing.get_context("fork").Process(
        target=_killed_in_child, args=(settings, target, (place, moment))
    )
    child.start()
    child.join(60)
    left = target.exists()

    assert (child.exitcode, left) == (-signal.SIGKILL, False)
    assert back_up(settings, target).rows["field"] == 40
    assert [each.name for each in sorted(tmp_path.iterdir())] == ["copy.db", "home"]


def test_a_copy_needs_nothing_beside_it(settings, tmp_path):
    """Taken to another machine, in a folder that nobody may write, it still opens."""
    made = back_up(settings, tmp_path / "copy.db")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(made.path, elsewhere)

    assert fields(elsewhere / "copy.db") == 40
    assert [each.name for each in elsewhere.iterdir()] == ["copy.db"]
