"""The rows of signatures. The rules of signing are `differential.signing`, which writes through this module."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from leukowatch.store import audit
from leukowatch.store.outbox import queue
from leukowatch.store.people_tables import Account
from leukowatch.store.review_tables import Signature
from leukowatch.store.rights import Actor, account_of
from leukowatch.store.slides import slide_number


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
    rows = connection.execute(
        select(
            Signature.id, Signature.kind, Signature.version, Account.name, Signature.account_id,
            Signature.role, Signature.at, Signature.reason, Signature.comment, Signature.needs_second,
            Signature.released, Signature.basis, Signature.result, Signature.seal,
        )
        .join(Account, Account.id == Signature.account_id)
        .where(Signature.slide_id == slide_id)
        .order_by(Signature.id)
    )  # fmt: skip
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
    account = account_of(actor)
    after = {
        "kind": draft.kind, "version": draft.version, "reason": draft.reason, "comment": draft.comment,
        "released": draft.released, "basis": draft.basis, "result": audit.digest(draft.result),
    }  # fmt: skip
    told = audit.record(connection, now, actor.name, draft.kind, f"slide {slide}", after=after)
    row = {
        "slide_id": slide_number(connection, slide), "kind": draft.kind, "version": draft.version,
        "account_id": account, "role": actor.role.value, "at": now, "reason": draft.reason,
        "comment": draft.comment, "needs_second": draft.needs_second, "released": draft.released,
        "basis": draft.basis, "result": draft.result, "audit_id": told.id, "seal": told.hash,
    }  # fmt: skip
    number = connection.execute(insert(Signature).returning(Signature.id), [row]).scalar_one()
    if draft.released:
        queue(connection, number, targets, now)
    return int(number)
