"""Slides and their cells, to read."""

from collections.abc import Collection
from typing import Annotated

from fastapi import Path, Query

from leukowatch.differential.building import current_result, former_results
from leukowatch.differential.listing import Line, listing
from leukowatch.differential.result import State
from leukowatch.review.api.answers import (
    CellAnswer,
    CellList,
    FieldAnswer,
    SignatureAnswer,
    SignatureKind,
    SlideAnswer,
    SlideLine,
    SlideList,
)
from leukowatch.review.asking import Called
from leukowatch.review.house import House, Housed
from leukowatch.store.archived import slide_name
from leukowatch.store.life import Life, lives
from leukowatch.store.opinions import opinions, opinions_of
from leukowatch.store.queries import fields_of, reading
from leukowatch.store.reviewed import ReviewCell, review_cells
from leukowatch.store.rights import Act, Actor
from leukowatch.store.rows import FieldRow
from leukowatch.store.signatures import signatures_of
from leukowatch.store.tallies import slide as slide_row

PAGE = 50
"""Slides on a page of the list."""
SlideId = Annotated[int, Path(alias="slide", ge=1, lt=2**63)]
NEXT: dict[Life, tuple[SignatureKind, Act]] = {
    Life.READING: ("sign", Act.SIGN),
    Life.TO_REVIEW: ("sign", Act.SIGN),
    Life.AWAITS_SECOND: ("second", Act.SECOND),
    Life.SIGNED: ("amend", Act.AMEND),
    Life.AMENDMENT_NEEDED: ("amend", Act.AMEND),
    Life.AMENDED: ("amend", Act.AMEND),
}
"""Which signature comes next in a slide's life, and the right that it takes."""


def slides(
    house: Housed,
    search: Annotated[str, Query(max_length=200)] = "",
    status: Life | None = None,
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
) -> SlideList:
    """Slides, the one that last received a field first."""
    found = listing(
        house.reader, house.settings, house.now,
        search=search, life=status, offset=(page - 1) * PAGE, limit=PAGE,
    )  # fmt: skip
    target = house.settings.review.target_cells
    lines = [_line(each, target) for each in found.lines]
    return SlideList(lines, found.total, page, max(1, -(-found.total // PAGE)))


def slide(slide: SlideId, house: Housed, caller: Called) -> SlideAnswer:
    """One slide with its differential as it is now, and every result that was signed."""
    name = slide_name(house.reader, slide)
    life = life_of(house, slide)
    with reading(house.reader) as connection:
        signatures = signatures_of(connection, slide)
    return SlideAnswer(
        id=slide,
        name=name,
        status=word(life),
        status_label=life.value,
        flags=flag_words(slide_row(house.reader, name).flags),
        next_signature=next_signature(life, caller.actor),
        result=current_result(house.reader, name, house.settings, house.now),
        signatures=[
            SignatureAnswer(row.who, row.role, row.kind, row.version, row.at, row.reason or row.comment)
            for row in signatures
        ],
        versions=[each for each in former_results(house.reader, name) if each.state is not State.PRELIMINARY],
    )


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


def life_of(house: House, slide: int) -> Life:
    """Tell how far a slide has come."""
    with reading(house.reader) as connection:
        return lives(connection, house.settings.review.idle_minutes, house.now, [slide])[slide].life


def next_signature(life: Life, actor: Actor) -> SignatureKind | None:
    """Tell which signature comes next, where it is the actor's to give."""
    kind, act = NEXT[life]
    return kind if actor.may(act) else None


def word(life: Life) -> str:
    """Make one word of a state, for programs and style sheets."""
    return life.name.lower()


def flag_words(flags: tuple[str, ...]) -> list[str]:
    """Make kinds of flag readable."""
    return [flag.replace("_", " ") for flag in flags]


def _line(line: Line, target: int) -> SlideLine:
    slide = line.slide
    return SlideLine(
        line.id, slide.name, word(line.life), line.life.value, line.order, line.counted.leucocytes, target,
        slide.unclassified, slide.unseen, list(line.flags), slide.last_received,
    )  # fmt: skip


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
