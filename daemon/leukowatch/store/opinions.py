"""What each person said of each cell: for two independent counts side by side, and for the bundle's record."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, case, func, select
from sqlalchemy.orm import aliased

from leukowatch.store.cell_states import CELL_STATE, key_of, states
from leukowatch.store.people_tables import Account
from leukowatch.store.queries import IS_CURRENT, reading
from leukowatch.store.review_tables import Decision
from leukowatch.store.slides import slide_number
from leukowatch.store.tables import Analysis, Bundle, Cell, CellClass, Field

UNCLASSIFIED = "unclassified"
"""Stands for a class where the bundle was not sure."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Cells of one bundle that people have judged, of one pair of classes."""

    bundle: str
    bundle_sha256: str
    said: str
    """The bundle's class; `unclassified` where it was not sure."""
    judged: str
    """The class that holds since a person looked."""
    cells: int


def opinions(engine: Engine, slide: str) -> dict[str, dict[str, str]]:
    """Give each person's last standing word on each cell of a slide: name → cell's key → class.

    A person who only confirmed has said the class that was confirmed. People who said nothing are not there.

    Raises:
        NotFound: there is no such slide.
        StoreUnavailable: the database cannot be read.
    """
    found: dict[str, dict[str, str]] = defaultdict(dict)
    with reading(engine) as connection:
        number = slide_number(connection, slide)
        there = states(connection, number)
        for word in _words(connection, number):
            if key_in(word) in there:
                found[word.who][key_in(word)] = word.name
    return dict(found)


def opinions_of(connection: Connection, slide_id: int, account: int) -> dict[str, str | None]:
    """Give one person's word on every cell of a slide; where there is none, the bundle's.

    None where neither has one: the bundle was not sure. Cells that people added have their first class.
    """
    bundles = (
        select(Cell.id, Cell.unclassified, CellClass.name)
        .join(CellClass, CellClass.id == Cell.first_class_id)
        .join(Analysis, IS_CURRENT)
        .join(Field, Field.id == Analysis.field_id)
        .where(Field.slide_id == slide_id)
    )
    found = {
        key_of(row.id, None): None if row.unclassified else row.name for row in connection.execute(bundles)
    }
    words = _words(connection, slide_id)
    found |= {key_in(word): word.name for word in words if word.kind == "add"}
    return found | {key_in(word): word.name for word in words if word.account_id == account}


def judged(engine: Engine) -> list[Judged]:
    """Count, for every bundle, the cells that people have looked at, by what it said and what holds now.

    Cells that people added, which no bundle found, are told by `missed`.

    Raises:
        StoreUnavailable: the database cannot be read.
    """
    first, holds = aliased(CellClass), aliased(CellClass)
    said = case((Cell.unclassified, UNCLASSIFIED), else_=first.name).label("said")
    word = (  # the last that stands on each cell, as `cell_state` has it, but from the decisions: most cells have none
        select(func.max(Decision.id).label("id"))
        .where(Decision.cell_id.is_not(None), Decision.kind != "undo", ~Decision.second_look, stands())
        .group_by(Decision.cell_id)
        .subquery()
    )
    statement = (
        select(Bundle.name, Bundle.sha256, said, holds.name, func.count())
        .select_from(word)
        .join(Decision, Decision.id == word.c.id)
        .join(Cell, Cell.id == Decision.cell_id)
        .join(Analysis, IS_CURRENT)
        .join(Bundle, Bundle.id == Analysis.bundle_id)
        .join(first, first.id == Cell.first_class_id)
        .join(holds, holds.id == Decision.class_id)
        .group_by(Bundle.id, Bundle.name, Bundle.sha256, said, holds.name)
    )
    with reading(engine) as connection:
        return [Judged(*tuple(row)) for row in connection.execute(statement)]


def missed(engine: Engine) -> dict[str, int]:
    """Count the cells that people added, by the SHA-256 of the bundle that missed them; artefacts left out.

    Raises:
        StoreUnavailable: the database cannot be read.
    """
    view = CELL_STATE.c
    statement = (
        select(Bundle.sha256, func.count())
        .select_from(CELL_STATE)
        .join(Analysis, and_(Analysis.field_id == view.field_id, Analysis.is_current))
        .join(Bundle, Bundle.id == Analysis.bundle_id)
        .join(CellClass, CellClass.id == view.class_id)
        .where(view.added_id.is_not(None), CellClass.role != "never")
        .group_by(Bundle.sha256)
    )
    with reading(engine) as connection:
        return {row[0]: row[1] for row in connection.execute(statement)}


def stands() -> ColumnElement[bool]:
    """Whether nobody has undone a decision."""
    undoing = aliased(Decision)
    return ~select(undoing.id).where(undoing.undoes_id == Decision.id).exists()


def _words(connection: Connection, slide_id: int) -> Sequence[Row[Any]]:
    """Read the decisions that name a class and stand, oldest first, so that of several the last is kept."""
    columns: tuple[Any, ...] = (
        Decision.id, Decision.kind, Decision.cell_id, Decision.added_id, Decision.account_id,
        Account.name.label("who"), CellClass.name,
    )  # fmt: skip
    return connection.execute(
        select(*columns)
        .join(Field, Field.id == Decision.field_id)
        .join(Account, Account.id == Decision.account_id)
        .join(CellClass, CellClass.id == Decision.class_id)
        .where(Field.slide_id == slide_id, stands())
        .order_by(Decision.id)
    ).all()


def key_in(decision: Row[Any]) -> str:
    """Give the key of the cell that a decision is about."""
    if decision.kind == "add":
        return key_of(None, decision.id)
    return key_of(decision.cell_id, decision.added_id)
