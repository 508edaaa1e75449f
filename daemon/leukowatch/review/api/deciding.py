"""What people decide about cells."""

from leukowatch.errors import RequestInvalid
from leukowatch.review.api.answers import AddedAsked, CellsDone, DecisionAsked
from leukowatch.review.api.slides import SlideId
from leukowatch.review.asking import Called
from leukowatch.review.house import Housed
from leukowatch.store.archived import slide_name
from leukowatch.store.reviews import add_cell, classify, mark_seen
from leukowatch.store.reviews import undo as undo_last


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
