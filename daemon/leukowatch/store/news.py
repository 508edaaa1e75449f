"""What is new in the store since somebody last looked, in a few index look-ups."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Select, bindparam, func, select

from leukowatch.store.outbox import WAITING
from leukowatch.store.people_tables import Audit
from leukowatch.store.queries import reading
from leukowatch.store.review_tables import Decision, Outbox, Signature
from leukowatch.store.tables import Analysis, Arrival, Field, Flag, Reassignment, Slide


@dataclass(frozen=True, slots=True)
class Mark:
    """How far somebody has looked."""

    last: tuple[int, ...]
    """Highest id of each watched table."""
    unfiled: frozenset[tuple[int, int]]
    """Arrivals still to be moved, each with its slide's id."""
    unsent: frozenset[tuple[int, int, int]]
    """Messages that wait to be sent: id, tries so far, slide's id."""


def mark(engine: Engine) -> Mark:
    """Tell how far the store is now.

    Raises:
        StoreUnavailable: the database cannot be read.
    """
    with reading(engine) as connection:
        last = tuple(int(connection.execute(highest).scalar() or 0) for highest, _ in _WATCHED)
        return Mark(last, _unfiled(connection), _unsent(connection))


def slides_since(engine: Engine, before: Mark, now: Mark) -> set[int]:
    """Give the ids of the slides on which something happened between two marks.

    Raises:
        StoreUnavailable: the database cannot be read.
    """
    found = {slide for _, slide in before.unfiled ^ now.unfiled}
    found |= {slide for _, _, slide in before.unsent ^ now.unsent}
    with reading(engine) as connection:
        for (_, touched), old, new in zip(_WATCHED, before.last, now.last, strict=True):
            if new > old:
                found.update(connection.execute(touched, {"after": old}).scalars())
    return found


def _unfiled(connection: Connection) -> frozenset[tuple[int, int]]:
    rows = connection.execute(select(Arrival.id, Arrival.slide_id).where(Arrival.filed_at.is_(None)))
    return frozenset((row.id, row.slide_id) for row in rows)


def _unsent(connection: Connection) -> frozenset[tuple[int, int, int]]:
    waiting = select(Outbox.id, Outbox.attempts, Signature.slide_id).where(Outbox.state == WAITING)
    rows = connection.execute(waiting.join(Signature, Signature.id == Outbox.signature_id))
    return frozenset((row.id, row.attempts, row.slide_id) for row in rows)


def _watched(table: Any, slide_id: Any, *joins: tuple[Any, Any]) -> tuple[Select[Any], Select[Any]]:
    """Select a table's highest id, and the slides that its rows after one are about."""
    touched = select(slide_id).distinct().select_from(table)
    for target, rule in joins:
        touched = touched.join(target, rule)
    return select(func.max(table.id)), touched.where(table.id > bindparam("after"))


_WATCHED = (
    _watched(Arrival, Arrival.slide_id),
    _watched(Analysis, Field.slide_id, (Field, Field.id == Analysis.field_id)),
    _watched(Decision, Field.slide_id, (Field, Field.id == Decision.field_id)),
    _watched(Signature, Signature.slide_id),
    _watched(Flag, Flag.slide_id),
    _watched(Reassignment, Reassignment.to_slide_id),
    _watched(Audit, Slide.id, (Slide, Slide.name == func.substr(Audit.subject, len("slide ") + 1))),
)
