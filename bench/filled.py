"""A store full of slides for the benches, written by the database itself: ten million cells in a few minutes."""

import sqlite3
from contextlib import closing
from pathlib import Path

from leukowatch.store.database import close_writer, open_writer
from leukowatch.store.summaries import recount

FIELDS, CELLS = 10, 10
"""Of a slide, and of a field."""

_NUMBERED = "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < {most})"
_MOMENT = "strftime('%Y-%m-%d %H:%M:00.000000+00:00', '2021-01-01', {slide} || ' minutes')"
_FILE = "'SLIDE-' || slide || '/' || n || '.jpg'"
_SLIDES = f"INSERT INTO slide SELECT n, 'SLIDE-' || n, 0, {_MOMENT.format(slide='n')} FROM number"  # noqa: S608  no text from outside
_ARRIVALS = f"""
INSERT INTO arrival (id, slide_id, relative, printable, sha256, size, device, inode, mtime_ns, received_at, status,
    destination, filed_at)
SELECT n, slide, CAST({_FILE} AS BLOB), {_FILE}, printf('%064x', n), 9, '1', '1', '1', at, 'counted',
    CAST('archive/' || {_FILE} AS BLOB), at
FROM (
    SELECT n, slide, {_MOMENT.format(slide="slide")} AS at
    FROM (SELECT n, (n - 1) / {FIELDS} + 1 AS slide FROM number)
)
"""  # noqa: S608  no text from outside
_CELLS = f"""
INSERT INTO cell (analysis_id, box_xmin, box_ymin, box_xmax, box_ymax, score, first_class_id, first_probability,
    second_class_id, second_probability, unclassified, counts)
SELECT (n - 1) / {CELLS} + 1, 10, 10, 60, 60, 0.9, 1 + drawn % 5, 0.5 + 0.004 * drawn, 1 + (drawn + 1) % 5, 0.1,
    drawn < 3, drawn >= 3
FROM (SELECT n, n * 2654435761 / 65536 % 100 AS drawn FROM number)
"""  # noqa: S608  no text from outside
"""Three of a hundred cells are unclassified."""


def fill(path: Path, slides: int) -> None:
    """Write slides, fields and cells straight into the tables of a new store, then their summary."""
    url = f"sqlite:///{path}"
    close_writer(open_writer(url, upgrade=True))
    with closing(sqlite3.connect(path)) as store:
        store.execute("PRAGMA synchronous=OFF")
        store.execute(
            "INSERT INTO bundle VALUES (1, 'bench', ?, 'locate-classify', '2021-01-01 00:00:00.000000+00:00')",
            ("b" * 64,),
        )
        for most, statement in (
            (slides, _SLIDES), (slides * FIELDS, _ARRIVALS),
            (1, "INSERT INTO field SELECT id, id, slide_id, sha256, 640, 480 FROM arrival"),
            (1, "INSERT INTO analysis SELECT id, id, 1, 1, 1, '', 1, 1, 1, received_at FROM arrival"),
            (slides * FIELDS * CELLS, _CELLS),
        ):  # fmt: skip
            store.execute(f"{_NUMBERED.format(most=most)} {statement}")
        store.commit()
    engine = open_writer(url)
    recount(engine)
    close_writer(engine)
