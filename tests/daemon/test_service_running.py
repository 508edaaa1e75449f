"""The order of a start: the workers first, beside everything else, and none left where the rest fails."""

import multiprocessing
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from leukowatch.errors import SchemaMismatch
from leukowatch.service.running import running
from leukowatch.settings import load_settings

WATCHED_START = """
import sys
from leukowatch.service import running
from leukowatch.settings import load_settings

def chosen_pool(*arguments, start=running.chosen_pool):
    print("sqlalchemy" in sys.modules)
    return start(*arguments)

running.chosen_pool = chosen_pool
with running.running(load_settings()):
    print("sqlalchemy" in sys.modules)
"""


def test_workers_start_before_the_store_is_imported(home):
    """They take as long as that does: one after the other, a start took half as long again."""
    home.command("db", "upgrade")
    done = subprocess.run(
        [sys.executable, "-c", WATCHED_START],
        env=home.environment(),
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == ["False", "True"]


def test_a_start_that_fails_leaves_no_worker(home, monkeypatch):
    """The database is looked at when the workers have begun: they end with the start."""
    home.command("db", "upgrade")
    with closing(sqlite3.connect(home.folder / "leukowatch.db")) as store, store:
        store.execute("UPDATE alembic_version SET version_num = '9999'")
    for key, value in home.environment().items():
        monkeypatch.setenv(key, value)

    with pytest.raises(SchemaMismatch, match="newer version"), running(load_settings()):
        pass

    assert multiprocessing.active_children() == []
