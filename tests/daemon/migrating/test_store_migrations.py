"""Migrations: up and down with data, and found wherever the package is."""

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from pytest_alembic.tests import (  # noqa: F401  pytest collects them here
    test_model_definitions_match_ddl,
    test_single_head_revision,
    test_up_down_consistency,
    test_upgrade,
)

from leukonet.cells import CELL_CLASSES
from leukowatch.store import migrate, revisions
from leukowatch.store.database import close_writer, open_writer
from leukowatch.store.engines import writer_engine
from leukowatch.store.recounting import recount_all
from leukowatch.store.writing import writing
from migrating import decide, dump, execute, fill


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
