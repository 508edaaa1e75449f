"""Proves the audit trail, and what it vouches for: decisions, signatures, and files that were set aside.

Found are: a row changed, removed, inserted or moved; a decision or signature that differs from what the trail
says, or that it does not know; triggers that are gone; an end that was cut off, as far as a signature or a printed
report kept a later seal. An end cut off together with every signature since is found by a printed seal alone.
"""

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, select, text

from leukowatch.store import reviews, set_aside, signatures
from leukowatch.store.audit import START, AuditRow
from leukowatch.store.people_tables import Audit
from leukowatch.store.queries import reading
from leukowatch.store.review_tables import Decision, Signature
from leukowatch.store.tables import Arrival

GUARDED = ("audit", "decision", "signature")
"""Tables that their triggers keep append-only."""
_TRIGGERS = {
    "sqlite": ("SELECT name FROM sqlite_master WHERE type = 'trigger'", ("update", "delete", "replace")),
    "postgresql": ("SELECT tgname FROM pg_trigger WHERE tgenabled <> 'D'", ("update", "truncate")),
}


@dataclass(frozen=True, slots=True)
class Proof:
    """What `verify` found."""

    rows: int
    """Of the trail."""
    head: str
    """Hash of the last row; whoever notes it outside can prove later that nothing before it was cut off."""
    findings: tuple[str, ...]
    """What is wrong, in sentences; empty where the trail is whole."""


def verify(engine: Engine, seal: str = "") -> Proof:
    """Prove the trail, and what it vouches for.

    Args:
        engine: to read from.
        seal: a hash that was noted outside, as reports print it; empty for none.

    Raises:
        StoreUnavailable: the database cannot be read.
    """
    columns: tuple[Any, ...] = tuple(getattr(Audit, name) for name in AuditRow.__slots__)
    with reading(engine) as connection:
        rows = [AuditRow(*row) for row in connection.execute(select(*columns).order_by(Audit.id))]
        findings = [*_missing_triggers(connection), *_broken_links(rows)]
        findings += _wrong_decisions(connection, rows)
        findings += _wrong_signatures(connection, rows)
        findings += _wrong_files(connection, rows)
    if seal and seal not in {row.hash for row in rows}:
        findings.append(f"no row has the seal {seal}: the trail's end was cut off, or it is another trail's")
    return Proof(len(rows), rows[-1].hash if rows else START, tuple(findings))


def _missing_triggers(connection: Connection) -> list[str]:
    statement, events = _TRIGGERS[connection.dialect.name]
    there = set(connection.execute(text(statement)).scalars())
    wanted = [f"{table}_no_{event}" for table in GUARDED for event in events]
    return [f"the trigger {name} is gone: rows could be changed" for name in wanted if name not in there]


def _broken_links(rows: list[AuditRow]) -> list[str]:
    """Follow the chain."""
    findings, number, previous = [], 1, START
    for row in rows:
        if row.id != number:
            findings.append(
                f"audit row {row.id} stands where row {number} should: rows were removed or moved"
            )
        if row.previous_hash != previous:
            findings.append(f"audit row {row.id} does not follow from the one before it")
        if row.sealed() != row.hash:
            findings.append(f"audit row {row.id} was changed ({row.at:%Y-%m-%d %H:%M} {row.who}: {row.act})")
        number, previous = row.id + 1, row.hash
    return findings


def _wrong_decisions(connection: Connection, rows: list[AuditRow]) -> list[str]:
    acts: dict[int, list[dict[str, Any]]] = defaultdict(list)
    columns: tuple[Any, ...] = tuple(getattr(Decision, name) for name in ("audit_id", *reviews.DIGESTED))
    for row in connection.execute(select(*columns).order_by(Decision.id)):
        acts[row.audit_id].append(dict(zip(reviews.DIGESTED, row[1:], strict=True)))
    return _against(rows, "decisions", {number: reviews.digest_of(made) for number, made in acts.items()})


def _wrong_signatures(connection: Connection, rows: list[AuditRow]) -> list[str]:
    columns: tuple[Any, ...] = tuple(
        getattr(Signature, name) for name in ("audit_id", "seal", *signatures.DIGESTED)
    )
    found = connection.execute(select(*columns).order_by(Signature.id)).all()
    made = [dict(zip(("audit_id", "seal", *signatures.DIGESTED), row, strict=True)) for row in found]
    seals = {row.id: row.hash for row in rows}
    unsealed = [
        f"a signature's seal is not that of audit row {row['audit_id']}: rows were changed or cut off"
        for row in made
        if seals.get(row["audit_id"]) != row["seal"]
    ]
    digests = {row["audit_id"]: signatures.digest_of(row) for row in made}
    return unsealed + _against(rows, "signature", digests)


def _wrong_files(connection: Connection, rows: list[AuditRow]) -> list[str]:
    columns: tuple[Any, ...] = (Arrival.set_aside_id, Arrival.id, Arrival.printable)
    found = connection.execute(select(*columns).where(Arrival.set_aside_id.is_not(None)))
    return _against(rows, "arrival", {row[0]: set_aside.digest_of(row[1], row[2]) for row in found})


def _against(rows: list[AuditRow], what: str, made: dict[int, str]) -> list[str]:
    """Hold what a table has against what the trail says of it."""
    told = {row.id: found for row in rows if (found := _told(row, what)) is not None}
    return [
        f"audit row {number}: {_fault(what, told.get(number), made.get(number))}"
        for number in sorted(told.keys() | made.keys())
        if told.get(number) != made.get(number)
    ]


def _told(row: AuditRow, what: str) -> str | None:
    """Give the digest that a row keeps of what was written with it."""
    after = json.loads(row.after) if row.after.startswith("{") else {}
    return after.get(what)


def _fault(what: str, told: str | None, made: str | None) -> str:
    if made is None:
        return f"removed since: {what}"
    return f"changed since: {what}" if told else f"it knows nothing of its {what}"
