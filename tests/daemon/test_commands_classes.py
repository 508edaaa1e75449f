"""The commands for the site's classes, as an administrator types them."""

import pytest
from typer.testing import CliRunner

from leukowatch.cli import app
from reviewing import lab_at


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a command on a home of its own; gives what it printed, or the error that it ended with."""
    monkeypatch.setenv("LEUKOWATCH_HOME", str(tmp_path))
    with lab_at(tmp_path / "leukowatch.db", ["neutrophil"]):
        pass

    def command(*arguments):
        done = CliRunner().invoke(app, arguments)
        return done.output if done.exit_code == 0 else f"{done.exception} {done.output}"

    return command


def listed(run):
    """The lines of the list, cell by cell."""
    return [[part.strip() for part in line.split("│")[1:-1]] for line in run("classes", "list").splitlines()]


def test_a_class_is_changed_and_listed(run):
    """The list shows key, role and code; an error names the holder."""
    assert run("classes", "set", "blast", "--key", "9", "--role", "apart", "--code", "BLST") == (
        "blast: key 9, apart, code BLST\n"
    )

    assert ["blast", "Blast", "9", "apart", "BLST", ""] in listed(run)
    assert "the key 9 is blast's" in run("classes", "set", "band", "--key", "9")


def test_a_class_is_added_retired_and_put_to_use_again(run):
    """The list says which are retired."""
    told = "hairy_cell: key z, counted, code HAIRY"
    adding = ("--label", "Hairy cell", "--key", "z", "--role", "counted", "--code", "HAIRY")

    assert run("classes", "add", "hairy_cell", *adding) == f"{told}\n"
    assert run("classes", "set", "hairy_cell", "--retire") == f"{told}, retired\n"
    assert listed(run)[-2] == ["hairy_cell", "Hairy cell", "z", "counted", "HAIRY", "retired"]
    assert run("classes", "set", "hairy_cell", "--reinstate") == f"{told}\n"
