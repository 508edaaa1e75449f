"""Chaos in short, and that its verdict sees what is lost, double or miscounted."""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from chaos.drops import Drop, plan
from chaos.verdict import discrepancies, is_drained
from lab import Home

SEED = 7


def fill(home: Home, drops: list[Drop]) -> None:
    """Drop everything at once, then have it taken."""
    for number, drop in enumerate(drops):
        (home.inbox / drop.slide).mkdir(exist_ok=True)
        (home.inbox / drop.slide / f"{number}.jpg").write_bytes(drop.content)
    assert home.command("scan").returncode == 0


@pytest.fixture(scope="module")
def taken(tmp_path_factory) -> tuple[Path, list[Drop]]:
    """A home into which a plan was dropped and which has taken it, and the plan."""
    home = Home(tmp_path_factory.mktemp("taken") / "home")
    drops = plan(SEED, 40)
    fill(home, drops)
    return home.folder, drops


@pytest.fixture
def copy(taken, tmp_path) -> tuple[Path, list[Drop]]:
    """A copy of that home, to do harm to."""
    folder = tmp_path / "home"
    shutil.copytree(taken[0], folder)
    return folder, taken[1]


def change(folder: Path, sql: str) -> None:
    """Do harm to the database."""
    with closing(sqlite3.connect(folder / "leukowatch.db")) as connection, connection:
        connection.execute(sql)


def first(folder: Path, room: str) -> Path:
    """An image of a room."""
    return min(path for path in (folder / room).rglob("*") if path.is_file() and path.suffix != ".json")


def test_a_home_that_took_everything_has_no_discrepancy(taken):
    """Copies, cut images, texts and empty files among them: all accounted for."""
    folder, drops = taken

    assert is_drained(folder)
    assert discrepancies(folder, drops) == []


@pytest.mark.parametrize("room", ["archive", "quarantine"])
def test_a_file_that_is_gone_is_named(copy, room):
    """A verdict that overlooks a lost file is none."""
    folder, drops = copy
    first(folder, room).unlink()

    assert any(line.startswith("files: ") and "dropped" in line for line in discrepancies(folder, drops))


def test_a_file_that_is_there_twice_is_named(copy):
    """As is one that was copied and not removed."""
    folder, drops = copy
    path = first(folder, "archive")
    shutil.copy(path, path.with_name("again.jpg"))

    assert any(line.startswith("files: ") for line in discrepancies(folder, drops))


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        ("DELETE FROM arrival WHERE id = (SELECT max(id) FROM arrival WHERE status = 'duplicate')", "rows: "),
        ("DELETE FROM field WHERE id = 1", "counted 0 times"),
        ("UPDATE field SET slide_id = (SELECT max(id) FROM slide) WHERE id = 1", "dropped into"),
        ("UPDATE arrival SET destination = NULL, filed_at = NULL WHERE id = 1", "without its move"),
        ("UPDATE arrival SET destination = CAST('archive/none.jpg' AS BLOB) WHERE id = 1", "another or none"),
    ],
)
def test_rows_that_are_missing_or_wrong_are_named(copy, harm, said):
    """Files alone prove nothing: the count is in the rows."""
    folder, drops = copy
    change(folder, harm)

    assert any(said in line for line in discrepancies(folder, drops))


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="small disks are mounted by root")
def test_nothing_is_lost_or_double_under_kills_pauses_and_full_disks():
    """The recorded run in short; its seed is fixed, the moments of the kills are the machine's."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "chaos",
            "--seed",
            str(SEED),
            "--minutes",
            "0.4",
            "--kills",
            "10",
            "--files",
            "250",
        ],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "none lost, none double, each content counted once" in done.stdout
