"""The audit trail."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from fastapi import Query

from leukowatch.review.house import Housed
from leukowatch.store.last_acts import last_acts
from leukowatch.store.trail import verify

MOST = 100
"""Acts on a page."""


@dataclass(frozen=True, slots=True)
class AuditAnswer:
    """One act of the trail."""

    id: int
    at: datetime
    who: str
    act: str
    subject: str
    before: str
    after: str
    hash: str


@dataclass(frozen=True, slots=True)
class AuditList:
    """Part of the trail, the last act first."""

    acts: list[AuditAnswer]
    total: int


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether the trail is whole."""

    whole: bool
    findings: list[str] = field(default_factory=list)


def audit(
    house: Housed,
    subject: Annotated[str, Query(max_length=200)] = "",
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> AuditList:
    """Acts, the last one first; `before` a number for those before it."""
    total, rows = last_acts(house.reader, subject=subject, before=before, limit=MOST)
    return AuditList(
        [AuditAnswer(r.id, r.at, r.who, r.act, r.subject, r.before, r.after, r.hash) for r in rows], total
    )


def verification(house: Housed) -> Verification:
    """Follow the whole trail, and hold decisions and signatures against it."""
    proof = verify(house.reader)
    return Verification(not proof.findings, list(proof.findings))
