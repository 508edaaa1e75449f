"""Keeps the summary rows: what a writer touches is counted out before it and in after it, in its own transaction.

Every writer of fields, arrivals, current analyses, decisions and signatures passes here. The rows are locked first, so
that on PostgreSQL two writers of one slide take turns; on SQLite all writers do.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, bindparam, select, text, update

from leukowatch.store.life import stages
from leukowatch.store.queries import parts
from leukowatch.store.review_tables import Signature
from leukowatch.store.tables import Arrival, Field
from leukowatch.store.tally_tables import SlideTally

CELLS = """
    SELECT slide_id, coalesce(class_id, 0) AS class_id, count(*) AS cells, count(decision_id) AS reviewed
    FROM cell_state WHERE {where} GROUP BY slide_id, coalesce(class_id, 0)
"""
FIELDS = """
    SELECT field.slide_id AS slide_id,
        sum(CASE WHEN analysis.assessable THEN 1 ELSE 0 END) AS fields,
        sum(CASE WHEN analysis.assessable THEN 0 ELSE 1 END) AS not_assessable
    FROM field JOIN analysis ON analysis.field_id = field.id AND analysis.is_current
    WHERE {where} GROUP BY field.slide_id
"""
FILES = """
    SELECT slide_id,
        sum(CASE WHEN status = 'duplicate' THEN 1 ELSE 0 END) AS duplicates,
        sum(CASE WHEN status = 'quarantined' AND set_aside_id IS NULL THEN 1 ELSE 0 END) AS quarantined,
        max(received_at) AS last_received
    FROM arrival WHERE {where} GROUP BY slide_id
"""
"""What a summary row is: these three over the rows of a slide."""
_ADDED_CELLS = """
INSERT INTO slide_count (slide_id, class_id, cells, reviewed)
SELECT slide_id, class_id, :sign * cells, :sign * reviewed FROM ({found}) AS found WHERE true
ON CONFLICT (slide_id, class_id) DO UPDATE SET
    cells = slide_count.cells + excluded.cells, reviewed = slide_count.reviewed + excluded.reviewed
"""
_ADDED_FIELDS = """
INSERT INTO slide_tally (slide_id, fields, not_assessable)
SELECT slide_id, :sign * fields, :sign * not_assessable FROM ({found}) AS found WHERE true
ON CONFLICT (slide_id) DO UPDATE SET
    fields = slide_tally.fields + excluded.fields,
    not_assessable = slide_tally.not_assessable + excluded.not_assessable
"""
_ADDED_FILES = """
INSERT INTO slide_tally (slide_id, duplicates, quarantined, last_received)
SELECT slide_id, :sign * duplicates, :sign * quarantined, last_received FROM ({found}) AS found WHERE true
ON CONFLICT (slide_id) DO UPDATE SET
    duplicates = slide_tally.duplicates + excluded.duplicates,
    quarantined = slide_tally.quarantined + excluded.quarantined,
    last_received = CASE WHEN slide_tally.last_received > excluded.last_received
        THEN slide_tally.last_received ELSE excluded.last_received END
"""


def _adding(statement: str, found: str, where: str, *, narrowed: bool = True) -> Any:
    made = text(statement.format(found=found.format(where=where)))
    return made.bindparams(bindparam("chosen", expanding=True)) if narrowed else made


_OF_FIELDS = (
    _adding(_ADDED_CELLS, CELLS, "field_id IN :chosen"), _adding(_ADDED_FIELDS, FIELDS, "field.id IN :chosen")
)  # fmt: skip
_OF_FILES = (_adding(_ADDED_FILES, FILES, "id IN :chosen"),)
_OF_ALL = tuple(
    _adding(statement, found, "true", narrowed=False)
    for statement, found in ((_ADDED_CELLS, CELLS), (_ADDED_FIELDS, FIELDS), (_ADDED_FILES, FILES))
)

_SLIDES_OF_FIELDS, _SLIDES_OF_FILES = (
    select(table.slide_id).distinct().where(table.id.in_(bindparam("chosen", expanding=True)))
    for table in (Field, Arrival)
)


@contextmanager
def recounting(
    connection: Connection,
    fields: Collection[int] = (),
    files: Collection[int] = (),
    to: Collection[int] = (),
) -> Iterator[None]:
    """Wrap a change of fields or files that are there, so that their slides' summary follows it.

    Args:
        connection: in a write transaction.
        fields: ids of those whose slide, current analysis or decisions change.
        files: ids of arrivals whose state changes.
        to: ids of the slides that the fields come to, where they are others.
    """
    slides = _slides(connection, fields, files) | set(to)
    lock_slides(connection, slides)
    _add(connection, fields, files, -1)
    yield
    _add(connection, fields, files, 1)
    restage(connection, slides)


def count_in(connection: Connection, fields: Collection[int], files: Collection[int]) -> None:
    """Add what was just written to its slides' summary.

    Args:
        connection: in the transaction that wrote it.
        fields: ids of new fields, with their analyses and cells.
        files: ids of new arrivals.
    """
    slides = _slides(connection, fields, files)
    lock_slides(connection, slides)
    _add(connection, fields, files, 1)
    restage(connection, slides)


def lock_slides(connection: Connection, slides: Collection[int]) -> None:
    """Let no other writer change these slides' summary until the transaction ends."""
    if connection.dialect.name != "sqlite":
        held = select(SlideTally.slide_id).where(SlideTally.slide_id.in_(slides))
        connection.execute(held.order_by(SlideTally.slide_id).with_for_update())


def restage(connection: Connection, slides: Collection[int]) -> None:
    """Note anew how far slides are signed."""
    for number, found in stages(connection, slides).items():
        mine = update(SlideTally).where(SlideTally.slide_id == number)
        connection.execute(mine.values(stage=found.stage.value if found.stage else ""))


def recount_all(connection: Connection) -> None:
    """Make every summary row anew from the rows that it sums up."""
    if connection.dialect.name != "sqlite":
        connection.execute(text("LOCK TABLE slide_tally IN EXCLUSIVE MODE"))  # every writer passes there
    for table in ("slide_count", "slide_tally"):
        connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608  no text from outside
    connection.execute(text("INSERT INTO slide_tally (slide_id) SELECT id FROM slide"))
    for statement in _OF_ALL:
        connection.execute(statement, {"sign": 1})
    signed = select(Signature.slide_id).distinct()
    restage(connection, connection.execute(signed).scalars().all())


def _slides(connection: Connection, fields: Collection[int], files: Collection[int]) -> set[int]:
    found: set[int] = set()
    for statement, numbers in ((_SLIDES_OF_FIELDS, fields), (_SLIDES_OF_FILES, files)):
        for some in parts(numbers):
            found.update(connection.execute(statement, {"chosen": some}).scalars())
    return found


def _add(connection: Connection, fields: Collection[int], files: Collection[int], sign: int) -> None:
    for statements, numbers in ((_OF_FIELDS, fields), (_OF_FILES, files)):
        for some in parts(numbers):
            for statement in statements:
                connection.execute(statement, {"chosen": some, "sign": sign})
