"""The accounts of people. Each change is told to the audit, without passwords."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from leukowatch.errors import NotFound, RequestInvalid
from leukowatch.store import audit
from leukowatch.store.passwords import hashed
from leukowatch.store.people_tables import Account, WebSession
from leukowatch.store.queries import reading
from leukowatch.store.rights import AccountRole, Act, Actor, acting
from leukowatch.store.writing import utc, writing

_NAME = re.compile(r"\w[\w.@-]{0,63}")


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account."""

    id: int
    name: str
    role: AccountRole
    active: bool
    created_at: datetime
    """UTC."""


def accounts(engine: Engine) -> list[AccountRow]:
    """List every account, by name.

    Raises:
        StoreUnavailable: the database cannot be read.
    """
    columns = (Account.id, Account.name, Account.role, Account.active, Account.created_at)
    with reading(engine) as connection:
        rows = connection.execute(select(*columns).order_by(Account.name))
        return [
            AccountRow(row.id, row.name, AccountRole(row.role), row.active, row.created_at) for row in rows
        ]


def somebody_may_log_in(engine: Engine) -> bool:
    """Whether there is an active account at all."""
    with reading(engine) as connection:
        return bool(connection.execute(select(func.count()).where(Account.active)).scalar_one())


def add_account(
    engine: Engine, actor: Actor, name: str, role: AccountRole, password: str, now: datetime | None = None
) -> int:
    """Add an account.

    Returns:
        Its id.

    Raises:
        RequestInvalid: the name is taken or has other signs than letters, digits and `._@-`, or the password is
            too short or too long.
        NotAllowed: the actor's role has not the right `manage`.
        StoreUnavailable: nothing was written.
    """
    if not _NAME.fullmatch(name):
        raise RequestInvalid(f"{name!r} is no name for an account: 1 to 64 letters, digits and . _ @ -")
    secret, moment = hashed(password), utc(now)
    with writing(engine) as connection:
        acting(connection, actor, Act.MANAGE)
        if connection.execute(select(Account.id).where(Account.name == name)).first():
            raise RequestInvalid(f"{name}: there is an account of this name; give another name")
        row = {
            "name": name,
            "role": role.value,
            "password_hash": secret,
            "active": True,
            "created_at": moment,
        }
        number = connection.execute(insert(Account).returning(Account.id), [row]).scalar_one()
        after = {"role": role.value, "active": True}
        audit.record(connection, moment, actor.name, "add account", f"account {name}", after=after)
        return int(number)


def set_active(engine: Engine, actor: Actor, name: str, *, active: bool, now: datetime | None = None) -> None:
    """Let an account log in, or no more; whoever is logged in with it is logged out, and its tokens fail.

    Raises:
        NotFound: there is no such account.
        NotAllowed, StoreUnavailable: as `add_account`.
    """
    with writing(engine) as connection:
        _change(connection, actor, name, {"active": active}, "activate" if active else "deactivate", utc(now))


def set_role(engine: Engine, actor: Actor, name: str, role: AccountRole, now: datetime | None = None) -> None:
    """Give an account another role, at once in force.

    Raises:
        NotFound, NotAllowed, StoreUnavailable: as `set_active`.
    """
    with writing(engine) as connection:
        _change(connection, actor, name, {"role": role.value}, "set role", utc(now))


def set_password(engine: Engine, actor: Actor, name: str, password: str, now: datetime | None = None) -> None:
    """Give an account another password; whoever is logged in with it is logged out.

    People may change their own; another's takes the right `manage`.

    Raises:
        RequestInvalid: it is too short or too long.
        NotFound, NotAllowed, StoreUnavailable: as `set_active`.
    """
    secret = hashed(password)
    act = Act.READ if actor.account_id is not None and actor.name == name else Act.MANAGE
    with writing(engine) as connection:
        _change(connection, actor, name, {"password_hash": secret}, "set password", utc(now), act)


def _change(
    connection: Connection, actor: Actor, name: str, values: dict[str, Any], told: str, now: datetime,
    act: Act = Act.MANAGE,
) -> None:  # fmt: skip
    """Change an account, end its sessions and tell the audit what may be told."""
    acting(connection, actor, act)
    found = connection.execute(
        select(Account.id, Account.role, Account.active).where(Account.name == name)
    ).first()
    if found is None:
        raise NotFound(f"{name}: there is no such account; `leukowatch user list` lists them")
    shown = [key for key in values if key != "password_hash"]
    before = {key: getattr(found, key) for key in shown} or None
    after = {key: values[key] for key in shown} or None
    connection.execute(update(Account).where(Account.id == found.id).values(**values))
    connection.execute(delete(WebSession).where(WebSession.account_id == found.id))
    audit.record(connection, now, actor.name, told, f"account {name}", before=before, after=after)
