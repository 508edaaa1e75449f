"""Migrations: up and down with data, in one transaction, and found wherever the package is."""

import multiprocessing
import os
import shutil
import signal
import sqlite3
import stat
from contextlib import closing

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from pytest_alembic.tests import (  # noqa: F401  pytest collects them here
    test_model_definitions_match_ddl,
    test_single_head_revision,
    test_up_down_consistency,
    test_upgrade,
)
from sqlalchemy import create_mock_engine, event
from sqlalchemy.dialects import postgresql

from leukonet.cells import CELL_CLASSES
from leukowatch.errors import StoreUnavailable
from leukowatch.store import migrate, revisions
from leukowatch.store.database import close_writer, open_writer
from leukowatch.store.engines import writer_engine
from leukowatch.store.recounting import recount_all
from leukowatch.store.schema import METADATA
from leukowatch.store.writing import writing

FOLDER = migrate.migrations_folder()
SCRIPT = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "0099", "{head}", None, None


def upgrade():
    op.add_column("slide", sa.Column("colour", sa.Text()))
    op.execute("UPDATE slide SET colour = 'blue'")
    {fault}


def downgrade():
    op.drop_column("slide", "colour")
"""


@pytest.fixture
def path(tmp_path):
    """Where the store of this test is."""
    return tmp_path / "leukowatch.db"


@pytest.fixture
def url(path):
    """Its URL."""
    return f"sqlite:///{path}"


@pytest.fixture
def alembic_config():
    """What pytest-alembic runs: the migrations of this package."""
    return {"script_location": str(migrate.migrations_folder())}


@pytest.fixture
def alembic_engine(path, url):
    """The engine that the service migrates with."""
    path.touch()
    engine = writer_engine(url, foreign_keys=False)
    yield engine
    engine.dispose()


def execute(path, statement):
    """Run a statement as another program would."""
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(statement).fetchall()


def fill(path):
    """Put a slide with one counted cell into a store of any revision."""
    sha256, now = "a" * 64, "2031-05-04 12:00:00.000000+00:00"
    for statement in (
        f"INSERT INTO slide VALUES (1, 'S1', 0, '{now}')",
        f"INSERT INTO bundle VALUES (1, 'current', '{sha256}', 'field', '{now}')",
        f"""INSERT INTO arrival
            (id, slide_id, relative, printable, sha256, size, device, inode, mtime_ns, received_at, status)
            VALUES (1, 1, x'61', 'S1/a.jpg', '{sha256}', 1, '1', '1', '1', '{now}', 'counted')""",
        f"INSERT INTO field VALUES (1, 1, 1, '{sha256}', 640, 480)",
        f"INSERT INTO analysis VALUES (1, 1, 1, 1, 1, '', 1, 1, 1, '{now}')",
        "INSERT INTO cell VALUES (1, 1, 0, 0, 9, 9, 1, 1, 0.9, 2, 0.1, 0, 1)",
    ):
        execute(path, statement)


def dump(path):
    """Everything in the file, as statements."""
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


@pytest.fixture
def later(tmp_path, monkeypatch):
    """Give the package a further revision, as a later version would bring one; its fault is the argument."""

    def add(fault="pass"):
        folder = shutil.copytree(FOLDER, tmp_path / "migrations", dirs_exist_ok=True)
        (folder / "versions" / "0099_colour.py").write_text(
            SCRIPT.format(fault=fault, head=revisions.HEAD_REVISION)
        )
        monkeypatch.setattr(migrate, "migrations_folder", lambda: folder)
        monkeypatch.setattr(migrate, "HEAD_REVISION", "0099")

    return add


def test_the_code_knows_every_revision():
    """The list that saves an import of Alembic is Alembic's own, and its last is the head."""
    config = Config()
    config.set_main_option("script_location", str(migrate.migrations_folder()))
    scripts = ScriptDirectory.from_config(config)

    known = tuple(script.revision for script in reversed(list(scripts.walk_revisions())))

    assert known == revisions.REVISIONS
    assert scripts.get_current_head() == revisions.HEAD_REVISION


def test_a_new_store_knows_the_classes_of_shipped_bundles(path, url):
    """The rows of the migration are leukonet's classes, in its order."""
    migrate.upgrade(url)

    expected = [(each.name, each.label, each.key, each.role, each.group) for each in CELL_CLASSES]
    assert expected == execute(
        path, f"SELECT name, label, key, role, grp FROM cell_class ORDER BY id LIMIT {len(CELL_CLASSES)}"
    )


def test_an_upgrade_keeps_the_rows(path, url):
    """From the first revision to the head: all rows stay, and the views show them."""
    migrate.upgrade(url)
    migrate.downgrade(url, "0001")
    fill(path)
    before = dump(path)

    migrate.upgrade(url)

    rows = [line.removesuffix(");") for line in before if line.startswith("INSERT") and "alembic" not in line]
    after = dump(path)
    assert [row for row in rows if not any(line.startswith(row) for line in after)] == []
    assert execute(path, "SELECT * FROM differential WHERE cells > 0") == [("S1", "neutrophil", 1, 100.0, 0)]


def test_a_downgrade_and_an_upgrade_change_nothing(path, url):
    """Down to the first revision and up again, with data: the same file in content."""
    migrate.upgrade(url)
    fill(path)
    execute(path, "INSERT INTO bundle_class VALUES (1, 1), (1, 2)")  # as the upgrade concludes from the cell
    engine = open_writer(url)
    with writing(engine) as connection:
        recount_all(connection)
    close_writer(engine)
    before = dump(path)

    migrate.downgrade(url, "0001")
    migrate.upgrade(url)

    assert before == dump(path)


def decide(path):
    """Have a person name the cell of `fill`."""
    now = "2031-05-04 12:00:00.000000+00:00"
    for statement in (
        f"INSERT INTO account VALUES (1, 'anna', 'technologist', 'none', 1, '{now}')",
        f"INSERT INTO audit VALUES (1, '{now}', 'anna', 'classify', 'slide S1', '', '', '{'0' * 64}', '{'1' * 64}')",
        f"""INSERT INTO decision (field_id, cell_id, kind, class_id, second_look, account_id, audit_id, at)
            VALUES (1, 1, 'classify', (SELECT id FROM cell_class WHERE name = 'band'), 0, 1, 1, '{now}')""",
    ):
        execute(path, statement)


def test_the_way_back_takes_decisions_and_people_along(path, url):
    """The older version shows what the bundle said; the classes that only people name are gone."""
    migrate.upgrade(url)
    fill(path)
    decide(path)
    assert execute(path, "SELECT class FROM differential WHERE cells > 0") == [("band",)]

    migrate.downgrade(url, "0002")

    assert execute(path, "SELECT class FROM differential WHERE cells > 0") == [("neutrophil",)]
    assert execute(path, "SELECT count(*) FROM cell_class") == [(len(CELL_CLASSES),)]


def test_an_upgrade_respects_the_classes_of_a_site(path, url):
    """A class of the same name stays as the site made it; a key that is taken is not given twice."""
    migrate.upgrade(url)
    migrate.downgrade(url, "0002")
    execute(path, "INSERT INTO cell_class (name, label, key, role) VALUES ('band', 'Stab', 't', 'apart')")

    migrate.upgrade(url)

    assert execute(path, "SELECT label, key, role FROM cell_class WHERE name = 'band'") == [
        ("Stab", "t", "apart")
    ]
    [(blast,)] = execute(path, "SELECT key FROM cell_class WHERE name = 'blast'")
    assert blast != "t"
    assert execute(path, "SELECT count(DISTINCT key) = count(*) FROM cell_class") == [(1,)]


def test_a_downgrade_to_base_removes_every_table(path, url):
    """With data in all tables nothing but Alembic's own, empty, remains."""
    migrate.upgrade(url)
    fill(path)

    migrate.downgrade(url, "base")

    assert execute(path, "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')") == [
        ("alembic_version",)
    ]
    assert migrate.upgrade(url) is None


def test_an_older_store_is_copied_before_it_is_changed(path, url, later):
    """The copy holds the old schema with its rows, and only the group may read it."""
    migrate.upgrade(url)
    fill(path)
    before = dump(path)
    later()

    found = migrate.upgrade(url)

    copy = path.with_name("leukowatch.db.before-0099")
    assert (found, before) == (revisions.HEAD_REVISION, dump(copy))
    assert stat.S_IMODE(copy.stat().st_mode) == 0o640
    assert execute(path, "SELECT colour FROM slide") == [("blue",)]


def test_without_a_copy_there_is_no_upgrade(path, url, later):
    """Where the copy cannot be made, nothing is changed, and the error names it."""
    migrate.upgrade(url)
    fill(path)
    before = dump(path)
    later()
    path.with_name(".leukowatch.db.before-0099.part").mkdir()

    with pytest.raises(StoreUnavailable, match=r"before-0099"):
        migrate.upgrade(url)

    assert before == dump(path)


def test_the_daemon_upgrades_an_older_store(path, url):
    """At its start, and leaves the copy beside it."""
    migrate.upgrade(url)
    migrate.downgrade(url, "0001")

    close_writer(open_writer(url, upgrade=True))

    assert execute(path, "SELECT version_num FROM alembic_version") == [(revisions.HEAD_REVISION,)]
    assert path.with_name(f"leukowatch.db.before-{revisions.HEAD_REVISION}").exists()


@pytest.mark.parametrize(
    "fault",
    ["raise OSError(28, 'no space left')", "op.execute('INSERT INTO flag VALUES (1, 77, 0, 0, 0)')"],
    ids=["an error", "a broken reference"],
)
def test_a_failed_migration_leaves_the_old_schema(path, url, later, fault):
    """After columns and rows were already changed, an error takes everything back."""
    migrate.upgrade(url)
    fill(path)
    before = dump(path)
    later(fault)

    with pytest.raises(StoreUnavailable):
        migrate.upgrade(url)

    assert before == dump(path)


def _migrate_in_child(url):
    migrate.upgrade(url)


def test_a_killed_migration_leaves_the_old_schema(path, url, later):
    """SIGKILL after columns and rows were changed: the old schema with its rows, ready for another try."""
    migrate.upgrade(url)
    fill(path)
    before = dump(path)
    later("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    child = multiprocessing.get_context("fork").Process(target=_migrate_in_child, args=(url,))
    child.start()
    child.join(60)

    assert child.exitcode == -signal.SIGKILL
    assert before == dump(path)
    later()
    migrate.upgrade(url)
    assert execute(path, "SELECT colour FROM slide") == [("blue",)]


def _first_migration_killed_in_child(url, statements):
    def count(*others):
        statements[0] -= 1
        if statements[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(migrate.Engine, "before_cursor_execute", count)
    migrate.upgrade(url)


@pytest.mark.parametrize("statements", [5, 20, 35])
def test_a_killed_first_migration_leaves_an_empty_file(path, url, statements):
    """Wherever the first start is killed, the next one makes the schema."""
    child = multiprocessing.get_context("fork").Process(
        target=_first_migration_killed_in_child, args=(url, [statements])
    )
    child.start()
    child.join(60)

    assert child.exitcode == -signal.SIGKILL
    assert execute(path, "SELECT count(*) FROM sqlite_master") == [(0,)]
    assert migrate.upgrade(url) is None
    assert migrate.check(url) == []


def test_the_tables_are_portable():
    """PostgreSQL's dialect accepts the same tables, with its own type for times."""
    said = []
    dialect = postgresql.dialect()
    engine = create_mock_engine(
        "postgresql://", lambda ddl, _values: said.append(str(ddl.compile(dialect=dialect)))
    )

    METADATA.create_all(engine, checkfirst=False)

    assert any("received_at TIMESTAMP WITH TIME ZONE" in statement for statement in said)
    assert any("ON analysis (field_id) WHERE is_current" in statement for statement in said)


def test_no_column_is_one_of_postgresqls_own():
    """PostgreSQL refuses tables with columns called like those that it keeps for itself."""
    names = {column.name for table in METADATA.tables.values() for column in table.columns}

    assert names.isdisjoint({"xmin", "xmax", "cmin", "cmax", "ctid", "tableoid"})
