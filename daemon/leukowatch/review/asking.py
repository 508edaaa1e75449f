"""Who asks: a person by the session's cookie, or a program by its token; and whether the route is theirs."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from leukowatch.errors import LeukowatchError, NotAllowed
from leukowatch.review.house import Housed
from leukowatch.store.rights import Act, Actor, require
from leukowatch.store.sessions import session_of
from leukowatch.store.tokens import token_actor

COOKIE = "leukowatch_session"
CSRF_HEADER = "X-CSRF-Token"
READS = frozenset({"GET", "HEAD"})


class NotLoggedIn(LeukowatchError):
    """Nobody known asks."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and how."""

    actor: Actor
    csrf: str
    """What this session's writing requests must bring along; empty for a token."""
    session: str
    """The cookie's token; empty for a program's."""


def caller_of(request: Request, house: Housed) -> Caller:
    """Find out who asks.

    Raises:
        NotLoggedIn: neither a valid token nor a session.
        NotAllowed: a session wants to write without its CSRF token.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        actor = token_actor(house.reader, token.strip())
        if actor is None:
            raise NotLoggedIn("this token is unknown, revoked, or its account not active")
        return Caller(actor, "", "")
    cookie = request.cookies.get(COOKIE, "")
    session = session_of(house.reader, cookie) if cookie else None
    if session is None:
        raise NotLoggedIn("log in first, or send a token: `Authorization: Bearer ...`")
    sent = request.headers.get(CSRF_HEADER, "")
    if request.method not in READS and not secrets.compare_digest(sent.encode(), session.csrf.encode()):
        raise NotAllowed(f"the header {CSRF_HEADER} is missing or another session's; load the page anew")
    return Caller(session.actor, session.csrf, cookie)


Called = Annotated[Caller, Depends(caller_of)]
"""A route's parameter that gets who asks."""


def requires(act: Act) -> Callable[[Caller], None]:
    """Make the dependency of a route that takes a right."""

    def allowed(caller: Called) -> None:
        require(caller.actor, act)

    return allowed
