"""The command `leukowatch set-aside`, as a supervisor types it beside a running service."""

import json

import pytest
from typer.testing import CliRunner

from handmade import fill, ledger_at, outcome
from leukowatch.cli import app
from leukowatch.store.accounts import add_account
from leukowatch.store.audit import audit_rows
from leukowatch.store.queries import reading
from leukowatch.store.rights import AccountRole, operator
from leukowatch.store.set_aside import held_files
from leukowatch.store.slides import slide_number
from reviewing import lab_at

PASSWORD = "correct horse battery"
SUPERVISOR, TECHNOLOGIST = "gina", "hugo"
WHY = "cut off by the microscope"


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A slide of one field, of which two further files are in quarantine; and two people who may log in."""
    monkeypatch.setenv("LEUKOWATCH_HOME", str(tmp_path))
    with lab_at(tmp_path / "leukowatch.db", ["neutrophil"]) as lab:
        filings = fill(lab.path, [outcome("S1", f"broken-{number}.jpg", number, None) for number in (8, 9)])
        with ledger_at(lab.path) as ledger:
            ledger.mark_filed([(each.arrival_id, b"quarantine/" + each.relative) for each in filings])
        for name, role in ((SUPERVISOR, AccountRole.SUPERVISOR), (TECHNOLOGIST, AccountRole.TECHNOLOGIST)):
            add_account(lab.engine, operator("test"), name, role, PASSWORD)
        yield lab


def run(*files, who=SUPERVISOR, reason=WHY, password=PASSWORD):
    """Give what the command printed, or the error that it ended with."""
    asked = ["set-aside", *files, "--reason", reason, "--as", who, "--password-stdin"]
    done = CliRunner().invoke(app, asked, input=password + "\n")
    return done.output if done.exit_code == 0 else f"{type(done.exception).__name__}: {done.exception}"


def held(lab):
    """Files of the slide that stand in a signature's way."""
    with reading(lab.engine) as connection:
        return [file.file for file in held_files(connection, slide_number(connection, "S1"))]


def test_a_supervisor_sets_files_aside_and_the_trail_names_who_and_why(lab):
    """By the names that `requeue` takes; the password comes by a pipe, and is on no command line."""
    assert run("broken-8.jpg", "quarantine/S1/broken-9.jpg") == (
        "set aside: S1/broken-8.jpg\nset aside: S1/broken-9.jpg\n"
    )

    assert held(lab) == []
    told = audit_rows(lab.engine)[-4:]
    assert [(row.who, row.act) for row in told] == [
        (SUPERVISOR, act) for act in ("log in", "set aside", "set aside", "log out")
    ]
    assert json.loads(told[1].after)["reason"] == WHY


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"who": TECHNOLOGIST}, "NotAllowed: hugo: a technologist may not set-aside"),
        ({"who": "nobody"}, "LoginRefused: name and password do not fit"),
        ({"password": "guessed"}, "LoginRefused: name and password do not fit"),
        ({"reason": " "}, "RequestInvalid: S1/broken-8.jpg: say why"),
    ],
)
def test_who_may_not_or_gives_no_reason_sets_nothing_aside(lab, asked, said):
    """Whoever has the command line is no supervisor by that."""
    before = held(lab)

    assert run("broken-8.jpg", **asked).startswith(said)
    assert held(lab) == before


def test_a_file_is_set_aside_once_and_a_name_that_is_none_changes_nothing(lab):
    """The first word stands; and of two names neither is judged, where one is wrong."""
    run("broken-8.jpg")

    assert "still to be judged" in run("broken-8.jpg", reason="another")
    assert "no file in quarantine is called so" in run("broken-9.jpg", "none.jpg")
    assert held(lab) == ["S1/broken-9.jpg"]


def test_too_many_guesses_are_braked_here_too(lab):
    """By name, as on the page; the right password waits as well."""
    for _ in range(5):
        run("broken-8.jpg", password="guessed")

    assert run("broken-8.jpg").startswith("LoginRefused: too many failed tries")
