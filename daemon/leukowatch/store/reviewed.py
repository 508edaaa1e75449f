"""A slide's cells as the review page shows them: what the bundle saw, and what holds since people looked."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Row, func, select
from sqlalchemy.orm import aliased

from leukowatch.store.cell_states import CELL_STATE, key_of
from leukowatch.store.people_tables import Account
from leukowatch.store.queries import reading
from leukowatch.store.review_tables import Decision
from leukowatch.store.slides import slide_number
from leukowatch.store.tables import Arrival, Cell, CellClass, Field


@dataclass(frozen=True, slots=True)
class ReviewCell:
    """One cell of a slide, found by the bundle or added by a person."""

    key: str
    """Names the cell in decisions: `c17`, or `a4` where a person added it."""
    field_id: int
    file: str
    """Printable path of its field below the inbox."""
    xmin: float
    """Pixels of the upright field, as the other three."""
    ymin: float
    xmax: float
    ymax: float
    first: str | None
    """The bundle's most probable class; None for an added cell, as the next three."""
    first_probability: float | None
    """0 to 1."""
    second: str | None
    second_probability: float | None
    """0 to 1."""
    name: str | None
    """The class that holds; None where the cell waits for a person."""
    reviewer: str
    """Who decided last; empty where nobody has looked."""
    decision: str
    """`classify`, `seen` or `add`; empty where nobody has looked."""

    @property
    def seen(self) -> bool:
        """Whether a person has looked at it."""
        return bool(self.reviewer)

    @property
    def added(self) -> bool:
        """Whether a person added it."""
        return self.first is None


def review_cells(engine: Engine, slide: str, *, field_id: int | None = None) -> list[ReviewCell]:
    """List a slide's cells, field by field, or one field's.

    Raises:
        NotFound: there is no such slide.
        StoreUnavailable: the database cannot be read.
    """
    view = CELL_STATE.c
    first, second = aliased(CellClass), aliased(CellClass)
    made, holds = aliased(Decision), aliased(Decision)
    sides = (
        func.coalesce(getattr(Cell, name), getattr(made, name)).label(name.removeprefix("box_"))
        for name in ("box_xmin", "box_ymin", "box_xmax", "box_ymax")
    )
    columns: tuple[Any, ...] = (
        view.cell_id, view.added_id, view.field_id, Arrival.printable.label("file"), *sides,
        first.name.label("first"), Cell.first_probability, second.name.label("second"),
        Cell.second_probability, CellClass.name,
        func.coalesce(Account.name, "").label("reviewer"), func.coalesce(holds.kind, "").label("decision"),
    )  # fmt: skip
    statement = (
        select(*columns)
        .select_from(CELL_STATE)
        .join(Field, Field.id == view.field_id)
        .join(Arrival, Arrival.id == Field.arrival_id)
        .outerjoin(Cell, Cell.id == view.cell_id)
        .outerjoin(made, made.id == view.added_id)
        .outerjoin(first, first.id == Cell.first_class_id)
        .outerjoin(second, second.id == Cell.second_class_id)
        .outerjoin(CellClass, CellClass.id == view.class_id)
        .outerjoin(holds, holds.id == view.decision_id)
        .outerjoin(Account, Account.id == holds.account_id)
        .order_by(view.field_id, view.added_id.is_not(None), view.cell_id, view.added_id)
    )
    if field_id is not None:
        statement = statement.where(view.field_id == field_id)
    with reading(engine) as connection:
        rows = connection.execute(statement.where(view.slide_id == slide_number(connection, slide)))
        return [_cell(row) for row in rows]


def _cell(row: Row[Any]) -> ReviewCell:
    return ReviewCell(key_of(row.cell_id, row.added_id), *tuple(row)[2:])
