"""The door: the login page, and what becomes of name and password."""

import secrets
from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response

from leukowatch.errors import LoginRefused
from leukowatch.review.asking import COOKIE
from leukowatch.review.house import Housed
from leukowatch.review.rendering import rendered
from leukowatch.store.accounts import somebody_may_log_in
from leukowatch.store.sessions import log_in as begin_session
from leukowatch.store.sessions import log_out as end_session

FORM_COOKIE = "leukowatch_login"
"""Pairs a login form with the browser that got it, so that no other site can log anybody in."""


def login_page(request: Request, house: Housed) -> Response:
    """Ask for name and password; without any account, say how to add one."""
    return _form(request, house, "", 200)


def log_in(
    request: Request,
    house: Housed,
    name: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=2000)] = "",
    token: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Begin a session with a new token, whatever the browser had before."""
    paired = request.cookies.get(FORM_COOKIE, "")
    if not paired or not secrets.compare_digest(paired.encode(), token.encode()):
        return _form(request, house, "This form has grown old: try again.", 403)
    address = request.client.host if request.client else ""
    hours = house.settings.review.session_hours
    try:
        session = begin_session(house.writer, name, password, address, hours, house.now)
    except LoginRefused as error:
        return _form(request, house, str(error), 401)
    former = request.cookies.get(COOKIE)
    if former:
        end_session(house.writer, former, house.now)
    response = RedirectResponse("/slides", 303)
    _set(response, request, COOKIE, session, round(hours * 3600))
    response.delete_cookie(FORM_COOKIE, path="/login")
    return response


def _form(request: Request, house: Housed, refusal: str, status: int) -> Response:
    token = secrets.token_urlsafe(32)
    told = {"refusal": refusal, "token": token, "anybody": somebody_may_log_in(house.reader)}
    response = rendered("login.html", None, status, **told)
    _set(response, request, FORM_COOKIE, token, 3600, "/login")
    return response


def _set(response: Response, request: Request, name: str, value: str, seconds: int, path: str = "/") -> None:
    response.set_cookie(
        name, value, max_age=seconds, path=path, httponly=True, samesite="strict",
        secure=request.url.scheme == "https",
    )  # fmt: skip
