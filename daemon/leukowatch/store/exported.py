"""The cells of a slide as an export tells them, one after another."""

from dataclasses import dataclass

from sqlalchemy import Engine, column, select, table

from leukowatch.store.queries import reading


@dataclass(frozen=True, slots=True)
class CellLine:
    """One cell, as the view `cell_result` has it."""

    field: str
    """Printable path below the inbox."""
    xmin: float
    """Pixels of the upright field, as the other three."""
    ymin: float
    xmax: float
    ymax: float
    first_class: str | None
    """The bundle's; None for a cell that a person added, as the next three."""
    first_probability: float | None
    second_class: str | None
    second_probability: float | None
    cell_class: str | None
    """What holds now; None where it waits for a person."""
    reviewed: bool
    """Whether a person has looked at it."""
    counts: bool
    unclassified: bool


_COLUMNS = [name if name != "cell_class" else "class" for name in CellLine.__slots__]
_VIEW = table("cell_result", column("slide"), *(column(name) for name in _COLUMNS))


def cell_lines(engine: Engine, slide: str) -> list[CellLine]:
    """List a slide's cells as they are now, field by field; empty for a slide that does not exist.

    Raises:
        StoreUnavailable: the database cannot be read.
    """
    wanted = select(*(_VIEW.c[name] for name in _COLUMNS)).where(_VIEW.c.slide == slide)
    with reading(engine) as connection:
        return [
            CellLine(*row[:10], bool(row.reviewed), bool(row.counts), bool(row.unclassified))
            for row in connection.execute(wanted)
        ]
