"""An upgrade of a store in use: copied first, and after a fault or a kill as if it had never begun."""

import multiprocessing
import os
import signal
import stat

import pytest
from sqlalchemy import event

from leukowatch.errors import StoreUnavailable
from leukowatch.store import migrate, revisions
from leukowatch.store.database import close_writer, open_writer
from migrating import dump, execute, fill


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

    with pytest.raises(StoreUnavailable, match=r"before-0099.*make room there"):
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
