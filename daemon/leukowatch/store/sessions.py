"""Logging in and out, and the brake on guessing passwords.

The database keeps no token, only its SHA-256. A failed try is remembered by name and by address: who guesses
one name or comes from one address too often waits, whatever he tries next.
"""

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, insert, select

from leukowatch.errors import LoginRefused
from leukowatch.store import audit
from leukowatch.store.passwords import fits
from leukowatch.store.people_tables import Account, LoginAttempt, WebSession
from leukowatch.store.queries import reading
from leukowatch.store.rights import AccountRole, Actor
from leukowatch.store.writing import utc, writing

WINDOW = timedelta(minutes=10)
"""Tries of so long ago do not matter any more."""
TRIES_BY_NAME = 5
"""Failed tries for one name within the window, since its last success."""
TRIES_BY_ADDRESS = 30
"""Failed tries from one address within the window."""
KEPT = timedelta(days=1)
"""Tries are forgotten after this time."""
NAME_KEPT = 64
"""Characters kept of a name that was typed."""


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that is logged in."""

    actor: Actor
    csrf: str
    """What each form of this session must bring along."""
    expires_at: datetime
    """UTC."""


def log_in(
    engine: Engine, name: str, password: str, address: str, hours: float, now: datetime | None = None
) -> str:
    """Log in.

    Args:
        engine: of `open_writer`.
        name: as typed.
        password: as typed.
        address: from where, as `192.0.2.7`.
        hours: how long the session lasts.
        now: aware; the time, where it is not given.

    Returns:
        A new token for the session's cookie, whatever token the browser had before; kept nowhere else.

    Raises:
        LoginRefused: name and password do not fit, the account is not active, or there were too many tries.
        StoreUnavailable: nothing was written.
    """
    moment, typed = utc(now), name[:NAME_KEPT]
    with reading(engine) as connection:
        _brake(connection, typed, address, moment)
        found = connection.execute(
            select(Account.id, Account.name, Account.password_hash, Account.active).where(
                Account.name == name
            )
        ).first()
    known = fits(password, found.password_hash if found else None)
    token = secrets.token_urlsafe(32)
    with writing(engine) as connection:
        _brake(connection, typed, address, moment)
        good = known and found is not None and found.active
        _remember(connection, typed, address, moment, succeeded=good)
        if good:
            assert found is not None
            row = {
                "account_id": found.id, "token_hash": hash_of(token), "csrf": secrets.token_urlsafe(32),
                "created_at": moment, "expires_at": moment + timedelta(hours=hours),
            }  # fmt: skip
            connection.execute(delete(WebSession).where(WebSession.expires_at <= moment))
            connection.execute(insert(WebSession), [row])
            audit.record(
                connection, moment, found.name, "log in", f"account {found.name}", after={"from": address}
            )
    if not good:
        raise LoginRefused("name and password do not fit, or the account is not active")
    return token


def session_of(engine: Engine, token: str, now: datetime | None = None) -> Session | None:
    """Give the session of a cookie's token; None where it is unknown, expired, or its account not active.

    Raises:
        StoreUnavailable: the database cannot be read.
    """
    with reading(engine) as connection:
        found = connection.execute(
            select(Account.id, Account.name, Account.role, WebSession.csrf, WebSession.expires_at)
            .join(Account, Account.id == WebSession.account_id)
            .where(WebSession.token_hash == hash_of(token), WebSession.expires_at > utc(now), Account.active)
        ).first()
    if found is None:
        return None
    return Session(Actor(found.name, AccountRole(found.role), found.id), found.csrf, found.expires_at)


def log_out(engine: Engine, token: str, now: datetime | None = None) -> None:
    """End a session; one that has ended already stays so.

    Raises:
        StoreUnavailable: nothing was written.
    """
    with writing(engine) as connection:
        mine = WebSession.token_hash == hash_of(token)
        who = connection.execute(
            select(Account.name).join(WebSession, WebSession.account_id == Account.id).where(mine)
        ).scalar()
        connection.execute(delete(WebSession).where(mine))
        if who is not None:
            audit.record(connection, utc(now), who, "log out", f"account {who}")


@contextmanager
def logged_in(engine: Engine, name: str, password: str, address: str) -> Iterator[Actor]:
    """Log a person in while the block runs; the trail has both ends, and the brake holds here too.

    Raises:
        LoginRefused, StoreUnavailable: as `log_in`.
    """
    token = log_in(engine, name, password, address, hours=1)
    try:
        session = session_of(engine, token)
        if session is None:
            raise LoginRefused(f"{name}: the account was changed meanwhile; try again")
        yield session.actor
    finally:
        log_out(engine, token)


def hash_of(token: str) -> str:
    """SHA-256 of a token, 64 hexadecimal digits."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _brake(connection: Connection, name: str, address: str, now: datetime) -> None:
    """Refuse where too many tries have failed."""
    recent = LoginAttempt.at > now - WINDOW
    succeeded = select(func.max(LoginAttempt.id)).where(LoginAttempt.name == name, LoginAttempt.succeeded)
    since = func.coalesce(succeeded.scalar_subquery(), 0)

    def failed(*rules: Any) -> int:
        statement = select(func.count()).where(recent, ~LoginAttempt.succeeded, *rules)
        return int(connection.execute(statement).scalar_one())

    if (
        failed(LoginAttempt.name == name, LoginAttempt.id > since) >= TRIES_BY_NAME
        or failed(LoginAttempt.address == address) >= TRIES_BY_ADDRESS
    ):
        raise LoginRefused(f"too many failed tries: wait {WINDOW.seconds // 60} minutes")


def _remember(connection: Connection, name: str, address: str, now: datetime, *, succeeded: bool) -> None:
    connection.execute(delete(LoginAttempt).where(LoginAttempt.at < now - KEPT))
    row = {"name": name, "address": address, "at": now, "succeeded": succeeded}
    connection.execute(insert(LoginAttempt), [row])
