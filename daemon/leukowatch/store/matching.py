"""Which orders of the worklist have a slide, and which slides have an order."""

from sqlalchemy import Engine, select

from leukowatch.store.queries import reading
from leukowatch.store.review_tables import Worklist
from leukowatch.store.tables import Slide
from leukowatch.store.worklist import WorklistRow, holding


def matched(engine: Engine) -> tuple[list[tuple[WorklistRow, tuple[str, ...]]], list[str]]:
    """Hold the worklist against the slides.

    Returns:
        Each line that holds, oldest first, with the slides that it is about, maybe none; and the slides without an
        order, by name.

    Raises:
        StoreUnavailable: the database cannot be read.
    """
    columns = [getattr(Worklist, name) for name in WorklistRow.__slots__]
    with reading(engine) as connection:
        rows = [WorklistRow(*row) for row in connection.execute(select(*columns).order_by(Worklist.id))]
        names = list(connection.execute(select(Slide.name).order_by(Slide.name)).scalars())
        found = holding(rows, names)
    last = {row.slide: row for row in rows}
    slides: dict[str, list[str]] = {pattern: [] for pattern in last}
    for name, row in found.items():
        if row is not None:
            slides[row.slide].append(name)
    lines = [(row, tuple(sorted(slides[pattern]))) for pattern, row in last.items()]
    return lines, sorted(name for name, row in found.items() if row is None)
