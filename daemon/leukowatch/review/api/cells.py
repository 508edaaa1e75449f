"""A slide's cells, and what people decide about them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from leukowatch.errors import RequestInvalid
from leukowatch.review.api.slides import SlideId
from leukowatch.review.api.texts import CELL_KEY, Name, Text
from leukowatch.review.asking import Called
from leukowatch.review.house import Housed
from leukowatch.store.archived import slide_name
from leukowatch.store.opinions import opinions, opinions_of
from leukowatch.store.queries import fields_of, reading
from leukowatch.store.reviewed import ReviewCell, review_cells
from leukowatch.store.reviews import add_cell, classify, mark_seen
from leukowatch.store.reviews import undo as undo_last
from leukowatch.store.rows import FieldRow

Key = Annotated[str, Field(pattern=CELL_KEY)]


@dataclass(frozen=True, slots=True)
class FieldAnswer:
    """One field of a slide."""

    id: int
    file: str
    width: int
    height: int
    assessable: bool
    reason: str
    image: str | None
    """Path of its picture; null where it was pruned."""
    pruned_at: datetime | None
    """When its image was deleted for its age; null while it is there."""


@dataclass(frozen=True, slots=True)
class CellAnswer:
    """One cell: what the bundle saw, and what holds."""

    key: str
    """`c12` the bundle's, `a12` one that a person added."""
    field: int
    box: tuple[float, float, float, float]
    """xmin, ymin, xmax, ymax in the field's pixels."""
    first: str | None
    first_probability: float | None
    second: str | None
    second_probability: float | None
    name: str | None
    """The class that holds; null where the cell waits for a person."""
    reviewer: str
    """Who decided last; empty where nobody has looked."""
    crop: str | None
    """Path of its picture; null where its field's image was pruned."""


@dataclass(frozen=True, slots=True)
class CellList:
    """A slide's fields and cells."""

    fields: list[FieldAnswer]
    cells: list[CellAnswer]


@dataclass(frozen=True, slots=True)
class DecisionAsked:
    """What a person decides about cells."""

    cells: Annotated[list[Key], Field(min_length=1, max_length=20_000)]
    kind: Literal["classify", "seen"] = "classify"
    """`seen` confirms the class that each has."""
    name: Text = ""
    """The class, for `classify`."""
    second_look: bool = False
    """Part of an independent second count, which changes no result."""


@dataclass(frozen=True, slots=True)
class AddedAsked:
    """A cell that was missed."""

    field: Annotated[int, Field(ge=1, lt=2**63)]
    box: tuple[float, float, float, float]
    name: Name


@dataclass(frozen=True, slots=True)
class CellsDone:
    """The cells that an act was about."""

    cells: list[str]


def cells(slide: SlideId, house: Housed, caller: Called, second_look: bool = False) -> CellList:
    """A slide's cells; in a second look as the bundle and the person who asks see them, without other people's word."""
    name = slide_name(house.reader, slide)
    found = review_cells(house.reader, name)
    fields = [_field(row) for row in fields_of(house.reader, name)]
    pictured = {each.id for each in fields if each.image}
    if not second_look or caller.actor.account_id is None:
        return CellList(fields, [_cell(each, each.name, each.reviewer, pictured) for each in found])
    with reading(house.reader) as connection:
        own = opinions_of(connection, slide, caller.actor.account_id)
    mine = caller.actor.name
    said = opinions(house.reader, name).get(mine, {})
    return CellList(
        fields, [_cell(each, own[each.key], mine if each.key in said else "", pictured) for each in found]
    )


def decide(slide: SlideId, asked: DecisionAsked, house: Housed, caller: Called) -> CellsDone:
    """Give cells a class, or confirm the one that each has."""
    name, second = slide_name(house.reader, slide), asked.second_look
    if asked.kind == "seen":
        done = mark_seen(house.writer, caller.actor, name, asked.cells, second_look=second, now=house.now)
    elif asked.name:
        done = classify(
            house.writer, caller.actor, name, asked.cells, asked.name, second_look=second, now=house.now
        )
    else:
        raise RequestInvalid("say which class the cells are of")
    return CellsDone(list(done))


def add(slide: SlideId, asked: AddedAsked, house: Housed, caller: Called) -> CellsDone:
    """Add a cell that the bundle missed."""
    name = slide_name(house.reader, slide)
    key = add_cell(house.writer, caller.actor, name, asked.field, asked.box, asked.name, now=house.now)
    return CellsDone([key])


def undo(slide: SlideId, house: Housed, caller: Called) -> CellsDone:
    """Take back one's own last act on the slide, with all its cells."""
    return CellsDone(
        list(undo_last(house.writer, caller.actor, slide_name(house.reader, slide), now=house.now))
    )


def _field(row: FieldRow) -> FieldAnswer:
    image = None if row.pruned_at else f"/api/v1/fields/{row.id}/image"
    return FieldAnswer(
        row.id, row.file, row.width, row.height, row.assessable, row.reason, image, row.pruned_at
    )


def _cell(cell: ReviewCell, name: str | None, reviewer: str, pictured: Collection[int]) -> CellAnswer:
    crop = f"/api/v1/fields/{cell.field_id}/crops/{cell.key}" if cell.field_id in pictured else None
    return CellAnswer(
        cell.key, cell.field_id, (cell.xmin, cell.ymin, cell.xmax, cell.ymax), cell.first,
        cell.first_probability, cell.second, cell.second_probability, name, reviewer, crop,
    )  # fmt: skip
