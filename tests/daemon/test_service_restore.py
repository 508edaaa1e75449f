"""Going back to a copy: what it does not know is taken anew, and each moment leaves a whole database."""

import multiprocessing
import os
import shutil
import signal
import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import text

from handmade import cell, fill, ledger_at, outcome, seen
from leukowatch.errors import HomeInUse, RequestInvalid, SchemaMismatch, StoreUnavailable
from leukowatch.service import restore as restoring
from leukowatch.service.backup import back_up
from leukowatch.service.home import LOCK, make_home, only_one
from leukowatch.setting_tables import StoreSettings
from leukowatch.settings import Settings
from leukowatch.store import migrate
from leukowatch.store.engines import writer_engine


@pytest.fixture
def settings(tmp_path):
    """An empty home."""
    settings = Settings(home=tmp_path / "home")
    make_home(settings)
    return settings


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """A home that had two files when a copy was made, and has five now, one each of what can become of them."""
    folder = tmp_path_factory.mktemp("example")
    settings = Settings(home=folder / "home")
    make_home(settings)
    file(settings, {"S1/a.jpg": b"archive/S1/a.jpg"}, 1)
    file(settings, {"S1/bad.jpg": b"quarantine/S1/bad.jpg"}, 2, counted=False)
    back_up(settings, folder / "copy.db")
    file(settings, {"S1/b.jpg": b"archive/S1/b.jpg"}, 3)
    file(settings, {"S2/deep/b.jpg": b"archive/S2/duplicates/b.jpg"}, 3)
    file(settings, {"S2/bad.jpg": b"quarantine/S2/bad~1.jpg"}, 5, counted=False)
    card = settings.quarantine_folder / "S2" / "bad~1.jpg.json"
    card.write_text(f'{{"original_hex": "{b"S2/bad.jpg".hex()}"}}')
    return folder


@pytest.fixture
def copy(settings, example, tmp_path):
    """The copy of that example; this test's home is like it."""
    shutil.copytree(example, tmp_path, dirs_exist_ok=True)
    return tmp_path / "copy.db"


def file(settings, places, number, *, counted=True):
    """Record files and put them where they were filed."""
    for came, place in places.items():
        slide, _, name = came.partition("/")
        result = seen(cell("monocyte")) if counted else None
        (filing,) = fill(settings.home / "leukowatch.db", [outcome(slide, name, number, result)])
        path = settings.home / os.fsdecode(place)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"%d" % number)
        with ledger_at(settings.home / "leukowatch.db") as ledger:
            ledger.mark_filed([(filing.arrival_id, place)])


def restore(settings, source, *, really=True):
    """What the command says."""
    return list(restoring.restore(settings, source, really=really))


def tree(folder):
    """Files below a folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def rows(path):
    """Files that a database knows."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return [name for (name,) in connection.execute("SELECT printable FROM arrival ORDER BY id")]


def test_what_a_copy_does_not_know_goes_back_into_the_inbox(settings, copy):
    """Three files came after it: they are taken anew, under the paths that they came by as far as is known."""
    restore(settings, copy)

    assert rows(settings.home / "leukowatch.db") == ["S1/a.jpg", "S1/bad.jpg"]
    assert tree(settings.inbox_folder) == ["S1/b.jpg", "S2/b.jpg", "S2/bad.jpg"]
    assert tree(settings.archive_folder) == ["S1/a.jpg"]
    assert tree(settings.quarantine_folder) == ["S1/bad.jpg"]


def test_the_former_database_is_kept_whole_beside_the_new_one(settings, copy):
    """Whoever restored the wrong copy can go back by the same command."""
    restore(settings, copy)
    (former,) = settings.home.glob("leukowatch.db.before-restore-*")
    restore(settings, former)

    assert len(rows(former)) == 5
    assert rows(settings.home / "leukowatch.db") == rows(former)


def test_without_yes_everything_is_told_and_nothing_changed(settings, copy):
    """What will be missing, what will be taken anew, and what has no file."""
    (settings.archive_folder / "S1" / "a.jpg").unlink()
    (settings.home / LOCK).touch()
    before = tree(settings.home), rows(settings.home / "leukowatch.db")

    told = restore(settings, copy, really=False)

    assert told == [
        f"{copy}: sound, 2 files, 1 fields, 1 cells, 0 signatures",
        "the database here has more rows: 1 slide, 3 arrival, 1 field, 1 analysis, 1 cell, 2 flag",
        "3 files have no row in it and go back into the inbox, to be counted anew:",
        "  archive/S1/b.jpg",
        "  archive/S2/duplicates/b.jpg",
        "  quarantine/S2/bad~1.jpg",
        "1 rows in it name a file that is not there:",
        "  archive/S1/a.jpg",
        "nothing was changed: --yes does it",
    ]
    assert (tree(settings.home), rows(settings.home / "leukowatch.db")) == before


def test_a_lost_database_comes_back(settings, copy):
    """The disk's other files survived: the commonest reason to restore."""
    (settings.home / "leukowatch.db").unlink()

    told = restore(settings, copy)

    assert "there is no database here now" in told
    assert rows(settings.home / "leukowatch.db") == ["S1/a.jpg", "S1/bad.jpg"]


def test_a_damaged_database_is_replaced_and_kept(settings, copy):
    """The second commonest."""
    path = settings.home / "leukowatch.db"
    path.write_bytes(b"scrambled" * 1000)

    restore(settings, copy)

    (former,) = settings.home.glob("leukowatch.db.before-restore-*")
    assert former.read_bytes() == b"scrambled" * 1000
    assert rows(path) == ["S1/a.jpg", "S1/bad.jpg"]


def test_what_a_killed_service_had_committed_is_in_the_former_database(settings, copy):
    """Its last rows are in the log beside the file: neither lost for the one, nor mixed into the other."""
    path = settings.home / "leukowatch.db"
    child = multiprocessing.get_context("fork").Process(target=_commit_and_die, args=(path,))
    child.start()
    child.join(60)
    left = path.with_name("leukowatch.db-wal").stat().st_size

    restore(settings, copy)

    (former,) = settings.home.glob("leukowatch.db.before-restore-*[0-9]Z")
    assert left > 0
    assert (len(rows(former)), len(rows(path))) == (6, 2)
    assert migrate.check(f"sqlite:///{path}") == []


def _commit_and_die(path):
    with ledger_at(path) as ledger:
        ledger.commit([outcome("S9", "last.jpg", 99, seen(cell("basophil")))])
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_move_that_the_copy_still_awaits_is_left_to_the_next_start(settings, tmp_path):
    """The service was between commit and move when the copy was made: the file has its row."""
    data = b"content"
    (filing,) = fill(settings.home / "leukowatch.db", [outcome("S1", "a.jpg", 1, seen(cell("monocyte")))])
    with closing(sqlite3.connect(settings.home / "leukowatch.db")) as connection, connection:
        connection.execute(
            "UPDATE arrival SET sha256 = ?, size = ?",
            ("ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73", len(data)),
        )
    copy = back_up(settings, tmp_path / "copy.db").path
    place = settings.archive_folder / "S1" / "a.jpg"
    place.parent.mkdir()
    place.write_bytes(data)

    restore(settings, copy)

    assert filing.status == "counted"
    assert (tree(settings.inbox_folder), tree(settings.archive_folder)) == ([], ["S1/a.jpg"])


def test_a_running_service_keeps_its_database(settings, copy):
    """Taking it away under a writer would lose what it writes."""
    with only_one(settings.home), pytest.raises(HomeInUse):
        restore(settings, copy)

    assert len(rows(settings.home / "leukowatch.db")) == 5


def test_a_reader_keeps_the_database_where_it_is(settings, copy):
    """Its files beside the database would otherwise be read with the new one."""
    path = settings.home / "leukowatch.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("PRAGMA journal_mode=WAL")
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM field").fetchone()

        with pytest.raises(StoreUnavailable, match="somebody reads it"):
            restore(settings, copy)

    assert len(rows(path)) == 5


@pytest.mark.parametrize("content", [b"", b"no database" * 500], ids=["empty", "text"])
def test_what_is_no_copy_is_refused(settings, copy, content):
    """And nothing is changed, here and in the archive."""
    copy.write_bytes(content)

    with pytest.raises(StoreUnavailable, match=r"copy\.db"):
        restore(settings, copy)

    assert (len(rows(settings.home / "leukowatch.db")), tree(settings.inbox_folder)) == (5, [])


def test_another_programs_database_is_refused(settings, copy):
    """It is the copy that is to be named anew, not the database that the settings name."""
    copy.unlink()
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("CREATE TABLE recipe (name TEXT)")

    with pytest.raises(SchemaMismatch, match=r"copy\.db: is no copy of Leukowatch's database; name another"):
        restore(settings, copy)

    assert len(rows(settings.home / "leukowatch.db")) == 5


def test_a_damaged_copy_is_refused(settings, copy):
    """Its pages are proved one by one before it takes anything's place."""
    content = bytearray(copy.read_bytes())
    for page in range(20, len(content) // 4096):
        content[page * 4096 : page * 4096 + 200] = bytes([170]) * 200
    copy.write_bytes(content)

    with pytest.raises(StoreUnavailable, match="damaged"):
        restore(settings, copy)

    assert (len(rows(settings.home / "leukowatch.db")), tree(settings.inbox_folder)) == (5, [])


def test_a_newer_versions_copy_is_refused(settings, copy):
    """This version would not know what its columns mean."""
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(SchemaMismatch, match=r"copy\.db.*newer version"):
        restore(settings, copy)

    assert len(rows(settings.home / "leukowatch.db")) == 5


def test_an_older_versions_copy_is_brought_up_to_date(settings, copy):
    """The copy itself stays what it was."""
    migrate.downgrade(f"sqlite:///{copy}", "0002")

    restore(settings, copy)

    assert migrate.check(f"sqlite:///{settings.home / 'leukowatch.db'}") == []
    engine = writer_engine(f"sqlite:///{copy}")
    with engine.begin() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "0002"
    engine.dispose()


def test_a_server_is_restored_by_its_own_program(tmp_path):
    """The error names it."""
    settings = Settings(home=tmp_path, store=StoreSettings(url="postgresql://lab@db/leukowatch"))

    with pytest.raises(RequestInvalid, match="pg_restore"):
        restore(settings, tmp_path / "copy.db")


def _killed_in_child(settings, copy, moment):
    number = [0]
    name, after = moment
    wanted = getattr(restoring, name)

    def kill(*arguments, **named):
        number[0] += 1
        if number[0] == after:
            os.kill(os.getpid(), signal.SIGKILL)
        return wanted(*arguments, **named)

    setattr(restoring, name, kill)
    restore(settings, copy)


@pytest.mark.parametrize(
    "moment", [("strayed", 1), ("sync_folder", 1), ("install", 1), ("_give_back", 1), ("printable", 1)]
)
def test_a_restore_that_is_killed_leaves_a_whole_database_and_is_finished_by_the_next(settings, copy, moment):
    """Five rows before, two after, never anything else, and each file in one place in the end."""
    path = settings.home / "leukowatch.db"
    child = multiprocessing.get_context("fork").Process(
        target=_killed_in_child, args=(settings, copy, moment)
    )
    child.start()
    child.join(60)
    between = len(rows(path))
    sound = migrate.check(f"sqlite:///{path}")

    restore(settings, copy)

    assert (child.exitcode, sound) == (-signal.SIGKILL, [])
    assert between == (2 if moment[0] == "_give_back" else 5)
    assert rows(path) == ["S1/a.jpg", "S1/bad.jpg"]
    assert tree(settings.inbox_folder) == ["S1/b.jpg", "S2/b.jpg", "S2/bad.jpg"]


@pytest.mark.slow
def test_a_restored_home_counts_again_what_it_lost(home, phantoms):
    """With a real service and the commands: at the end each image has one row and is counted once."""
    for number in range(4):
        (home.inbox / "S").mkdir(exist_ok=True)
        (home.inbox / "S" / f"{number}.jpg").write_bytes(phantoms[number])
        if number == 1:
            home.command("scan")
            home.command("backup", str(home.folder / "copy.db"))
    home.command("scan")

    done = home.command("restore", str(home.folder / "copy.db"), "--yes")
    back = home.left()
    home.command("scan")

    assert (done.returncode, back) == (0, ["S/2.jpg", "S/3.jpg"])
    assert home.states() == {f"S/{number}.jpg": ("counted", "") for number in range(4)}
    assert home.filed() == sorted(home.states())
