"""What would change on a slide if another bundle's analyses were current."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, select

from leukonet.result import Box
from leukowatch.differential.agreement import cohens_kappa
from leukowatch.differential.building import preliminary
from leukowatch.differential.result import SlideResult
from leukowatch.settings import Settings
from leukowatch.store.engines import location
from leukowatch.store.opinions import UNCLASSIFIED
from leukowatch.store.promotion import analyses_by, current_analyses, switch
from leukowatch.store.reanalysis import slide_numbers, used_bundle
from leukowatch.store.tables import Cell, CellClass, Slide
from leukowatch.store.trouble import store_errors
from leukowatch.store.writing import utc

SAME = 0.5
"""Two boxes that overlap at least this much (intersection over union) are one cell."""


@dataclass(frozen=True, slots=True)
class SlideComparison:
    """One slide, as the current analyses and another bundle's see it."""

    slide: str
    fields: int
    """Looked at by both."""
    missing: int
    """Not looked at by the other bundle yet."""
    cells: int
    """Found by both."""
    agreed: int
    """Of these, named alike; unclassified counts as a name."""
    kappa: float | None
    """Cohen's, -1 to 1; None where it is not defined."""
    gone: int
    """Cells that only the current analyses have."""
    new: int
    """Cells that only the other bundle's have."""
    flags: tuple[str, ...]
    """Marks and warnings that would come (+) or go (-)."""


def compare_slides(
    engine: Engine, name: str, slides: Sequence[str], settings: Settings
) -> list[SlideComparison]:
    """Compare slides that the bundle has looked at, by name of slide.

    Each slide is switched over in a transaction that is then taken back, so that what is shown is what a promotion
    would bring, by the same rules.

    Args:
        engine: of `open_writer`.
        name: the bundle's, or the first digits of its hash.
        slides: names; none for all.
        settings: for target and reference ranges.

    Raises:
        NotFound: there is no such bundle or slide.
        SettingsInvalid: the reference ranges cannot be read.
        StoreUnavailable: the database cannot be read.
    """
    found = []
    with store_errors(location(engine)):
        with engine.connect() as connection:
            bundle, numbers = used_bundle(connection, name), slide_numbers(connection, slides)
        for number in numbers:
            with engine.connect() as connection:
                compared = _compare(connection, number, bundle.id, settings)
                connection.rollback()
            if compared:
                found.append(compared)
    return found


def _compare(
    connection: Connection, slide_id: int, bundle_id: int, settings: Settings
) -> SlideComparison | None:
    other, current = analyses_by(connection, slide_id, bundle_id), current_analyses(connection, slide_id)
    if not other:
        return None
    slide = str(connection.execute(select(Slide.name).where(Slide.id == slide_id)).scalar_one())
    pairs: dict[tuple[str, str], int] = {}
    gone = new = 0
    for field, analysis in other.items():
        old, fresh = _cells(connection, current[field]), _cells(connection, analysis)
        matched = match([box for box, _ in old], [box for box, _ in fresh])
        for one, two in matched:
            pair = old[one][1], fresh[two][1]
            pairs[pair] = pairs.get(pair, 0) + 1
        gone += len(old) - len(matched)
        new += len(fresh) - len(matched)
    now = utc()
    before = preliminary(connection, slide, settings, now)
    switch(connection, other)
    after = preliminary(connection, slide, settings, now)
    cells, agreed = sum(pairs.values()), sum(count for (a, b), count in pairs.items() if a == b)
    flags = _flags(before, after)
    kappa = cohens_kappa(pairs)
    return SlideComparison(
        slide, len(other), len(current) - len(other), cells, agreed, kappa, gone, new, flags
    )


def match(old: Sequence[Box], new: Sequence[Box]) -> list[tuple[int, int]]:
    """Pair boxes of two analyses of a field, those that overlap most first, each once.

    Returns:
        Positions in `old` and in `new`.
    """
    overlaps = [(one.overlap(other), i, j) for i, one in enumerate(old) for j, other in enumerate(new)]
    pairs: list[tuple[int, int]] = []
    taken: tuple[set[int], set[int]] = (set(), set())
    for _, i, j in sorted((each for each in overlaps if each[0] >= SAME), reverse=True):
        if i not in taken[0] and j not in taken[1]:
            pairs.append((i, j))
            taken[0].add(i)
            taken[1].add(j)
    return pairs


def _cells(connection: Connection, analysis: int) -> list[tuple[Box, str]]:
    columns: tuple[Any, ...] = (
        Cell.box_xmin, Cell.box_ymin, Cell.box_xmax, Cell.box_ymax, Cell.unclassified, CellClass.name,
    )  # fmt: skip
    rows = connection.execute(
        select(*columns)
        .join(CellClass, CellClass.id == Cell.first_class_id)
        .where(Cell.analysis_id == analysis)
        .order_by(Cell.id)
    )
    return [(Box(*row[:4]), UNCLASSIFIED if row.unclassified else row.name) for row in rows]


def _flags(before: SlideResult, after: SlideResult) -> tuple[str, ...]:
    """Tell which marks and warnings come and go."""
    was, becomes = (
        {*result.warnings, *(f"{each.label} {each.flag}" for each in result.classes if each.flag)}
        for result in (before, after)
    )
    return (
        *(f"+ {each}" for each in sorted(becomes - was)),
        *(f"- {each}" for each in sorted(was - becomes)),
    )
