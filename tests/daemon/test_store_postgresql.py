"""What is PostgreSQL's own: its migrations, its readers, and what is said where the server is not there."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from pytest_alembic.tests import (  # noqa: F401  pytest collects them here
    test_model_definitions_match_ddl,
    test_up_down_consistency,
    test_upgrade,
)
from sqlalchemy import text

from handmade import NOON, outcome, seen
from handmade import cell as one_cell
from lab import Home, wait_until
from leukowatch.errors import SchemaMismatch, SettingsInvalid, StoreUnavailable
from leukowatch.settings import load_settings, origins
from leukowatch.store import migrate
from leukowatch.store.database import close_writer, open_reader, open_writer
from leukowatch.store.engines import writer_engine
from leukowatch.store.ledger import BundleRef, Ledger
from leukowatch.store.outcome import Status
from leukowatch.store.revisions import HEAD_REVISION

BUNDLE = BundleRef("smear-1", "1a2b3c4d" * 8, "locate-classify")


@pytest.fixture
def empty(postgresql_server):
    """Give the URL of a database without any table."""
    name = postgresql_server.database()
    yield postgresql_server.url(name)
    postgresql_server.drop(name)


@pytest.fixture
def alembic_config():
    """What pytest-alembic runs: the migrations of this package."""
    return {"script_location": str(migrate.migrations_folder())}


@pytest.fixture
def alembic_engine(empty):
    """The engine that the service migrates with."""
    engine = writer_engine(empty, foreign_keys=False)
    yield engine
    engine.dispose()


def counted(path, content):
    """Give the outcome of a field with one neutrophil."""
    slide, _, name = path.partition("/")
    return outcome(slide, name, content, seen(one_cell("neutrophil")))


def test_down_and_up_again_keeps_the_rows(postgresql):
    """To the first revision and back, with a counted field: the views tell the same."""
    engine = open_writer(postgresql.url)
    Ledger(engine, BUNDLE, lambda: NOON).commit([counted("S1/a.jpg", 1)])
    close_writer(engine)
    before = postgresql.rows("SELECT * FROM cell_result")

    migrate.downgrade(postgresql.url, "0001")
    migrate.upgrade(postgresql.url)

    assert len(before) == 1
    assert before == postgresql.rows("SELECT * FROM cell_result")
    assert migrate.check(postgresql.url) == []


@pytest.mark.slow
def test_services_that_start_at_once_migrate_one_after_another(postgresql_server, empty, tmp_path):
    """Four meet an empty database: one makes the schema, the others find it."""
    homes = [Home(tmp_path / str(number), STORE__URL=empty) for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda home: home.command("db", "upgrade"), homes))

    assert [(0, "")] * 4 == [(each.returncode, each.stderr) for each in done]
    assert migrate.check(empty) == []


def test_a_reader_reads_one_state_and_cannot_write(postgresql):
    """Within its transaction nothing of later commits is seen, and the server refuses its changes."""
    reader = open_reader(postgresql.url)

    with reader.connect() as connection:
        before = connection.execute(text("SELECT count(*) FROM slide")).scalar()
        postgresql.rows("INSERT INTO slide (name, unassigned, created_at) VALUES ('S1', false, now())")
        after = connection.execute(text("SELECT count(*) FROM slide")).scalar()
        with pytest.raises(Exception, match="read-only transaction"):
            connection.execute(text("DELETE FROM slide"))

    assert (before, after) == (0, 0)
    assert postgresql.rows("SELECT count(*) FROM slide") == [(1,)]


def test_a_database_without_schema_is_refused_with_the_remedy(empty):
    """Commands that read do not make tables by the way."""
    with pytest.raises(SchemaMismatch, match="leukowatch db upgrade"):
        open_reader(empty)


def test_a_lock_that_is_held_too_long_is_named(postgresql):
    """Where a person's transaction holds the table, a commit gives up after the patience, unharmed."""
    engine = open_writer(postgresql.url, 0.2)
    ledger = Ledger(engine, BUNDLE)
    with psycopg.connect(postgresql.url) as person:
        person.execute("LOCK TABLE arrival IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(StoreUnavailable, match="pg_stat_activity"):
            ledger.commit([counted("S1/a.jpg", 1)])

    assert [Status.COUNTED] == [filing.status for filing in ledger.commit([counted("S1/a.jpg", 1)])]
    close_writer(engine)


def test_a_deadlock_with_another_service_is_tried_again(postgresql):
    """Two transactions wait for each other's new slides: the server ends ours, and the group goes in after."""
    engine = open_writer(postgresql.url)
    ledger = Ledger(engine, BUNDLE)
    new = "INSERT INTO slide (name, unassigned, created_at) VALUES (%s, false, now())"
    with psycopg.connect(postgresql.url) as other, ThreadPoolExecutor(1) as pool:
        other.execute("SET deadlock_timeout = '60s'")
        other.execute(new, ("S2",))
        committed = pool.submit(ledger.commit, [counted("S1/a.jpg", 1), counted("S2/b.jpg", 2)])
        waits = (
            "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        wait_until(lambda: postgresql.rows(waits))
        other.execute(new, ("S1",))
        other.commit()
        filings = committed.result(60)

    assert [filing.status for filing in filings] == [Status.COUNTED, Status.COUNTED]
    assert postgresql.rows("SELECT name FROM slide ORDER BY name") == [("S1",), ("S2",)]
    close_writer(engine)


def test_homes_finish_only_their_own_moves(postgresql):
    """A file that another home still has to move is not lost because it is not in this inbox."""
    engine = open_writer(postgresql.url)
    ours, theirs = (Ledger(engine, BUNDLE, home=name) for name in ("east", "west"))
    ours.commit([counted("S1/a.jpg", 1)])
    theirs.commit([counted("S1/a.jpg", 2)])

    assert [[1], [2]] == [[int(filing.sha256, 16) for filing in each.unfiled()] for each in (ours, theirs)]
    close_writer(engine)


def test_one_content_in_two_homes_is_counted_once(postgresql):
    """The same file in two inboxes, whatever its name and inode: one field, one duplicate that names it."""
    engine = open_writer(postgresql.url)
    for home in ("east", "west"):
        Ledger(engine, BUNDLE, home=home).commit([counted("S1/a.jpg", 1)])

    assert postgresql.rows("SELECT home, status FROM arrival ORDER BY id") == [
        ("east", "counted"),
        ("west", "duplicate"),
    ]
    close_writer(engine)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://postgres@127.0.0.1:1/x", "cannot be reached"),
        ("{server}/no_such", 'createdb.*"no_such" does not exist'),
        ("postgresql+oracle9://postgres@127.0.0.1/x", "store.url"),
    ],
    ids=["no server", "no database", "no such driver"],
)
def test_a_server_that_does_not_serve_is_named_with_the_remedy(postgresql_server, url, told):
    """Exit code 6 and a sentence, not a traceback."""
    server = postgresql_server.url("").rstrip("/")

    with pytest.raises(StoreUnavailable, match=told):
        open_writer(url.format(server=server), 1)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://smear:s3cret@127.0.0.1:1/x",
        "postgresql://smear:s3/cret@127.0.0.1:1/x",
        "postgresql://smear:x@127.0.0.1:1/x?password=s3cret&user=smear",
    ],
    ids=["plain", "with a slash", "behind the name"],
)
def test_a_password_is_never_shown(tmp_path, monkeypatch, url):
    """Neither messages nor `leukowatch settings` spell it out."""
    monkeypatch.setenv("LEUKOWATCH_STORE__URL", url)
    settings = load_settings(tmp_path)

    with pytest.raises(StoreUnavailable) as refused:
        open_writer(settings.database_url, 1)

    told = dict(row[:2] for row in origins(settings))["store.url"]
    assert "smear:***@" in told
    assert "cret" not in f"{refused.value} {told}"


def test_a_password_that_would_be_taken_for_the_host_is_refused(tmp_path, monkeypatch):
    """Half of it would be told to a name server, and to the log; the message says how to write it."""
    monkeypatch.setenv("LEUKOWATCH_STORE__URL", "postgresql://smear:half@s3cret@127.0.0.1/x")

    with pytest.raises(SettingsInvalid, match=r"store\.url: .*%40 for @") as refused:
        load_settings(tmp_path)
    assert "s3cret" not in str(refused.value)


def test_a_password_in_the_place_of_the_port_is_not_quoted():
    """As where the host was forgotten."""
    with pytest.raises(StoreUnavailable, match=r"store\.url cannot be read: a port is a number") as refused:
        open_writer("postgresql://smear:s3cret", 1)
    assert "s3cret" not in str(refused.value)


def test_without_the_driver_the_extra_is_named(tmp_path):
    """Where psycopg is not installed, the message says how to install it."""
    code = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from leukowatch.cli import main; sys.argv[1:] = ['slides']; main()"
    )
    variables = {"LEUKOWATCH_STORE__URL": "postgresql://x@127.0.0.1/x", "LEUKOWATCH_HOME": str(tmp_path)}

    told = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": ":".join(sys.path), **variables},
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert told.returncode == 6
    assert "pip install leukowatch[cluster]" in told.stderr


def test_the_revision_is_the_codes(postgresql):
    """The same revisions as on SQLite."""
    assert postgresql.rows("SELECT version_num FROM alembic_version") == [(HEAD_REVISION,)]
