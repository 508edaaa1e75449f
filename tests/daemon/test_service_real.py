"""The main job on real smears: Kaggle's 71 test originals of BCCD, as three slides, while the service runs."""

import shutil
from collections import Counter

import pytest

from lab import wait_until
from leukonet.training.datasets import read_dataset

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def fields(real_data):
    """Give the 71 fields that no shipped network has seen."""
    found = read_dataset(real_data, "bccd", "test")
    assert len(found) == 71
    return found


def drop(home, fields):
    """Bring the fields in as three slides, half of them copied and half renamed into place."""
    for number, field in enumerate(fields):
        folder = home.inbox / f"SLIDE-{number % 3 + 1}"
        folder.mkdir(exist_ok=True)
        if number % 2:
            shutil.copyfile(field.path, folder / field.path.name)
        else:
            shutil.copyfile(field.path, folder / f"{field.path.name}.part")
            (folder / f"{field.path.name}.part").rename(folder / field.path.name)


def expected(fields):
    """Give status by printable path."""
    return {f"SLIDE-{n % 3 + 1}/{field.path.name}": ("counted", "") for n, field in enumerate(fields)}


def test_every_field_is_recorded_and_archived_and_most_cells_are_named_right(home, fields):
    """71 fields in, 71 rows, 71 files in the archive, an empty inbox; counts near the truth."""
    with home.service() as process:
        drop(home, fields)
        wait_until(lambda: len(home.filed()) == 71)
        code = home.stop(process)

    truth = Counter(field.cells[0].name for field in fields)
    counts = dict(home.query("SELECT class, sum(cells) FROM differential GROUP BY class"))
    assert code == 0
    assert expected(fields) == home.states()
    assert sorted(expected(fields)) == home.filed()
    assert home.left() == []
    assert sum(abs(truth[name] - counts[name]) for name in counts) <= 21
    assert home.query("SELECT DISTINCT slide FROM differential") == [("SLIDE-1",), ("SLIDE-2",), ("SLIDE-3",)]


@pytest.mark.slow
def test_three_sigkills_in_between_change_no_row(home, fields, tmp_path):
    """Killed three times while it reads: the same cells in the database as without, nothing twice."""
    undisturbed = type(home)(tmp_path / "undisturbed")
    drop(undisturbed, fields)
    assert undisturbed.command("scan").returncode == 0
    drop(home, fields)
    home.read_despite_kills((5, 20, 45), 71)

    rows = "SELECT slide, field, xmin, ymin, first_class, first_probability FROM cell_result ORDER BY field, xmin, ymin"
    assert undisturbed.query(rows) == home.query(rows)
    assert expected(fields) == home.states()
    assert home.query("SELECT count(*), count(DISTINCT sha256) FROM field") == [(71, 71)]
