"""`leukowatch review` starts, or says in one line why not."""

import socket
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from lab import PATIENCE


def test_where_there_is_no_database_the_remedy_is_told(home):
    """The daemon makes it, not the page."""
    done = home.command("review")

    assert done.returncode == 6
    assert "leukowatch run" in done.stderr


def test_without_the_extra_its_name_is_told():
    """The service is installed without the page's libraries."""
    script = (
        "import sys; sys.modules['fastapi'] = None; sys.argv = ['leukowatch', 'review'];"
        "from leukowatch.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=PATIENCE
    )

    assert done.returncode == 2
    assert "pip install leukowatch[review]" in done.stderr


@pytest.mark.slow
def test_a_schema_of_another_version_is_refused(home):
    """Nothing is shown that would be read wrongly."""
    assert home.command("db", "upgrade").returncode == 0
    with closing(sqlite3.connect(home.folder / "leukowatch.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0002'")
        connection.commit()

    done = home.command("review")

    assert done.returncode == 7
    assert "db upgrade" in done.stderr


@pytest.mark.slow
def test_an_address_that_is_taken_is_told(home):
    """Another page may be running."""
    assert home.command("db", "upgrade").returncode == 0
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        home._variables["LEUKOWATCH_REVIEW__PORT"] = str(taken.getsockname()[1])
        done = home.command("review")

    assert done.returncode == 2
    assert "review.port" in done.stderr
