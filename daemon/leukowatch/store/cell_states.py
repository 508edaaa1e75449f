"""What holds for each cell now: the view `cell_state`, read by slide."""

from dataclasses import dataclass

from sqlalchemy import Connection, Integer, column, select, table

from leukowatch.errors import RequestInvalid
from leukowatch.store.tables import CellClass

CELL_STATE = table(
    "cell_state",
    *(column(name, Integer) for name in (
        "slide_id", "field_id", "cell_id", "added_id", "decision_id", "class_id",
    )),
)  # fmt: skip
"""A row per cell of a current analysis, and per cell that a person added. `class_id` is null where it waits for a
person; `decision_id` is null where no person has looked at it."""


@dataclass(frozen=True, slots=True)
class CellState:
    """One cell as it is now."""

    field_id: int
    cell_id: int | None
    """None for a cell that a person added."""
    added_id: int | None
    decision_id: int | None
    """The decision that holds; None where no person has looked at it."""
    name: str | None
    """Its class; None where it waits for a person."""

    @property
    def key(self) -> str:
        """Names the cell outside the store, as `c17` or, where a person added it, `a4`."""
        return key_of(self.cell_id, self.added_id)


def key_of(cell_id: int | None, added_id: int | None) -> str:
    """Make a cell's key from the one of the two that it has."""
    return f"a{added_id}" if cell_id is None else f"c{cell_id}"


def states(connection: Connection, slide_id: int) -> dict[str, CellState]:
    """Read a slide's cells, by key, field by field."""
    view = CELL_STATE.c
    rows = connection.execute(
        select(view.field_id, view.cell_id, view.added_id, view.decision_id, CellClass.name)
        .select_from(CELL_STATE.outerjoin(CellClass, CellClass.id == view.class_id))
        .where(view.slide_id == slide_id)
        .order_by(view.field_id, view.added_id.is_not(None), view.cell_id, view.added_id)
    )
    found = [CellState(*row) for row in rows]
    return {state.key: state for state in found}


def class_ids(connection: Connection) -> dict[str, int]:
    """Give the id of every class by its name."""
    return {row.name: row.id for row in connection.execute(select(CellClass.name, CellClass.id))}


def class_id(connection: Connection, name: str) -> int:
    """Give the id of a class that is in use.

    Raises:
        RequestInvalid: there is no such class, or it is retired; the message lists those that are in use.
    """
    used = select(CellClass.name, CellClass.id).where(~CellClass.retired).order_by(CellClass.id)
    known = {row.name: int(row.id) for row in connection.execute(used)}
    if name not in known:
        raise RequestInvalid(f"{name}: no class in use is called so; there are {', '.join(known)}")
    return known[name]
