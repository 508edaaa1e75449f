"""The commands for people and the trail, as an administrator types them."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from leukowatch.cli import app
from leukowatch.store.database import open_reader
from leukowatch.store.sessions import log_in
from leukowatch.store.tokens import token_actor
from reviewing import lab_at

PASSWORD = "correct horse battery"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a command on a home of its own; gives what it printed, or the error that it ended with."""
    monkeypatch.setenv("LEUKOWATCH_HOME", str(tmp_path))
    with lab_at(tmp_path / "leukowatch.db", ["neutrophil"]):
        pass

    def command(*arguments, stdin=""):
        done = CliRunner().invoke(app, arguments, input=stdin)
        return done.output if done.exit_code == 0 else f"{done.exception} {done.output}"

    return command


def test_a_person_is_added_and_may_log_in(run, tmp_path):
    """The password comes in by a pipe, and is no part of the command line that others see."""
    said = run("user", "add", "gina", "--role", "supervisor", "--password-stdin", stdin=PASSWORD + "\n")

    assert said == "gina may log in as supervisor\n"
    assert "gina  supervisor" in run("user", "list").splitlines()
    engine = open_reader(f"sqlite:///{tmp_path / 'leukowatch.db'}")
    try:
        with pytest.raises(
            Exception, match="cannot be written"
        ):  # the password fits: only then a session is written
            log_in(engine, "gina", PASSWORD, "192.0.2.7", 1)
    finally:
        engine.dispose()


def test_an_account_is_changed(run):
    """Role, password, whether it may log in at all."""
    assert run("user", "role", "anna", "--role", "reader") == "anna is now reader\n"
    assert run("user", "deactivate", "anna") == "anna may log in no more\n"
    assert "anna  reader  (not active)" in run("user", "list").splitlines()
    assert run("user", "activate", "anna") == "anna may log in again\n"
    assert run("user", "password", "anna", "--password-stdin", stdin=PASSWORD) == "anna has a new password\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("user", "add", "anna", "--role", "reader", "--password-stdin"), "there is an account of this name"),
        (("user", "add", "gina", "--role", "king", "--password-stdin"), "king: the roles are"),
        (("user", "role", "nobody", "--role", "reader"), "no such account"),
        (("token", "revoke", "7"), "token list"),
        (("token", "add", "anna", "--role", "supervisor", "--label", "x"), "would go beyond that"),
    ],
)
def test_what_makes_no_sense_is_refused(run, arguments, said):
    """With the remedy."""
    assert said in run(*arguments, stdin=PASSWORD)


def test_a_token_is_shown_once(run, tmp_path):
    """It works, the list shows its number, and revoked it is worthless."""
    token = run("token", "add", "anna", "--role", "reader", "--label", "lis").strip()
    engine = open_reader(f"sqlite:///{tmp_path / 'leukowatch.db'}")

    try:
        assert token_actor(engine, token).name == "anna (token lis)"
        assert run("token", "list") == "1  anna  reader  lis\n"
        assert run("token", "revoke", "1") == "token 1 is revoked\n"
        assert token_actor(engine, token) is None
    finally:
        engine.dispose()


def test_the_trail_is_shown_and_proved(run, tmp_path):
    """Who did it was whoever ran the command; a wrong seal is a failed check, with its exit code."""
    run("user", "role", "anna", "--role", "reader")

    shown = run("audit", "show")
    assert '(command line)  set role  account anna  {"role":"technologist"} -> {"role":"reader"}' in shown
    assert run("audit", "verify").startswith("the trail is whole: 1 rows, its end is ")
    wrong = [sys.executable, "-m", "leukowatch", "audit", "verify", "--seal", "f" * 64]
    done = subprocess.run(wrong, capture_output=True, text=True, check=False)
    assert (done.returncode, "no row has the seal" in done.stderr) == (14, True)
