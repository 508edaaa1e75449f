"""Another user of the service's group reads with `sqlite3`, at any moment, and cannot break anything.

Each test runs the real program under another user id; they need root, as in a container, to become that user.
"""

import multiprocessing
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from leukowatch.store.database import close_writer, open_writer

READER = 65534
GROUP = 64999
PATIENCE = 60

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user"),
    pytest.mark.skipif(shutil.which("sqlite3") is None, reason="needs the program sqlite3"),
]


@pytest.fixture
def home():
    """A home as the service has it: its group may enter and read, nobody else anything."""
    folder = Path(tempfile.mkdtemp(prefix="leukowatch-"))
    os.chown(folder, 0, GROUP)
    folder.chmod(0o2750)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def url(home):
    """The store of that home, not made yet."""
    return f"sqlite:///{home / 'leukowatch.db'}"


@pytest.fixture
def engine(url):
    """A running writer's engine on a new store."""
    engine = open_writer(url, 1, upgrade=True)
    yield engine
    close_writer(engine)


def add_slide(engine, name):
    """Commit a row."""
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO slide (name, unassigned, created_at) VALUES (:name, false, '2031-05-04')"),
            {"name": name},
        )


def as_reader(home, *statements, group=GROUP):
    """Run `sqlite3` on the store as the other user."""
    return subprocess.run(
        ["sqlite3", str(home / "leukowatch.db"), *statements],
        user=READER, group=group, extra_groups=[], cwd="/", capture_output=True, text=True, timeout=PATIENCE,
        check=False,
    )  # fmt: skip


def slides_seen(home):
    """What the other user reads, or the error that it gets."""
    told = as_reader(home, "SELECT name FROM slide ORDER BY id")
    return told.stdout.split() if told.returncode == 0 else told.stderr


def test_the_reader_sees_each_commit_while_the_service_runs(home, engine):
    """A row is visible to the group as soon as it is committed, and nobody has to stop for it."""
    add_slide(engine, "S1")
    seen = [slides_seen(home)]
    add_slide(engine, "S2")
    seen.append(slides_seen(home))

    assert seen == [["S1"], ["S1", "S2"]]


def test_the_reader_sees_everything_after_a_clean_stop(home, url):
    """Stopped, the store is one file that needs no companions and is not in WAL mode."""
    engine = open_writer(url, 1, upgrade=True)
    add_slide(engine, "S1")
    close_writer(engine)

    assert slides_seen(home) == ["S1"]
    assert [path.name for path in home.iterdir()] == ["leukowatch.db"]


def test_the_reader_sees_everything_after_an_administrators_query(home, url):
    """While the service is stopped, root's own `sqlite3` leaves nothing that shuts the group out."""
    engine = open_writer(url, 1, upgrade=True)
    add_slide(engine, "S1")
    close_writer(engine)
    subprocess.run(
        ["sqlite3", str(home / "leukowatch.db"), "SELECT * FROM slide"], check=True, capture_output=True
    )

    assert slides_seen(home) == ["S1"]


def _write_and_wait(url, pipe):
    engine = open_writer(url, 1, upgrade=True)
    add_slide(engine, "S1")
    pipe.send("committed")
    signal.pause()


def test_the_reader_sees_everything_after_a_kill(home, url):
    """SIGKILL leaves WAL files behind; the group reads through them, and the next start loses nothing."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    child = context.Process(target=_write_and_wait, args=(url, theirs))
    child.start()
    assert ours.poll(PATIENCE)
    child.kill()
    child.join(PATIENCE)

    assert (home / "leukowatch.db-wal").exists()
    assert slides_seen(home) == ["S1"]
    engine = open_writer(url, 1)
    add_slide(engine, "S2")
    close_writer(engine)
    assert slides_seen(home) == ["S1", "S2"]


@pytest.mark.parametrize("running", [True, False])
def test_the_reader_cannot_write_or_delete(home, url, running):
    """Insert, delete, drop, a change of journal mode and unlinking the file all fail; the rows stay."""
    engine = open_writer(url, 1, upgrade=True)
    add_slide(engine, "S1")
    if not running:
        close_writer(engine)
    attempts = [
        "INSERT INTO slide (name, unassigned, created_at) VALUES ('S9', 0, '2031')",
        "DELETE FROM slide", "DROP TABLE slide", "CREATE TABLE mine (x)", "PRAGMA user_version=9",
    ]  # fmt: skip

    codes = [as_reader(home, attempt).returncode for attempt in attempts]
    as_reader(home, "PRAGMA journal_mode=DELETE")
    as_reader(home, "PRAGMA wal_checkpoint(TRUNCATE)")
    removed = subprocess.run(
        ["rm", "-f", *map(str, home.iterdir())],
        user=READER, group=GROUP, extra_groups=[], capture_output=True, check=False,
    )  # fmt: skip

    assert 0 not in [*codes, removed.returncode]
    assert slides_seen(home) == ["S1"]
    with closing(sqlite3.connect(home / "leukowatch.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA user_version").fetchall() == [(0,)]
    if running:
        close_writer(engine)


def test_strangers_read_nothing(home, engine):
    """A user outside the group cannot even open the store."""
    add_slide(engine, "S1")

    told = as_reader(home, "SELECT name FROM slide", group=READER)

    assert told.returncode != 0
    assert told.stdout == ""


@pytest.fixture
def lingering(home, engine):
    """The other user's `sqlite3` with a read transaction that it does not end."""
    add_slide(engine, "S1")
    reader = subprocess.Popen(
        ["sqlite3", str(home / "leukowatch.db")], user=READER, group=GROUP, extra_groups=[], cwd="/",
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
    )  # fmt: skip
    reader.stdin.write("BEGIN;\nSELECT name FROM slide;\n")
    reader.stdin.flush()
    assert reader.stdout.readline() == "S1\n"
    yield reader
    reader.stdin.close()
    reader.wait(PATIENCE)
    reader.stdout.close()


def test_an_open_read_transaction_does_not_stop_commits(home, engine, lingering):
    """The writer goes on at once, the lingering reader keeps its view, and new readers see the new rows."""
    for number in range(2, 6):
        add_slide(engine, f"S{number}")

    lingering.stdin.write("SELECT count(*) FROM slide;\n")
    lingering.stdin.flush()
    assert lingering.stdout.readline() == "1\n"
    assert slides_seen(home) == ["S1", "S2", "S3", "S4", "S5"]


def test_an_open_read_transaction_does_not_stop_a_clean_stop(home, url, engine, lingering):
    """The service ends in time, everything stays readable, and it starts again beside the same reader."""
    add_slide(engine, "S2")
    close_writer(engine)
    seen = [slides_seen(home)]

    again = open_writer(url, 1)
    add_slide(again, "S3")
    close_writer(again)

    seen.append(slides_seen(home))
    assert seen == [["S1", "S2"], ["S1", "S2", "S3"]]
