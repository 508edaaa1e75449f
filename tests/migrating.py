"""A store of any revision: written to and read as another program would."""

import sqlite3
from contextlib import closing


def execute(path, statement):
    """Run a statement as another program would."""
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(statement).fetchall()


def fill(path):
    """Put a slide with one counted cell into a store of any revision."""
    sha256, now = "a" * 64, "2031-05-04 12:00:00.000000+00:00"
    for statement in (
        f"INSERT INTO slide VALUES (1, 'S1', 0, '{now}')",
        f"INSERT INTO bundle VALUES (1, 'current', '{sha256}', 'field', '{now}')",
        f"""INSERT INTO arrival
            (id, slide_id, relative, printable, sha256, size, device, inode, mtime_ns, received_at, status)
            VALUES (1, 1, x'61', 'S1/a.jpg', '{sha256}', 1, '1', '1', '1', '{now}', 'counted')""",
        f"INSERT INTO field VALUES (1, 1, 1, '{sha256}', 640, 480)",
        f"INSERT INTO analysis VALUES (1, 1, 1, 1, 1, '', 1, 1, 1, '{now}')",
        "INSERT INTO cell VALUES (1, 1, 0, 0, 9, 9, 1, 1, 0.9, 2, 0.1, 0, 1)",
    ):
        execute(path, statement)


def dump(path):
    """Everything in the file, as statements."""
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def decide(path):
    """Have a person name the cell of `fill`."""
    now = "2031-05-04 12:00:00.000000+00:00"
    for statement in (
        f"INSERT INTO account VALUES (1, 'anna', 'technologist', 'none', 1, '{now}')",
        f"INSERT INTO audit VALUES (1, '{now}', 'anna', 'classify', 'slide S1', '', '', '{'0' * 64}', '{'1' * 64}')",
        f"""INSERT INTO decision (field_id, cell_id, kind, class_id, second_look, account_id, audit_id, at)
            VALUES (1, 1, 'classify', (SELECT id FROM cell_class WHERE name = 'band'), 0, 1, 1, '{now}')""",
    ):
        execute(path, statement)
