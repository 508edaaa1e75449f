"""Opening and closing the store, and what is said where that fails."""

import multiprocessing
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
import structlog
from sqlalchemy import text

from leukowatch.errors import SchemaMismatch, StoreUnavailable
from leukowatch.store import migrate
from leukowatch.store.database import close_writer, open_reader, open_writer
from leukowatch.store.engines import sqlite_path
from leukowatch.store.revisions import HEAD_REVISION


@pytest.fixture
def path(template, tmp_path):
    """A fresh store's file."""
    return shutil.copy(template, tmp_path / "leukowatch.db")


@pytest.fixture
def url(path):
    """Its URL."""
    return f"sqlite:///{path}"


def ask(path, query):
    """What another program reads in the file."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchone()


def set_revision(path, revision):
    """Pretend that another version made the schema."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))


def test_a_fresh_home_gets_its_database(tmp_path):
    """At the first start folder and file are made, readable by the group and by nobody else."""
    path = tmp_path / "home" / "leukowatch.db"

    close_writer(open_writer(f"sqlite:///{path}", upgrade=True))

    assert ask(path, "SELECT version_num FROM alembic_version") == (HEAD_REVISION,)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o750


def test_only_the_daemon_makes_a_database(tmp_path):
    """Without `upgrade` an absent file is an error with its remedy, and stays absent."""
    path = tmp_path / "leukowatch.db"

    for opener in (open_writer, open_reader):
        with pytest.raises(StoreUnavailable, match="leukowatch run"):
            opener(f"sqlite:///{path}")

    assert not path.exists()


def test_a_home_with_odd_characters_works(template, tmp_path):
    """Question marks, per cent signs and blanks in a path mean themselves."""
    folder = tmp_path / "a home? 50%25 #1"
    folder.mkdir()
    path = shutil.copy(template, folder / "leukowatch.db")

    engine = open_reader(f"sqlite:///{path}")

    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM cell_class")).scalar() == 17
    assert sqlite_path("postgresql://host/name") is None


def test_a_writer_is_durable_and_checks_references(url):
    """WAL, a sync at each commit, and foreign keys are in force."""
    engine = open_writer(url, 3)
    names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")

    with engine.connect() as connection:
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]
    close_writer(engine)

    assert found == ["wal", 2, 1, 3000]


def test_a_writers_transaction_locks_at_once(url):
    """The lock is taken at BEGIN, so that a read followed by a write cannot fail halfway."""
    engine, other = open_writer(url), open_writer(url, 0)

    with engine.begin() as connection:
        connection.execute(text("SELECT 1"))
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.raw_connection().execute("BEGIN IMMEDIATE")

    close_writer(other)
    close_writer(engine)


def test_a_reader_reads_one_state(path, url):
    """Within its transaction a reader sees nothing of later commits, and holds none up."""
    writer, reader = open_writer(url), open_reader(url)
    count = text("SELECT count(*) FROM slide")

    with reader.connect() as connection:
        before = connection.execute(count).scalar()
        with writer.begin() as other:
            other.execute(
                text("INSERT INTO slide (name, unassigned, created_at) VALUES ('S1', false, '2031')")
            )
        during = connection.execute(count).scalar()
    with reader.connect() as connection:
        after = connection.execute(count).scalar()

    close_writer(writer)
    assert (before, during, after) == (0, 0, 1)


def test_a_reader_cannot_write(url):
    """A reader's engine refuses to change anything."""
    reader = open_reader(url)

    with reader.connect() as connection, pytest.raises(Exception, match="readonly"):
        connection.execute(text("DELETE FROM cell_class"))


def test_a_second_writer_leaves_the_firsts_mode(path, url):
    """A command that writes beside the daemon does not take WAL away from it, and the last one does."""
    daemon, command = open_writer(url), open_writer(url)

    with structlog.testing.capture_logs() as logs:
        close_writer(command)
    beside = ask(path, "PRAGMA journal_mode")
    close_writer(daemon)

    assert (beside, ask(path, "PRAGMA journal_mode")) == (("wal",), ("delete",))
    assert [entry["event"] for entry in logs] == ["database left in WAL mode"]


def test_a_newer_schema_is_refused_untouched(path, url):
    """What a later version wrote is neither upgraded nor read, and the message says so."""
    set_revision(path, "9999")

    for opener in (open_reader, open_writer, lambda url: open_writer(url, upgrade=True), migrate.upgrade):
        with pytest.raises(SchemaMismatch, match="newer version"):
            opener(url)

    assert ask(path, "SELECT version_num FROM alembic_version") == ("9999",)


def test_an_older_schema_is_refused_with_the_remedy(path, url):
    """Commands do not upgrade by the way: they name the command that does."""
    set_revision(path, "0001")

    for opener in (open_reader, open_writer):
        with pytest.raises(SchemaMismatch, match="run leukowatch db upgrade"):
            opener(url)


def test_a_foreign_database_is_refused_untouched(tmp_path):
    """Another program's tables are not touched."""
    path = tmp_path / "leukowatch.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE invoice (x)")

    with pytest.raises(SchemaMismatch, match="not Leukowatch's"):
        open_writer(f"sqlite:///{path}", upgrade=True)

    assert ask(path, "SELECT group_concat(name) FROM sqlite_master") == ("invoice",)


@pytest.mark.parametrize("opener", [open_reader, open_writer])
def test_a_damaged_file_is_named(path, url, opener):
    """Garbage in place of the database is reported with file and remedy, and left as it is."""
    path.write_bytes(b"no database " * 1000)

    with pytest.raises(StoreUnavailable, match=r"leukowatch\.db: .*damaged.*recover"):
        opener(url)

    assert path.read_bytes() == b"no database " * 1000


def test_damage_inside_is_found_by_the_check(path, url):
    """Overwritten pages are found, whether they stop the query or not."""
    content = bytearray(path.read_bytes())
    content[-4096 * 3 : -4096] = b"\xff" * (4096 * 2)
    path.write_bytes(content)

    try:
        found = migrate.check(url)
    except StoreUnavailable as error:
        found = [str(error)]

    assert found


def test_a_sound_database_passes_the_check(url):
    """Nothing to report on a fresh store."""
    assert migrate.check(url) == []


def test_the_check_finds_rows_that_refer_to_none(path, url):
    """A flag on a slide that does not exist is named by table and row."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "INSERT INTO flag (slide_id, kind, detail, created_at) VALUES (7, 'x', '', '2031')"
        )

    assert migrate.check(url) == ["table flag, row 1: refers to no row of slide"]


def test_the_check_finds_a_table_that_was_altered(path, url):
    """A column that a person added by hand is reported."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("ALTER TABLE slide ADD COLUMN colour TEXT")

    [finding] = migrate.check(url)

    assert "colour" in finding


def _open_as_nobody(url, pipe):
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    try:
        open_writer(url, 0)
    except StoreUnavailable as error:
        pipe.send(str(error))


def test_a_file_that_may_not_be_written_is_named(template):
    """A user who may read and not write gets the remedy, and the file is left as it was."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(shutil.copy(template, folder))
        path.chmod(0o444)
        path.parent.chmod(0o555)
        context = multiprocessing.get_context("fork")
        ours, theirs = context.Pipe()
        child = context.Process(target=_open_as_nobody, args=(f"sqlite:///{path}", theirs))
        child.start()
        child.join(60)

        assert ours.poll(0)
        assert re.search(r"leukowatch\.db: .*let the service's user write", ours.recv())
        assert path.read_bytes() == template.read_bytes()
        path.parent.chmod(0o755)


def test_a_reader_from_before_the_start_is_waited_for_and_then_named(path, url):
    """A read transaction begun while nothing ran keeps the writer out until it ends, and no longer."""
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM slide").fetchall()
        with pytest.raises(StoreUnavailable, match="end that program or its transaction"):
            open_writer(url, 0.1)
        reader.execute("COMMIT")

        close_writer(open_writer(url, 0.1))


def test_a_locked_database_is_waited_for_and_then_named(path, url):
    """Where another program holds the lock, opening gives up after the patience, and says what to do."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")

        with pytest.raises(StoreUnavailable, match="busy_seconds"):
            open_writer(url, 0.1)
        other.execute("ROLLBACK")


def test_opening_imports_no_alembic(url):
    """A start on a current schema pays neither for Alembic nor for scipy."""
    code = (
        "import sys; from leukowatch.store.database import open_writer, close_writer\n"
        "import leukowatch.store.ledger\n"
        f"close_writer(open_writer({url!r}, upgrade=True))\n"
        "print(sys.modules.keys() & {'alembic', 'scipy', 'tensorflow'})"
    )

    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert told.stdout.strip().splitlines()[-1] == "set()"
