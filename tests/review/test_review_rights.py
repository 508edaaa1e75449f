"""Who may ask for what: every role against every route, and nobody without a name."""

import re
import shutil
from contextlib import ExitStack

import pytest

from desk import PASSWORD, PEOPLE, log_in, served
from leukowatch.review.routes import API, ROUTES
from leukowatch.settings import Settings
from leukowatch.store.accounts import add_account
from leukowatch.store.opened import writer
from leukowatch.store.rights import RIGHTS, AccountRole, operator

OPEN = {("GET", "/login"), ("POST", "/login")}
STREAM = f"{API}/events"


def filled(path: str) -> str:
    """Put numbers and names that do not exist into a path: whether one may ask is judged before."""
    return re.sub(r"{(\w+)}", lambda found: "c999999" if found[1] == "cell" else "999999", path)


def refused(answer) -> bool:
    """Whether the role was the reason."""
    return answer.status_code == 403 and "may not" in answer.text


@pytest.fixture(scope="module")
def people(shared_desk):
    """Log one person of each role in."""
    with ExitStack() as stack:
        yield {role: stack.enter_context(shared_desk.person(name)) for name, role in PEOPLE.items()}


@pytest.fixture(scope="module")
def stranger(shared_desk):
    """Give somebody who has not logged in."""
    with shared_desk.stranger() as client:
        yield client


def asked(client, route):
    """Ask for a route without a body."""
    return client.request(route.method, filled(route.path))


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_each_route_is_for_the_roles_that_have_its_right_and_for_nobody_else(route, people, stranger):
    """The table of rights is what the service does; a body that makes no sense is judged later."""
    if route.path in (STREAM, f"{API}/logout", f"{API}/password", f"{API}/audit/verification"):
        known = [client for role, client in people.items() if route.act in RIGHTS[role]]
        assert known
    else:
        for role, client in people.items():
            allowed = route.act is None or route.act in RIGHTS[role]
            assert refused(asked(client, route)) == (not allowed), role

    answer = asked(stranger, route)
    if (route.method, route.path) in OPEN:
        assert answer.status_code in {200, 403}
    elif route.path.startswith(API):
        assert answer.status_code == 401
    else:
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")


def test_only_the_login_is_open():
    """A route without a right is a decision, not an oversight."""
    assert {(route.method, route.path) for route in ROUTES if route.act is None} == OPEN


def test_a_writing_request_without_the_sessions_token_is_refused(shared_desk):
    """Another site can make a browser send the cookie, and not the token."""
    with shared_desk.person("ada") as ada:
        del ada.headers["X-CSRF-Token"]
        slide = shared_desk.slide()

        answer = ada.post(f"{API}/slides/{slide}/undo")

        assert answer.status_code == 403
        assert "X-CSRF-Token" in answer.json()["detail"]


def test_another_sessions_token_is_refused(shared_desk):
    """A token is worth something with its own session alone."""
    with shared_desk.person("ada") as ada, shared_desk.person("sam") as sam:
        ada.headers["X-CSRF-Token"] = sam.headers["X-CSRF-Token"]

        assert ada.post(f"{API}/logout").status_code == 403


def test_a_login_form_of_another_browser_is_refused(shared_desk):
    """Nobody can be logged in as somebody else without noticing."""
    with shared_desk.stranger() as one, shared_desk.stranger() as other:
        token = re.search(r'name="token" value="([^"]+)"', one.get("/login").text)[1]
        other.get("/login")

        answer = other.post("/login", data={"name": "ada", "password": "x", "token": token})

        assert answer.status_code == 403


def test_a_session_planted_before_the_login_is_worth_nothing_after_it(shared_desk):
    """Session fixation: the token is new at each login, and the former one ends."""
    with shared_desk.person("ada") as ada:
        planted = ada.cookies["leukowatch_session"]
        log_in(ada, "ada")
        fresh = ada.cookies["leukowatch_session"]

    with shared_desk.stranger() as attacker:
        attacker.cookies.set("leukowatch_session", planted)
        assert fresh != planted
        assert attacker.get(f"{API}/me").status_code == 401


def test_the_sessions_cookie_is_out_of_reach_of_scripts_and_other_sites(shared_desk):
    """HttpOnly and SameSite=Strict; Secure comes with https alone."""
    with shared_desk.stranger() as client:
        (cookie,) = [
            each for each in log_in(client, "rea").headers.get_list("set-cookie") if "_session=" in each
        ]

    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Secure" not in cookie


@pytest.mark.slow
@pytest.mark.parametrize(("proxy", "believed"), [("127.0.0.1", True), ("", False)])
def test_behind_https_the_cookie_is_sent_over_https_alone(scanned, tmp_path, proxy, believed):
    """A proxy that the settings name is believed, and nobody else."""
    folder = tmp_path / "home"
    shutil.copytree(scanned, folder)
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"}
    with served(folder, REVIEW__PROXY=proxy) as desk, desk.stranger() as client:
        answer = client.get("/login", headers=forwarded)

    assert ("Secure" in answer.headers["set-cookie"]) == believed
    assert ("Strict-Transport-Security" in answer.headers) == believed


def test_after_the_logout_the_cookie_opens_nothing(shared_desk):
    """The session ends on the server, not only in the browser."""
    with shared_desk.person("rea") as rea, shared_desk.stranger() as thief:
        thief.cookies.set("leukowatch_session", rea.cookies["leukowatch_session"])
        assert thief.get(f"{API}/me").status_code == 200

        assert rea.post(f"{API}/logout").status_code == 204
        assert thief.get(f"{API}/me").status_code == 401


def test_a_token_has_its_own_role_and_needs_no_csrf(shared_desk):
    """A program with a reader's token in a technologist's name only reads."""
    with shared_desk.program("ada", PEOPLE["rea"]) as program:
        slide = shared_desk.slide()

        assert program.get(f"{API}/slides/{slide}").status_code == 200
        assert refused(program.post(f"{API}/slides/{slide}/undo"))


def test_guessing_a_password_is_slowed(shared_desk):
    """After five failures even the right password waits."""
    with writer(Settings(home=shared_desk.home)) as engine:
        add_account(engine, operator("test"), "guessed", AccountRole.READER, PASSWORD)
    with shared_desk.stranger() as guesser:
        answers = [log_in(guesser, "guessed", "wrong horse battery") for _ in range(5)]
        last = log_in(guesser, "guessed")

    assert {answer.status_code for answer in answers} == {401}
    assert last.status_code == 401
    assert "too many" in last.text
