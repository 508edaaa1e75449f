"""Fields whose files are in the archive: what their pictures are made of."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Engine, select

from leukowatch.errors import ImagePruned, NotFound
from leukowatch.store.queries import reading
from leukowatch.store.tables import Arrival, Field, Slide

ARCHIVE = b"archive/"
"""Begins the place of every archived file below its home."""


@dataclass(frozen=True, slots=True)
class ArchivedField:
    """A field and the place of its file."""

    id: int
    slide_id: int
    slide: str
    """The slide's name."""
    sha256: str
    """Of the file, 64 hexadecimal digits."""
    below_archive: bytes
    """Raw path below the archive."""


def archived_field(engine: Engine, field_id: int) -> ArchivedField:
    """Find a field by its number.

    Raises:
        ImagePruned: its file was deleted for its age.
        NotFound: there is none, or its file is not in the archive: not yet, or lost.
        StoreUnavailable: the database cannot be read.
    """
    columns = (Field.id, Field.slide_id, Slide.name, Field.sha256, Arrival.destination, Arrival.pruned_at)
    with reading(engine) as connection:
        row = connection.execute(
            select(*columns)
            .join(Slide, Slide.id == Field.slide_id)
            .join(Arrival, Arrival.id == Field.arrival_id)
            .where(Field.id == field_id)
        ).first()
    if row is None:
        raise NotFound(f"field {field_id}: there is none of this number")
    if row.pruned_at is not None:
        raise ImagePruned(
            f"field {field_id}: its image was pruned on {row.pruned_at:%Y-%m-%d}; its cells are kept"
        )
    if row.destination is None or not row.destination.startswith(ARCHIVE):
        raise NotFound(f"field {field_id}: its file is not in the archive; try again in a moment")
    return ArchivedField(row.id, row.slide_id, row.name, row.sha256, row.destination.removeprefix(ARCHIVE))


def slide_name(engine: Engine, number: int) -> str:
    """Give the name of a slide.

    Raises:
        NotFound: there is no slide of this number.
        StoreUnavailable: the database cannot be read.
    """
    with reading(engine) as connection:
        found = connection.execute(select(Slide.name).where(Slide.id == number)).scalar()
    if found is None:
        raise NotFound(f"slide {number}: there is none of this number")
    return str(found)


def slide_ids_of(engine: Engine, names: Collection[str]) -> dict[str, int]:
    """Give the numbers of slides by their names; names that no slide has are left out.

    Raises:
        StoreUnavailable: the database cannot be read.
    """
    with reading(engine) as connection:
        rows = connection.execute(select(Slide.name, Slide.id).where(Slide.name.in_(names)))
        return {row.name: row.id for row in rows}
