"""The list of slides with what a person must know of each: the counts, and flags in words."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from leukonet.cells import CellClass
from leukowatch.differential.counts import Differential, differential
from leukowatch.differential.reference import WORDS, Ranges, load_ranges
from leukowatch.differential.rules import remarks
from leukowatch.settings import Settings
from leukowatch.store.life import Life
from leukowatch.store.queries import class_records
from leukowatch.store.rows import SlideRow
from leukowatch.store.slide_list import ListedSlide, list_slides
from leukowatch.store.worklist import WorklistRow, order_in


@dataclass(frozen=True, slots=True)
class Line:
    """One slide of the list."""

    id: int
    slide: SlideRow
    life: Life
    order: str
    """Of the worklist, else told by the slide's name; or empty."""
    counted: Differential
    flags: tuple[str, ...]
    """What is high or low by the ranges that apply, blasts, left shift, few cells, files in quarantine, ..."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of the list."""

    lines: tuple[Line, ...]
    total: int
    """Slides that fit the search, on all pages."""
    classes: tuple[CellClass, ...]
    """Every class of the store, in the order of reports."""


def listing(
    engine: Engine, settings: Settings, now: datetime, *,
    search: str = "", life: Life | None = None, offset: int = 0, limit: int = 50,
) -> Listing:  # fmt: skip
    """List slides, the one that last received a file first; flags are of what the store holds now.

    Args:
        engine: to read from.
        settings: in force, for idle time, target, reference ranges and orders in names.
        now: aware.
        search: part of the name or of the order, in upper or lower case; empty for all.
        life: only slides in this state.
        offset: slides to pass over, 0 or more.
        limit: slides on a page, 1 or more.

    Raises:
        SettingsInvalid: the file of reference ranges cannot be read.
        StoreUnavailable: the database cannot be read.
    """
    page = list_slides(
        engine, settings.review.idle_minutes, now, search=search, life=life, offset=offset, limit=limit
    )
    ranges, classes = load_ranges(settings.differential.reference), class_records(engine)
    return Listing(tuple(_line(each, classes, ranges, settings) for each in page.slides), page.total, classes)


def _line(listed: ListedSlide, classes: tuple[CellClass, ...], ranges: Ranges, settings: Settings) -> Line:
    slide, order = listed.slide, listed.order
    counted = differential(slide.counts, classes, slide.unclassified)
    told = remarks(
        slide.counts, counted.leucocytes, settings.review.target_cells, slide.unclassified, slide.quarantined
    )
    words = [each.word for each in told if each.word]
    return Line(
        listed.id, slide, listed.life,
        order.order_id if order else order_in(slide.name, settings.exchange.order_pattern),
        counted, (*_beyond(counted, ranges, order), *words, *(flag.replace("_", " ") for flag in slide.flags)),
    )  # fmt: skip


def _beyond(counted: Differential, ranges: Ranges, order: WorklistRow | None) -> list[str]:
    """Name the classes that lie above or below their range."""
    age, sex = (order.age_years, order.sex) if order else (None, "")
    percents = {each.name: each.percent for each in counted.classes}
    flags = [(each.label, ranges.judge(each.name, percents, age, sex)[1]) for each in counted.classes]
    return [f"{label} {WORDS[flag]}" for label, flag in flags if flag]
