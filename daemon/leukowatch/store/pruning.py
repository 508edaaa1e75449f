"""Which archived images may be deleted for their age: those of signed slides. The rows remember it.

A row is marked, in the transaction that makes sure that its slide is signed, before its file is deleted. Only the
group that was marked last can have files left by a crash.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Select, func, select, update
from sqlalchemy.orm import aliased

from leukowatch.errors import NotFound
from leukowatch.store.life import Life, lives
from leukowatch.store.outcome import Status
from leukowatch.store.queries import reading
from leukowatch.store.tables import Arrival, Field, Slide
from leukowatch.store.writing import writing

_ARCHIVED = [each.value for each in (Status.COUNTED, Status.NOT_ASSESSABLE, Status.DUPLICATE)]
_SETTLED = {Life.SIGNED, Life.AMENDED}


@dataclass(frozen=True, slots=True)
class Archived:
    """An image in the archive."""

    arrival_id: int
    slide_id: int
    slide: str
    """The slide that it belongs to now."""
    destination: bytes
    """Raw path below the home."""
    size: int
    """Bytes."""
    mtime_ns: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Old:
    """Images that are old enough."""

    signed: list[Archived]
    unsigned: list[Archived]
    """These stay."""


def signed_slides(connection: Connection, among: Collection[Archived], now: datetime) -> set[int]:
    """Give the ids of the images' slides whose result is signed in full, with nothing changed since."""
    numbers = {image.slide_id for image in among}
    return {number for number, slide in lives(connection, 0, now, numbers).items() if slide.life in _SETTLED}


def old_images(engine: Engine, before: datetime, slides: Collection[str], now: datetime) -> Old:
    """Find archived images taken before a moment.

    Args:
        engine: to read from.
        before: aware.
        slides: only of these; of all where it is empty.
        now: aware.

    Raises:
        NotFound: there is no such slide.
        StoreUnavailable: the database cannot be read.
    """
    with reading(engine) as connection:
        known = set(connection.execute(select(Slide.name).where(Slide.name.in_(slides))).scalars())
        missing = [name for name in slides if name not in known]
        if missing:
            raise NotFound(f"{missing[0]}: there is no such slide; `leukowatch slides` lists them")
        wanted = _archived().where(Arrival.received_at < before, Arrival.pruned_at.is_(None))
        if slides:
            wanted = wanted.where(Slide.name.in_(slides))
        found = [Archived(*row) for row in connection.execute(wanted)]
        signed = signed_slides(connection, found, now)
    return Old(
        [image for image in found if image.slide_id in signed],
        [image for image in found if image.slide_id not in signed],
    )


def mark_pruned(engine: Engine, images: Collection[Archived], now: datetime) -> list[Archived]:
    """Mark images whose slides are still signed; their files are deleted next.

    Args:
        engine: of `open_writer`.
        images: a group.
        now: aware; names the group.

    Returns:
        Those that were marked.

    Raises:
        StoreUnavailable: none was.
    """
    with writing(engine) as connection:
        numbers = [image.arrival_id for image in images]
        rows = connection.execute(_archived().where(Arrival.id.in_(numbers), Arrival.pruned_at.is_(None)))
        unmarked = [Archived(*row) for row in rows]
        signed = signed_slides(connection, unmarked, now)
        found = [image for image in unmarked if image.slide_id in signed]
        _set(connection, found, now)
    return found


def unmark(engine: Engine, images: Collection[Archived]) -> None:
    """Take marks back, of files that could not be deleted.

    Raises:
        StoreUnavailable: none was.
    """
    with writing(engine) as connection:
        _set(connection, images, None)


def last_pruned(engine: Engine) -> list[Archived]:
    """List the group that was marked last, but for those whose place another file has taken since.

    Raises:
        StoreUnavailable: the database cannot be read.
    """
    last = select(func.max(Arrival.pruned_at)).scalar_subquery()
    later = aliased(Arrival)
    taken = (
        select(later.id).where(later.destination == Arrival.destination, later.pruned_at.is_(None)).exists()
    )
    with reading(engine) as connection:
        rows = connection.execute(_archived().where(Arrival.pruned_at == last, ~taken))
        return [Archived(*row) for row in rows]


def _archived() -> Select[Any]:
    """Select `Archived`s, oldest first; the caller narrows."""
    columns: tuple[Any, ...] = (
        Arrival.id,
        Slide.id,
        Slide.name,
        Arrival.destination,
        Arrival.size,
        Arrival.mtime_ns,
        Arrival.sha256,
    )
    return (
        select(*columns)
        .outerjoin(Field, Field.arrival_id == Arrival.id)
        .join(Slide, Slide.id == func.coalesce(Field.slide_id, Arrival.slide_id))
        .where(Arrival.destination.is_not(None), Arrival.status.in_(_ARCHIVED))
        .order_by(Arrival.id)
    )


def _set(connection: Connection, images: Collection[Archived], moment: datetime | None) -> None:
    numbers = [image.arrival_id for image in images]
    connection.execute(update(Arrival).where(Arrival.id.in_(numbers)).values(pruned_at=moment))
