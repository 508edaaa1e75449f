"""The cells of a slide as an export tells them, one after another."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, RowMapping, column, select, table

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


_PLAIN = ("field", "xmin", "ymin", "xmax", "ymax", "first_class", "first_probability", "second_class",
          "second_probability")  # fmt: skip
_TRUTHS = ("reviewed", "counts", "unclassified")
_VIEW = table("cell_result", *(column(name) for name in ("slide", "class", *_PLAIN, *_TRUTHS)))


def cell_lines(engine: Engine, slide: str) -> list[CellLine]:
    """List a slide's cells as they are now, field by field; empty for a slide that does not exist.

    Raises:
        StoreUnavailable: the database cannot be read.
    """
    wanted = select(_VIEW).where(_VIEW.c.slide == slide)
    with reading(engine) as connection:
        rows = connection.execute(wanted).mappings().all()
    return [CellLine(**_values(row)) for row in rows]


def _values(row: RowMapping) -> dict[str, Any]:
    """Give a cell's values by name; SQLite tells truth as a number."""
    plain = {name: row[name] for name in _PLAIN} | {"cell_class": row["class"]}
    return plain | {name: bool(row[name]) for name in _TRUTHS}
