"""Tokens of programs that use the HTTP API: each in a person's name, with a role that may be narrower."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, insert, select, update

from leukowatch.errors import NotFound, RequestInvalid
from leukowatch.store import audit
from leukowatch.store.people_tables import Account, ApiToken
from leukowatch.store.queries import reading
from leukowatch.store.rights import RIGHTS, AccountRole, Act, Actor, acting
from leukowatch.store.sessions import hash_of
from leukowatch.store.writing import utc, writing

LONGEST_LABEL = 100
"""Characters."""


@dataclass(frozen=True, slots=True)
class TokenRow:
    """One token, without the token."""

    id: int
    account: str
    label: str
    role: AccountRole
    created_at: datetime
    """UTC."""
    revoked_at: datetime | None


def tokens(engine: Engine) -> list[TokenRow]:
    """List every token, revoked ones too, oldest first.

    Raises:
        StoreUnavailable: the database cannot be read.
    """
    statement = select(
        ApiToken.id, Account.name, ApiToken.label, ApiToken.role, ApiToken.created_at, ApiToken.revoked_at
    ).join(Account, Account.id == ApiToken.account_id)
    with reading(engine) as connection:
        rows = connection.execute(statement.order_by(ApiToken.id))
        return [
            TokenRow(row.id, row.name, row.label, AccountRole(row.role), row.created_at, row.revoked_at)
            for row in rows
        ]


def add_token(
    engine: Engine, actor: Actor, account: str, label: str, role: AccountRole, now: datetime | None = None
) -> str:
    """Make a token for a program.

    Args:
        engine: of `open_writer`.
        actor: who makes it.
        account: name of the person in whose name the program acts.
        label: what it is for, 1 to 100 characters.
        role: what it may do; nothing that the account itself may not.
        now: aware; the time, where it is not given.

    Returns:
        The token, `lw_` and 43 characters; kept nowhere, so it cannot be shown again.

    Raises:
        RequestInvalid: the label is blank or too long, or the role goes beyond the account's.
        NotFound: there is no such active account.
        NotAllowed: the actor's role has not the right `manage`.
        StoreUnavailable: nothing was written.
    """
    if not label.strip() or len(label) > LONGEST_LABEL:
        raise RequestInvalid(f"say what the token is for, in 1 to {LONGEST_LABEL} characters")
    token, moment = f"lw_{secrets.token_urlsafe(32)}", utc(now)
    with writing(engine) as connection:
        acting(connection, actor, Act.MANAGE)
        found = connection.execute(
            select(Account.id, Account.role).where(Account.name == account, Account.active)
        ).first()
        if found is None:
            raise NotFound(f"{account}: there is no such active account; `leukowatch user list` lists them")
        if not RIGHTS[role] <= RIGHTS[AccountRole(found.role)]:
            raise RequestInvalid(
                f"{account} is a {found.role}: a token of the role {role} would go beyond that"
            )
        row = {
            "account_id": found.id, "label": label, "role": role.value, "token_hash": hash_of(token),
            "created_at": moment,
        }  # fmt: skip
        number = connection.execute(insert(ApiToken).returning(ApiToken.id), [row]).scalar_one()
        after = {"account": account, "label": label, "role": role.value}
        audit.record(connection, moment, actor.name, "add token", f"token {number}", after=after)
    return token


def revoke_token(engine: Engine, actor: Actor, number: int, now: datetime | None = None) -> None:
    """Make a token worthless; one that is revoked already stays so.

    Raises:
        NotFound: there is no such token.
        NotAllowed, StoreUnavailable: as `add_token`.
    """
    moment = utc(now)
    with writing(engine) as connection:
        acting(connection, actor, Act.MANAGE)
        found = connection.execute(
            select(ApiToken.label, ApiToken.revoked_at).where(ApiToken.id == number)
        ).first()
        if found is None:
            raise NotFound(f"token {number}: there is none; `leukowatch token list` lists them")
        if found.revoked_at is None:
            connection.execute(update(ApiToken).where(ApiToken.id == number).values(revoked_at=moment))
            before = {"label": found.label}
            audit.record(connection, moment, actor.name, "revoke token", f"token {number}", before=before)


def token_actor(engine: Engine, token: str) -> Actor | None:
    """Give who acts with a token; None where it is unknown or revoked, or its account not active.

    Every act is also asked of the account's own role when it is written.

    Raises:
        StoreUnavailable: the database cannot be read.
    """
    statement = (
        select(Account.id, Account.name, ApiToken.label, ApiToken.role)
        .join(Account, Account.id == ApiToken.account_id)
        .where(ApiToken.token_hash == hash_of(token), ApiToken.revoked_at.is_(None), Account.active)
    )
    with reading(engine) as connection:
        found = connection.execute(statement).first()
    if found is None:
        return None
    return Actor(f"{found.name} (token {found.label})", AccountRole(found.role), found.id)
