"""What the laboratory's list tells about slides: order, age, sex, external leucocyte count."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, select, text

from leukowatch.errors import RequestInvalid
from leukowatch.store import audit
from leukowatch.store.queries import parts
from leukowatch.store.review_tables import Worklist
from leukowatch.store.rights import Act, Actor, acting
from leukowatch.store.tables import Slide
from leukowatch.store.writing import utc, writing

SEXES = ("female", "male", "")
OLDEST = 150.0
_MARKS = frozenset("*?[")
_PATTERN = text("worklist.is_pattern")
"""Word by word the rule of the index of patterns, which SQLite uses only so."""


@dataclass(frozen=True, slots=True)
class WorklistRow:
    """One line of the list."""

    slide: str
    """The slide's name or, with `*`, `?` or `[...]`, a pattern for it."""
    order_id: str
    age_years: float | None = None
    """0 to 150."""
    sex: str = ""
    """`female`, `male` or empty."""
    leucocytes: float | None = None
    """External leucocyte count, 10^9 a litre, 0 or more."""


def record_worklist(
    engine: Engine, actor: Actor, rows: Sequence[WorklistRow], now: datetime | None = None, *,
    replace: bool = False,
) -> int:  # fmt: skip
    """Record lines, all or none; a later line about a slide holds before an earlier one. Signed results stay.

    Args:
        engine: of `open_writer`.
        actor: the person.
        rows: the lines.
        now: aware; the time, where it is not given.
        replace: whether they stand in place of every earlier line; the audit keeps those.

    Returns:
        How many were recorded.

    Raises:
        RequestInvalid: a line lacks slide or order, or a value is out of its range, or nothing is to stand in place
            of the list; nothing was written.
        NotAllowed: the actor's role has not the right `worklist`.
        StoreUnavailable: nothing was written.
    """
    if replace and not rows:
        raise RequestInvalid("worklist: has no line, and cannot stand in place of the list")
    for number, row in enumerate(rows, 1):
        _judge(number, row)
    moment = utc(now)
    with writing(engine) as connection:
        acting(connection, actor, Act.WORKLIST)
        if rows:
            before = _taken_out(connection) if replace else None
            told = [asdict(row) for row in rows]
            act = "replace worklist" if replace else "worklist"
            audit.record(connection, moment, actor.name, act, "worklist", before=before, after=told)
            connection.execute(insert(Worklist), [
                one | {"is_pattern": not _MARKS.isdisjoint(row.slide), "recorded_at": moment}
                for one, row in zip(told, rows, strict=True)
            ])  # fmt: skip
    return len(rows)


def _taken_out(connection: Connection) -> list[dict[str, Any]]:
    """Take every line out, and give them, oldest first."""
    columns = [getattr(Worklist, name) for name in WorklistRow.__slots__]
    rows = connection.execute(select(*columns).order_by(Worklist.id)).all()
    connection.execute(delete(Worklist))
    return [dict(row._mapping) for row in rows]  # noqa: SLF001  its public name


def order_of(connection: Connection, slide: str) -> WorklistRow | None:
    """Give the line that holds for a slide: its name's last one, else the last pattern that fits; or None."""
    return orders_of(connection, [slide])[slide]


def orders_of(connection: Connection, slides: Collection[str]) -> dict[str, WorklistRow | None]:
    """Give the line that holds for each slide, as `order_of`."""
    columns = [getattr(Worklist, name) for name in WorklistRow.__slots__]
    wanted = select(*columns).order_by(Worklist.id)
    chosen = [wanted.where(Worklist.slide.in_(some), ~Worklist.is_pattern) for some in parts(slides)]
    rows = [
        WorklistRow(*row) for each in (*chosen, wanted.where(_PATTERN)) for row in connection.execute(each)
    ]
    return holding(rows, slides)


def holding(rows: Sequence[WorklistRow], slides: Iterable[str]) -> dict[str, WorklistRow | None]:
    """Give the line that holds for each slide, as `order_of`, from lines in the order in which they were taken."""
    named = {row.slide: row for row in rows if _MARKS.isdisjoint(row.slide)}
    patterns = [row for row in reversed(rows) if not _MARKS.isdisjoint(row.slide)]
    return {
        slide: named.get(slide) or next((row for row in patterns if fnmatchcase(slide, row.slide)), None)
        for slide in slides
    }


def slides_of_orders(connection: Connection, part: str) -> list[str]:
    """Name the slides that have an order of which this is a part, in upper or lower case."""
    fitting = Worklist.order_id.icontains(part, autoescape=True)
    lines = select(Worklist.slide).distinct().where(fitting)
    candidates = set(connection.execute(lines.where(~Worklist.is_pattern)).scalars())
    patterns = connection.execute(lines.where(_PATTERN)).scalars().all()
    if patterns:
        names = connection.execute(select(Slide.name)).scalars()
        candidates |= {name for name in names if any(fnmatchcase(name, each) for each in patterns)}
    orders = orders_of(connection, candidates)
    return [name for name, row in orders.items() if row and part.lower() in row.order_id.lower()]


def order_in(slide: str, pattern: str) -> str:
    """Give the order that a slide's name tells, as a barcode does.

    Args:
        slide: the slide's name.
        pattern: a regular expression with a group called `order`, which the whole name must fit; empty for none.

    Returns:
        The order; empty where the name tells none.
    """
    found = re.fullmatch(pattern, slide) if pattern else None
    return (found["order"] or "") if found else ""


def _judge(number: int, row: WorklistRow) -> None:
    """Refuse a line that makes no sense, and name it."""
    if not row.slide.strip() or not row.order_id.strip():
        raise RequestInvalid(f"worklist, line {number}: needs a slide and an order")
    if row.age_years is not None and not 0 <= row.age_years <= OLDEST:
        raise RequestInvalid(f"worklist, line {number}: {row.age_years} is no age in years")
    if row.sex not in SEXES:
        raise RequestInvalid(f"worklist, line {number}: {row.sex!r} is neither female, male nor empty")
    if row.leucocytes is not None and not 0 <= row.leucocytes < float("inf"):
        raise RequestInvalid(f"worklist, line {number}: {row.leucocytes} is no count in 10^9 a litre")
