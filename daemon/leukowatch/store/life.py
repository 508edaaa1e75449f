"""A slide's life: from its first field to its signed result, told by what the tables hold."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, func, select

from leukowatch.store.review_tables import Decision, Signature, SlideEnd
from leukowatch.store.tables import Analysis, Arrival, Field, Slide


class Life(StrEnum):
    """How far a slide has come."""

    READING = "reading"
    """Fields may still come."""
    TO_REVIEW = "to review"
    """Idle for a while, or its folder has a `.done` file: people may look at it."""
    AWAITS_SECOND = "awaits second signature"
    SIGNED = "signed"
    AMENDMENT_NEEDED = "amendment needed"
    """Signed, and a field or a decision came after that; the signed result stays what it is."""
    AMENDED = "amended"
    """Signed anew."""


@dataclass(frozen=True, slots=True)
class SlideLife:
    """A slide's state, and what it has been signed on."""

    life: Life
    version: int
    """Of the last result that was released; 0 where there is none."""
    changed: bool
    """Whether fields or decisions differ from those of the last signature; False where there is none."""


def basis_of(connection: Connection, slide_ids: Collection[int]) -> dict[int, str]:
    """Tell, for each slide, what a result rests on: any field or decision that comes or goes changes the text."""
    current = _grouped(
        connection,
        select(Field.slide_id, func.count(), func.sum(Analysis.id))
        .join(Analysis, (Analysis.field_id == Field.id) & Analysis.is_current)
        .where(Field.slide_id.in_(slide_ids)),
    )
    decided = _grouped(
        connection,
        select(Field.slide_id, func.count(), func.max(Decision.id))
        .join(Decision, Decision.field_id == Field.id)
        .where(Field.slide_id.in_(slide_ids), ~Decision.second_look),
    )
    nothing = (0, 0)
    return {
        number: "fields {}/{} decisions {}/{}".format(
            *current.get(number, nothing), *decided.get(number, nothing)
        )
        for number in slide_ids
    }


def lives(
    connection: Connection, idle_minutes: float, now: datetime, slide_ids: Collection[int] | None = None
) -> dict[int, SlideLife]:
    """Tell the life of slides, by id.

    Args:
        connection: in a transaction.
        idle_minutes: after its last field a slide waits so long for another.
        now: aware.
        slide_ids: only these; all, where it is not given.
    """
    slides = select(
        Slide.id,
        select(SlideEnd.id).where(SlideEnd.slide == Slide.name).exists().label("ended"),
        select(func.max(Arrival.received_at))
        .where(Arrival.slide_id == Slide.id)
        .scalar_subquery()
        .label("last"),
    )
    signed = select(Signature.slide_id, Signature.version, Signature.released, Signature.basis).order_by(
        Signature.id
    )
    if slide_ids is not None:
        slides = slides.where(Slide.id.in_(slide_ids))
        signed = signed.where(Signature.slide_id.in_(slide_ids))
    rows = connection.execute(slides).all()
    signatures: dict[int, list[Any]] = defaultdict(list)
    for signature in connection.execute(signed):
        signatures[signature.slide_id].append(signature)
    bases = basis_of(connection, signatures.keys())
    latest = now - timedelta(minutes=idle_minutes)
    return {
        row.id: _life(
            ready=row.ended or row.last is None or row.last <= latest,
            signatures=signatures[row.id],
            basis=bases.get(row.id, ""),
        )
        for row in rows
    }  # fmt: skip


def _life(*, ready: bool, signatures: list[Any], basis: str) -> SlideLife:
    if not signatures:
        return SlideLife(Life.TO_REVIEW if ready else Life.READING, 0, changed=False)
    last = signatures[-1]
    version = max((row.version for row in signatures if row.released), default=0)
    changed = last.basis != basis
    if not last.released and not changed:
        return SlideLife(Life.AWAITS_SECOND, version, changed)
    if version == 0:
        return SlideLife(Life.TO_REVIEW, version, changed)
    if changed or not last.released:
        return SlideLife(Life.AMENDMENT_NEEDED, version, changed)
    return SlideLife(Life.SIGNED if version == 1 else Life.AMENDED, version, changed)


def _grouped(connection: Connection, statement: Any) -> dict[int, tuple[int, int]]:
    rows = connection.execute(statement.group_by(Field.slide_id))
    return {row[0]: (row[1], int(row[2] or 0)) for row in rows}
