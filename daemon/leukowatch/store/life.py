"""A slide's life: from its first field to its signed result, told by what the tables hold."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, func, or_, select

from leukowatch.store.queries import parts
from leukowatch.store.review_tables import Decision, Signature, SlideEnd
from leukowatch.store.tables import Analysis, Field, Slide
from leukowatch.store.tally_tables import SlideTally

_SIGNATURES = (
    select(Signature.slide_id, Signature.version, Signature.released, Signature.basis)
    .where(Signature.slide_id.in_(bindparam("slides", expanding=True)))
    .order_by(Signature.id)
)


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


@dataclass(frozen=True, slots=True)
class SignedStage:
    """How far a slide is signed, whatever the clock says."""

    stage: Life | None
    """None where no signature holds: then the slide is read or to be reviewed."""
    version: int
    changed: bool


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
    connection: Connection, idle_minutes: float, now: datetime, slide_ids: Collection[int]
) -> dict[int, SlideLife]:
    """Tell the life of slides, by id.

    Args:
        connection: in a transaction.
        idle_minutes: after its last field a slide waits so long for another.
        now: aware.
        slide_ids: only of these.
    """
    rows = connection.execute(
        select(Slide.id, is_ready(idle_minutes, now).label("ready"))
        .outerjoin(SlideTally, SlideTally.slide_id == Slide.id)
        .where(Slide.id.in_(slide_ids))
    )
    signed = stages(connection, slide_ids)
    unsigned = SignedStage(None, 0, changed=False)
    return {row.id: _life(signed.get(row.id, unsigned), ready=row.ready) for row in rows}


def is_ready(idle_minutes: float, now: datetime) -> ColumnElement[bool]:
    """Whether no field of a slide is waited for, as a rule over `SlideTally` beside its `Slide`."""
    ended = select(SlideEnd.id).where(SlideEnd.slide == Slide.name).exists()
    latest = now - timedelta(minutes=idle_minutes)
    return or_(SlideTally.last_received.is_(None), SlideTally.last_received <= latest, ended)


def stages(connection: Connection, slide_ids: Collection[int]) -> dict[int, SignedStage]:
    """Tell how far slides are signed, by id; those without any signature are left out."""
    found: dict[int, SignedStage] = {}
    for some in parts(slide_ids):
        rows = connection.execute(_SIGNATURES, {"slides": some})
        signatures: dict[int, list[Any]] = defaultdict(list)
        for signature in rows:
            signatures[signature.slide_id].append(signature)
        if not signatures:
            continue
        bases = basis_of(connection, signatures.keys())
        found |= {number: _stage(mine, bases[number]) for number, mine in signatures.items()}
    return found


def _stage(signatures: list[Any], basis: str) -> SignedStage:
    last = signatures[-1]
    version = max((row.version for row in signatures if row.released), default=0)
    changed = last.basis != basis
    if not last.released and not changed:
        return SignedStage(Life.AWAITS_SECOND, version, changed)
    if version == 0:
        return SignedStage(None, version, changed)
    if changed or not last.released:
        return SignedStage(Life.AMENDMENT_NEEDED, version, changed)
    return SignedStage(Life.SIGNED if version == 1 else Life.AMENDED, version, changed)


def _life(signed: SignedStage, *, ready: bool) -> SlideLife:
    return SlideLife(life_of(signed.stage, ready=ready), signed.version, signed.changed)


def life_of(stage: Life | None, *, ready: bool) -> Life:
    """Tell a slide's life from how far it is signed, and whether no field of it is waited for."""
    return stage or (Life.TO_REVIEW if ready else Life.READING)


def _grouped(connection: Connection, statement: Any) -> dict[int, tuple[int, int]]:
    rows = connection.execute(statement.group_by(Field.slide_id))
    return {row[0]: (row[1], int(row[2] or 0)) for row in rows}
