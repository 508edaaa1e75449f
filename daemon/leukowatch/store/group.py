"""Records one group of outcomes inside the ledger's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from leukowatch.store.analyses import Analyses, BundleRef, inserted
from leukowatch.store.outcome import Outcome, Received, Status
from leukowatch.store.recounting import count_in
from leukowatch.store.slides import DUPLICATE_ELSEWHERE, add_flags, slide_ids
from leukowatch.store.soundness import storable
from leukowatch.store.tables import Arrival, Field, Slide

_IDENTITY = (Arrival.relative, Arrival.device, Arrival.inode, Arrival.size, Arrival.mtime_ns, Arrival.sha256)
"""What tells that a file taken again is the same one."""
_UNFILED = select(Arrival.id, *_IDENTITY).where(
    Arrival.home == bindparam("of"),
    Arrival.filed_at.is_(None),
    Arrival.relative.in_(bindparam("wanted", expanding=True)),
)
_ORIGINALS = (
    select(Field.sha256, Field.arrival_id, Arrival.printable, Field.slide_id, Slide.name)
    .join(Arrival, Arrival.id == Field.arrival_id)
    .join(Slide, Slide.id == Field.slide_id)
    .where(Field.sha256.in_(bindparam("wanted", expanding=True)))
)
"""Statements are made once: making them anew was most of what a small group cost."""


@dataclass(frozen=True, slots=True)
class _Original:
    """A content's field, as a duplicate needs to know it."""

    arrival_id: int
    printable: str
    slide_id: int
    slide: str


class Group:
    """One transaction's work: looks up what is known, then writes table by table."""

    def __init__(self, connection: Connection, bundle: BundleRef, now: datetime, home: str = "") -> None:
        self._connection = connection
        self._now = now
        self._home = home
        self._analyses = Analyses(connection, bundle, now)

    def record(self, outcomes: Sequence[Outcome]) -> list[int]:
        """Write the outcomes.

        Returns:
            The id of each outcome's arrival, in the same order.
        """
        sound = [storable(outcome, self._analyses.classes) for outcome in outcomes]
        places = self._still_unfiled(sound)
        fresh: dict[tuple[Any, ...], Outcome] = {}
        for each in sound:
            if _identity(each.received) not in places:
                fresh.setdefault(_identity(each.received), each)
        first, repeated = _split(list(fresh.values()), self._originals(sound))
        slides = slide_ids(self._connection, _slides([*first, *repeated]), self._now)

        written = self._write_arrivals(first, [_arrival_row(each, slides) for each in first])
        places |= written
        fields = self._write_fields([each for each in first if each.result is not None], places, slides)

        originals = self._originals(repeated)
        rows = [_duplicate_row(each, slides, originals) for each in repeated]
        again = self._write_arrivals(repeated, rows)
        self._flag_elsewhere([each.received for each in repeated], slides, originals)
        count_in(self._connection, fields, [*written.values(), *again.values()])
        places |= again
        return [places[_identity(each.received)] for each in sound]

    def _still_unfiled(self, outcomes: Sequence[Outcome]) -> dict[tuple[Any, ...], int]:
        """Find the files that are recorded and wait for their move: identity → arrival's id."""
        wanted = [outcome.received.relative for outcome in outcomes]
        rows = self._connection.execute(_UNFILED, {"of": self._home, "wanted": wanted})
        return {tuple(row[1:]): row.id for row in rows}

    def _write_arrivals(
        self, outcomes: Sequence[Outcome], rows: Sequence[dict[str, Any]]
    ) -> dict[tuple[Any, ...], int]:
        numbers = inserted(self._connection, Arrival, [row | {"home": self._home} for row in rows])
        return {_identity(each.received): number for each, number in zip(outcomes, numbers, strict=True)}

    def _originals(self, outcomes: Sequence[Outcome]) -> dict[str, _Original]:
        """Find the fields that have the group's contents, by hash."""
        wanted = {outcome.received.sha256 for outcome in outcomes if outcome.result is not None}
        if not wanted:
            return {}
        rows = self._connection.execute(_ORIGINALS, {"wanted": list(wanted)})
        return {row[0]: _Original(*row[1:]) for row in rows}

    def _write_fields(
        self, outcomes: Sequence[Outcome], places: dict[tuple[Any, ...], int], slides: dict[str, int]
    ) -> list[int]:
        """Write fields, their first analyses and cells, of outcomes whose arrivals are written; give their ids."""
        pairs = [
            (places[_identity(each.received)], each.received, each.result) for each in outcomes if each.result
        ]
        numbers = inserted(self._connection, Field, [
            {"arrival_id": number, "slide_id": slides[received.slide], "sha256": received.sha256,
             "width": result.width, "height": result.height}
            for number, received, result in pairs
        ])  # fmt: skip
        self._analyses.write(
            [(number, result) for number, (_, _, result) in zip(numbers, pairs, strict=True)]
        )
        return numbers

    def _flag_elsewhere(
        self, repeated: Sequence[Received], slides: dict[str, int], originals: dict[str, _Original]
    ) -> None:
        """Flag both slides of each content that came under two."""
        flags = []
        for received in repeated:
            original = originals[str(received.sha256)]
            if original.slide_id == slides[received.slide]:
                continue
            said = f"{received.printable} (slide {received.slide}) has the same content as"
            detail = f"{said} {original.printable} (slide {original.slide}), which is the one counted"
            flags += [
                (slide, DUPLICATE_ELSEWHERE, detail) for slide in (original.slide_id, slides[received.slide])
            ]
        add_flags(self._connection, flags, self._now)


def _identity(received: Received) -> tuple[Any, ...]:
    return tuple(getattr(received, column.key) for column in _IDENTITY)


def _slides(outcomes: Sequence[Outcome]) -> dict[str, bool]:
    """Name the group's slides; one is unassigned only where every file of it came so."""
    named: dict[str, bool] = {}
    for outcome in outcomes:
        file = outcome.received
        named[file.slide] = named.get(file.slide, True) and file.unassigned
    return named


def _split(
    outcomes: Sequence[Outcome], originals: dict[str, _Original]
) -> tuple[list[Outcome], list[Outcome]]:
    """Part the outcomes into the first of each content, with what is quarantined, and the repeated."""
    seen: set[str | None] = set(originals)
    first, repeated = [], []
    for outcome in outcomes:
        if outcome.result is None:
            first.append(outcome)
        elif outcome.received.sha256 in seen:
            repeated.append(outcome)
        else:
            first.append(outcome)
            seen.add(outcome.received.sha256)
    return first, repeated


def _arrival_row(outcome: Outcome, slides: dict[str, int]) -> dict[str, Any]:
    received, result = outcome.received, outcome.result
    if result is None:
        status, reason = Status.QUARANTINED, outcome.reason
    else:
        status = Status.COUNTED if result.assessable else Status.NOT_ASSESSABLE
        reason = result.reason
    return {
        "slide_id": slides[received.slide], "relative": received.relative, "printable": received.printable,
        "sha256": received.sha256, "size": received.size, "device": received.device, "inode": received.inode,
        "mtime_ns": received.mtime_ns, "received_at": received.received_at,
        "status": status.value, "reason": reason, "detail": outcome.detail, "duplicate_of_id": None,
    }  # fmt: skip


def _duplicate_row(
    outcome: Outcome, slides: dict[str, int], originals: dict[str, _Original]
) -> dict[str, Any]:
    original = originals[str(outcome.received.sha256)]
    row = _arrival_row(replace(outcome, result=None, reason="", detail=""), slides)
    return row | {"status": Status.DUPLICATE.value, "duplicate_of_id": original.arrival_id}
