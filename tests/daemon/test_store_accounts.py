"""Accounts, sessions, tokens: who gets in, who does not, and what is kept of it."""

import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import insert

from leukowatch.errors import LoginRefused, NotAllowed, NotFound, RequestInvalid
from leukowatch.store.accounts import (
    accounts,
    add_account,
    set_active,
    set_password,
    set_role,
    somebody_may_log_in,
)
from leukowatch.store.audit import audit_rows
from leukowatch.store.people_tables import LoginAttempt
from leukowatch.store.reviews import classify
from leukowatch.store.rights import RIGHTS, AccountRole, Act, operator
from leukowatch.store.sessions import TRIES_BY_ADDRESS, TRIES_BY_NAME, log_in, log_out, session_of
from leukowatch.store.tokens import add_token, revoke_token, token_actor, tokens
from reviewing import LATER, lab_at

PASSWORD = "correct horse battery"
ROOT = operator("root")
HERE = "192.0.2.7"


@pytest.fixture
def lab(tmp_path):
    """A store where gina, a technologist, may log in."""
    with lab_at(tmp_path / "leukowatch.db", ["neutrophil"]) as lab:
        add_account(lab.engine, ROOT, "gina", AccountRole.TECHNOLOGIST, PASSWORD, LATER)
        yield lab


def enter(lab, name="gina", password=PASSWORD, address=HERE, at=LATER):
    """Try to log in."""
    return log_in(lab.engine, name, password, address, 12, at)


def fail(lab, times, name="gina", address=HERE):
    """Leave the trace of wrong passwords, without the time that hashing takes."""
    rows = [{"name": name, "address": address, "at": LATER, "succeeded": False}] * times
    with lab.engine.begin() as connection:
        connection.execute(insert(LoginAttempt), rows)


def test_a_person_logs_in_and_out(lab):
    """The session knows the person, lasts as long as it should, and ends for good."""
    token = enter(lab)

    session = session_of(lab.engine, token, LATER)
    assert (session.actor.name, session.actor.role) == ("gina", AccountRole.TECHNOLOGIST)
    assert session.expires_at == LATER + timedelta(hours=12)
    assert session_of(lab.engine, token, LATER + timedelta(hours=12)) is None
    assert session_of(lab.engine, token + "x", LATER) is None
    log_out(lab.engine, token, LATER)
    log_out(lab.engine, token, LATER)
    assert session_of(lab.engine, token, LATER) is None
    assert [row.act for row in audit_rows(lab.engine, subject="account gina")] == [
        "add account",
        "log in",
        "log out",
    ]


def test_each_login_has_a_session_of_its_own(lab):
    """A token that somebody planted before is never taken over."""
    first, second = enter(lab), enter(lab)

    sessions = [session_of(lab.engine, token, LATER) for token in (first, second)]
    assert first != second
    assert sessions[0].csrf != sessions[1].csrf


def test_the_database_keeps_no_secret_in_the_clear(lab):
    """Neither password nor tokens: the service's group may read the file."""
    token, api = enter(lab), add_token(lab.engine, ROOT, "gina", "lis", AccountRole.READER, LATER)

    with closing(sqlite3.connect(lab.path)) as connection:
        dump = "\n".join(connection.iterdump())
    assert not any(secret in dump for secret in (PASSWORD, token, api))
    assert "$argon2id$" in dump


@pytest.mark.parametrize(
    ("name", "password"),
    [("gina", "wrong password"), ("nobody", PASSWORD), ("GINA", PASSWORD), ("gina", "x" * 5000)],
)
def test_who_does_not_fit_stays_outside(lab, name, password):
    """All with the same words, so that nobody learns which names there are."""
    with pytest.raises(LoginRefused, match=r"^name and password do not fit, or the account is not active$"):
        enter(lab, name, password)


def test_an_account_that_is_not_active_stays_outside(lab):
    """Those who are in are out at once."""
    token, api = enter(lab), add_token(lab.engine, ROOT, "gina", "lis", AccountRole.READER, LATER)

    set_active(lab.engine, ROOT, "gina", active=False)

    assert session_of(lab.engine, token, LATER) is None
    assert token_actor(lab.engine, api) is None
    with pytest.raises(LoginRefused):
        enter(lab)


def test_a_wrong_password_is_remembered(lab):
    """The brake lives by it."""
    with pytest.raises(LoginRefused):
        enter(lab, password="wrong password")

    fail(lab, TRIES_BY_NAME - 1)
    with pytest.raises(LoginRefused, match="too many failed tries"):
        enter(lab)


def test_guessing_one_name_is_braked(lab):
    """From whatever address, also with the right password; and only for a while."""
    for number in range(TRIES_BY_NAME):
        fail(lab, 1, address=f"192.0.2.{number}")

    with pytest.raises(LoginRefused, match="too many failed tries"):
        enter(lab)
    assert enter(lab, at=LATER + timedelta(minutes=11))


def test_guessing_from_one_address_is_braked(lab):
    """Many names, one place."""
    for number in range(TRIES_BY_ADDRESS):
        fail(lab, 1, name=f"name-{number}")

    with pytest.raises(LoginRefused, match="too many failed tries"):
        enter(lab)
    assert enter(lab, address="192.0.2.99")


def test_a_success_forgives_the_failures(lab):
    """Who mistypes now and then is not shut out in the end."""
    fail(lab, TRIES_BY_NAME - 1)
    enter(lab)
    fail(lab, TRIES_BY_NAME - 1)

    assert enter(lab)


def test_a_new_password_ends_the_sessions(lab):
    """Whoever knew the old one is out."""
    token = enter(lab)
    gina = session_of(lab.engine, token, LATER).actor

    set_password(lab.engine, gina, "gina", "another fine password")

    assert session_of(lab.engine, token, LATER) is None
    assert enter(lab, password="another fine password")


@pytest.mark.parametrize("password", ["short", "x" * 1025, ""])
def test_a_poor_password_is_refused(lab, password):
    """Nothing is written."""
    with pytest.raises(RequestInvalid, match="10 to 1024 characters"):
        add_account(lab.engine, ROOT, "hans", AccountRole.READER, password)

    assert "hans" not in [account.name for account in accounts(lab.engine)]


@pytest.mark.parametrize("name", ["", "a b", "<b>", "x" * 65, "../x", "a\nb", "gina"])
def test_a_poor_name_is_refused(lab, name):
    """One that is taken too: names stand in the audit."""
    with pytest.raises(RequestInvalid):
        add_account(lab.engine, ROOT, name, AccountRole.READER, PASSWORD)


def test_only_who_manages_changes_accounts(lab):
    """Nobody makes himself more than he is; an absent account is told."""
    anna = lab.people["anna"]
    for attempt in (
        lambda: add_account(lab.engine, anna, "hans", AccountRole.READER, PASSWORD),
        lambda: set_role(lab.engine, anna, "anna", AccountRole.SUPERVISOR),
        lambda: set_active(lab.engine, anna, "bert", active=False),
        lambda: set_password(lab.engine, anna, "bert", PASSWORD),
        lambda: add_token(lab.engine, anna, "anna", "mine", AccountRole.READER),
        lambda: revoke_token(lab.engine, anna, 1),
    ):
        with pytest.raises(NotAllowed, match="may not manage"):
            attempt()
    with pytest.raises(NotFound, match="user list"):
        set_role(lab.engine, ROOT, "nobody", AccountRole.READER)


def test_every_role_has_its_rights():
    """Who keeps the accounts signs no results, and who signs results keeps no accounts."""
    assert RIGHTS.keys() == set(AccountRole)
    assert set(Act) == frozenset().union(*RIGHTS.values())
    assert not RIGHTS[AccountRole.ADMINISTRATOR] & {Act.REVIEW, Act.SIGN, Act.SECOND, Act.AMEND}
    assert [role for role in AccountRole if Act.MANAGE in RIGHTS[role]] == [AccountRole.ADMINISTRATOR]
    assert RIGHTS[AccountRole.READER] < RIGHTS[AccountRole.TECHNOLOGIST] < RIGHTS[AccountRole.SUPERVISOR]


def test_a_token_acts_in_a_persons_name_within_its_role(lab):
    """It stands in the audit with its label; a reader's token decides nothing though its person may."""
    full = token_actor(lab.engine, add_token(lab.engine, ROOT, "gina", "robot", AccountRole.TECHNOLOGIST))
    narrow = token_actor(lab.engine, add_token(lab.engine, ROOT, "gina", "lis", AccountRole.READER))

    classify(lab.engine, full, "S1", ["c1"], "band", now=LATER)

    assert audit_rows(lab.engine)[-1].who == "gina (token robot)"
    with pytest.raises(NotAllowed, match=r"gina \(token lis\): a reader may not review"):
        classify(lab.engine, narrow, "S1", ["c1"], "band", now=LATER)


def test_a_token_loses_what_its_person_loses(lab):
    """The account's own role is asked too, at the moment of writing."""
    actor = token_actor(lab.engine, add_token(lab.engine, ROOT, "gina", "robot", AccountRole.TECHNOLOGIST))
    set_role(lab.engine, ROOT, "gina", AccountRole.READER)

    with pytest.raises(NotAllowed):
        classify(lab.engine, actor, "S1", ["c1"], "band", now=LATER)


def test_a_token_is_never_more_than_its_person(lab):
    """Nor without a label, nor for nobody."""
    for role, account, label, error in (
        (AccountRole.SUPERVISOR, "gina", "x", RequestInvalid), (AccountRole.ADMINISTRATOR, "gina", "x", RequestInvalid),
        (AccountRole.READER, "gina", " ", RequestInvalid), (AccountRole.READER, "nobody", "x", NotFound),
    ):  # fmt: skip
        with pytest.raises(error):
            add_token(lab.engine, ROOT, account, label, role)


def test_a_revoked_token_is_worthless(lab):
    """At once, and the list says so."""
    token = add_token(lab.engine, ROOT, "gina", "lis", AccountRole.READER)
    revoke_token(lab.engine, ROOT, 1)
    revoke_token(lab.engine, ROOT, 1)

    assert token_actor(lab.engine, token) is None
    assert [row.revoked_at is not None for row in tokens(lab.engine)] == [True]
    assert [row.act for row in audit_rows(lab.engine, subject="token 1")] == ["add token", "revoke token"]


def test_the_page_knows_whether_anybody_may_log_in(lab):
    """Without accounts it says how to add one."""
    assert somebody_may_log_in(lab.engine)
    for account in accounts(lab.engine):
        set_active(lab.engine, ROOT, account.name, active=False)
    assert not somebody_may_log_in(lab.engine)
