"""Accounts, tokens, and who asks."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Path, Response

from leukowatch.errors import RequestInvalid
from leukowatch.review.api.texts import Name, Password
from leukowatch.review.asking import COOKIE, Called
from leukowatch.review.house import Housed
from leukowatch.store import accounts as stored
from leukowatch.store import tokens as stored_tokens
from leukowatch.store.rights import RIGHTS, AccountRole
from leukowatch.store.sessions import log_out as end_session

AccountName = Annotated[str, Path(alias="account", max_length=64)]


@dataclass(frozen=True, slots=True)
class Me:
    """Who asks."""

    name: str
    role: AccountRole
    rights: list[str]


@dataclass(frozen=True, slots=True)
class AccountAnswer:
    """An account."""

    name: str
    role: AccountRole
    active: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AccountAsked:
    """A new account."""

    name: Name
    role: AccountRole
    password: Password


@dataclass(frozen=True, slots=True)
class AccountChange:
    """What changes; what is left out stays."""

    role: AccountRole | None = None
    active: bool | None = None
    password: Password | None = None


@dataclass(frozen=True, slots=True)
class PasswordAsked:
    """One's own new password."""

    password: Password


@dataclass(frozen=True, slots=True)
class TokenAsked:
    """A new token."""

    account: Name
    label: Name
    role: AccountRole


@dataclass(frozen=True, slots=True)
class TokenMade:
    """The token: shown this once, and kept nowhere."""

    token: str


def me(caller: Called) -> Me:
    """Who asks, and what that person or program may do."""
    actor = caller.actor
    return Me(actor.name, actor.role, sorted(act.value for act in RIGHTS[actor.role]))


def log_out(house: Housed, caller: Called, response: Response) -> None:
    """End the session that asks; a token has none."""
    if caller.session:
        end_session(house.writer, caller.session, house.now)
        response.delete_cookie(COOKIE)


def password(asked: PasswordAsked, house: Housed, caller: Called) -> None:
    """Change one's own password; every session of it ends."""
    if not caller.session:
        raise RequestInvalid("a token changes no password: log in on the page")
    stored.set_password(house.writer, caller.actor, caller.actor.name, asked.password, house.now)


def accounts(house: Housed) -> list[AccountAnswer]:
    """Every account."""
    return [
        AccountAnswer(row.name, row.role, row.active, row.created_at) for row in stored.accounts(house.reader)
    ]


def add_account(asked: AccountAsked, house: Housed, caller: Called) -> None:
    """Add an account."""
    stored.add_account(house.writer, caller.actor, asked.name, asked.role, asked.password, house.now)


def change_account(account: AccountName, asked: AccountChange, house: Housed, caller: Called) -> None:
    """Change an account; whoever is logged in with it is logged out."""
    actor = caller.actor
    if asked.role is not None:
        stored.set_role(house.writer, actor, account, asked.role, house.now)
    if asked.active is not None:
        stored.set_active(house.writer, actor, account, active=asked.active, now=house.now)
    if asked.password is not None:
        stored.set_password(house.writer, actor, account, asked.password, house.now)


def tokens(house: Housed) -> list[stored_tokens.TokenRow]:
    """Every token, revoked ones too."""
    return stored_tokens.tokens(house.reader)


def add_token(asked: TokenAsked, house: Housed, caller: Called) -> TokenMade:
    """Make a token for a program."""
    return TokenMade(
        stored_tokens.add_token(house.writer, caller.actor, asked.account, asked.label, asked.role, house.now)
    )


def revoke_token(token: Annotated[int, Path(ge=1, lt=2**63)], house: Housed, caller: Called) -> None:
    """Make a token worthless."""
    stored_tokens.revoke_token(house.writer, caller.actor, token, house.now)
