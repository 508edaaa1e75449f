"""Whether the summary rows tell what the rows tell; and their making anew, should they ever not."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, select, text

from leukowatch.store.life import stages
from leukowatch.store.queries import reading
from leukowatch.store.recounting import CELLS, FIELDS, FILES, recount_all
from leukowatch.store.tables import Slide
from leukowatch.store.tally_tables import SlideCount, SlideTally
from leukowatch.store.writing import writing

_NAMED = 5
_TIME = SlideTally.__table__.c.last_received.type


@dataclass(slots=True)
class Summary:
    """Everything that is summed up of one slide."""

    fields: int = 0
    not_assessable: int = 0
    duplicates: int = 0
    quarantined: int = 0
    last_received: datetime | None = None
    stage: str = ""
    cells: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Class's id → cells, and those that a person has looked at; classes without cells are left out."""


def wrong_summaries(engine: Engine, newest: int | None = None) -> list[str]:
    """List, in sentences, what is wrong with the summary rows; empty where they agree with what they sum up.

    Args:
        engine: to read from.
        newest: only of so many slides, the newest; of all, where it is not given.

    Raises:
        StoreUnavailable: the database cannot be read.
    """
    with reading(engine) as connection:
        slides = connection.execute(select(Slide.id).order_by(Slide.id.desc()).limit(newest)).scalars().all()
        told, true = stored(connection), counted(connection, slides, everything=newest is None)
        wrong = [number for number in slides if told.get(number) != true[number]]
        names = connection.execute(select(Slide.name).where(Slide.id.in_(wrong[:_NAMED]))).scalars().all()
    if not wrong:
        return []
    said = f"the summary of {len(wrong)} slides differs from their rows ({', '.join(names)})"
    return [f"{said}: `leukowatch db recount` makes it anew"]


def recount(engine: Engine) -> int:
    """Make every summary anew, in one transaction; give the number of slides.

    Raises:
        StoreUnavailable: nothing was changed.
    """
    with writing(engine) as connection:
        recount_all(connection)
        return len(stored(connection))


def stored(connection: Connection) -> dict[int, Summary]:
    """Read the summary rows, by the slide's id."""
    found = {
        row.slide_id: Summary(*tuple(row)[1:])
        for row in connection.execute(select(*(getattr(SlideTally, name) for name in _COLUMNS)))
    }
    for row in connection.execute(select(*SlideCount.__table__.c).where(SlideCount.cells != 0)):
        found.setdefault(row.slide_id, Summary()).cells[row.class_id] = (row.cells, row.reviewed)
    return found


def counted(connection: Connection, slides: Sequence[int], *, everything: bool) -> dict[int, Summary]:
    """Sum the rows up anew, by the slide's id.

    Args:
        connection: in a transaction.
        slides: ids.
        everything: whether these are all slides there are.
    """
    found: dict[int, Summary] = defaultdict(Summary)

    def rows(statement: str, column: str) -> Any:
        if everything:
            return connection.execute(text(statement.format(where="true")).columns(last_received=_TIME))
        narrowed = text(statement.format(where=f"{column} IN :slides"))
        asked = narrowed.bindparams(bindparam("slides", slides, expanding=True))
        return connection.execute(asked.columns(last_received=_TIME))

    for row in rows(FIELDS, "field.slide_id"):
        found[row.slide_id].fields, found[row.slide_id].not_assessable = row.fields, row.not_assessable
    for row in rows(FILES, "slide_id"):
        mine = found[row.slide_id]
        mine.duplicates, mine.quarantined, mine.last_received = (
            row.duplicates,
            row.quarantined,
            row.last_received,
        )
    for row in rows(CELLS, "slide_id"):
        found[row.slide_id].cells[row.class_id] = (row.cells, row.reviewed)
    for number, signed in stages(connection, slides).items():
        found[number].stage = signed.stage.value if signed.stage else ""
    return found


_COLUMNS = ("slide_id", "fields", "not_assessable", "duplicates", "quarantined", "last_received", "stage")
