"""The rows of signatures. The rules of signing are `differential.signing`, which writes through this module."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from leukowatch.store import audit
from leukowatch.store.outbox import queue
from leukowatch.store.people_tables import Account
from leukowatch.store.recounting import lock_slides, restage
from leukowatch.store.review_tables import Signature
from leukowatch.store.rights import Actor, account_of
from leukowatch.store.slides import slide_number

DIGESTED = ("slide_id", "kind", "version", "account_id", "role", "at", "reason", "comment", "needs_second",
            "released", "basis", "result")  # fmt: skip
"""What of a signature its audit row vouches for."""


@dataclass(frozen=True, slots=True)
class SignatureRow:
    """One signature with the result that it is about."""

    id: int
    kind: str
    """`sign`, `second` or `amend`."""
    version: int
    who: str
    account_id: int
    role: str
    at: datetime
    """UTC."""
    reason: str
    """Of an amendment; else empty."""
    comment: str
    needs_second: bool
    released: bool
    """Whether the version is signed in full by this."""
    basis: str
    result: str
    """JSON, as `differential.stored` reads it."""
    seal: str
    """Hash of the signature's row in the audit trail, 64 hexadecimal digits: noted outside, it proves the trail."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A signature that is about to be appended."""

    kind: str
    version: int
    reason: str
    comment: str
    needs_second: bool
    basis: str
    result: str

    @property
    def released(self) -> bool:
        """Whether it signs its version in full."""
        return self.kind == "second" or not self.needs_second


def signatures_of(connection: Connection, slide_id: int) -> list[SignatureRow]:
    """List a slide's signatures, oldest first."""
    columns: tuple[Any, ...] = (
        Signature.id, Signature.kind, Signature.version, Account.name, Signature.account_id, Signature.role,
        Signature.at, Signature.reason, Signature.comment, Signature.needs_second, Signature.released,
        Signature.basis, Signature.result, Signature.seal,
    )  # fmt: skip
    rows = connection.execute(
        select(*columns)
        .join(Account, Account.id == Signature.account_id)
        .where(Signature.slide_id == slide_id)
        .order_by(Signature.id)
    )
    return [SignatureRow(*row) for row in rows]


def append_signature(
    connection: Connection, actor: Actor, slide: str, draft: Draft, targets: Sequence[str], now: datetime
) -> int:
    """Append a signature, tell the audit, and queue the result for other systems where it is released.

    Args:
        connection: of `writing`; the caller has asked for the right, and made sure that the rules allow it.
        actor: the person who signs.
        slide: the slide's name.
        draft: what is signed.
        targets: names of the outbox's targets.
        now: aware.

    Returns:
        The signature's id.
    """
    account, slide_id = account_of(actor), slide_number(connection, slide)
    lock_slides(connection, [slide_id])
    row = asdict(draft) | {
        "slide_id": slide_id, "account_id": account, "role": actor.role.value, "at": now,
        "released": draft.released,
    }  # fmt: skip
    shown = {name: row[name] for name in ("version", "reason", "comment", "released")}
    after = shown | {"signature": digest_of(row)}
    told = audit.record(connection, now, actor.name, draft.kind, f"slide {slide}", after=after)
    full = row | {"audit_id": told.id, "seal": told.hash}
    number = connection.execute(insert(Signature).returning(Signature.id), [full]).scalar_one()
    restage(connection, [slide_id])
    if draft.released:
        queue(connection, number, targets, now)
    return int(number)


def digest_of(row: Mapping[str, Any]) -> str:
    """SHA-256 of a signature, as the audit keeps it."""
    return audit.digest([row[name] for name in DIGESTED])
