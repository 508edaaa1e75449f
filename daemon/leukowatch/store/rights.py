"""Who may do what: the one table of roles and acts, asked by the store's functions and by the page alike."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, select

from leukowatch.errors import NotAllowed
from leukowatch.store.people_tables import Account


class AccountRole(StrEnum):
    """What an account is for."""

    READER = "reader"
    TECHNOLOGIST = "technologist"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"


class Act(StrEnum):
    """What can be allowed or not."""

    READ = "read"
    """See slides, cells and results."""
    EXPORT = "export"
    """Take results away in a file."""
    REVIEW = "review"
    """Decide about cells, and undo one's own decisions."""
    SIGN = "sign"
    WORKLIST = "worklist"
    """Record what the laboratory's list tells."""
    SECOND = "second"
    """Give the second signature."""
    SET_ASIDE = "set-aside"
    """Judge a quarantined file unusable."""
    AMEND = "amend"
    """Sign anew what was signed."""
    AUDIT = "audit"
    """Read the audit trail."""
    MANAGE = "manage"
    """Add and change accounts, tokens and classes."""


_READER = frozenset({Act.READ, Act.EXPORT})
_TECHNOLOGIST = _READER | {Act.REVIEW, Act.SIGN}

RIGHTS: dict[AccountRole, frozenset[Act]] = {
    AccountRole.READER: _READER,
    AccountRole.TECHNOLOGIST: _TECHNOLOGIST,
    AccountRole.SUPERVISOR: _TECHNOLOGIST
    | {
        Act.SECOND,
        Act.AMEND,
        Act.SET_ASIDE,
        Act.AUDIT,
        Act.WORKLIST,
    },
    AccountRole.ADMINISTRATOR: frozenset({Act.READ, Act.AUDIT, Act.MANAGE, Act.WORKLIST}),
}
"""Who keeps the accounts signs no results, and who signs results keeps no accounts."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person who is logged in, a program with a token, or whoever has the command line."""

    name: str
    role: AccountRole
    account_id: int | None
    """None for the command line, which works with the rights of the service's user."""

    def may(self, act: Act) -> bool:
        """Whether the role has this right."""
        return act in RIGHTS[self.role]


def operator(user: str) -> Actor:
    """Whoever runs a command on this machine, as the administrator that the file system makes of him."""
    return Actor(f"{user} (command line)", AccountRole.ADMINISTRATOR, None)


def require(actor: Actor, act: Act) -> None:
    """Refuse what the actor's role may not do.

    Raises:
        NotAllowed: names the person, the role and the act.
    """
    if not actor.may(act):
        raise NotAllowed(f"{actor.name}: a {actor.role} may not {act}; ask an administrator for another role")


def acting(connection: Connection, actor: Actor, act: Act) -> None:
    """Refuse as `require`, and by the account as it is now, in the transaction that writes.

    Raises:
        NotAllowed: the actor may not, or the account was deactivated or got another role meanwhile.
    """
    require(actor, act)
    if actor.account_id is None:
        return
    found = connection.execute(
        select(Account.role, Account.active).where(Account.id == actor.account_id)
    ).first()
    if found is None or not found.active:
        raise NotAllowed(f"{actor.name}: this account is not active; ask an administrator")
    require(Actor(actor.name, AccountRole(found.role), actor.account_id), act)


def account_of(actor: Actor) -> int:
    """Give the id of the account that answers for a decision or a signature.

    Raises:
        NotAllowed: the command line decides about no cells.
    """
    if actor.account_id is None:
        raise NotAllowed(f"{actor.name}: only a person with an account may do this; log in on the page")
    return actor.account_id
