"""Whole copies of an SQLite database, also of one in use, and the proof that a copy is sound."""

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from leukowatch.durable import sync_folder
from leukowatch.errors import StoreUnavailable
from leukowatch.store.files import prepare_file

COMPANIONS = ("-wal", "-shm", "-journal")
"""Ends of the names of the files that SQLite keeps beside a database."""
_TABLES = (
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
    "AND name NOT IN ('alembic_version', 'slide_tally', 'slide_count')"
)
"""What people are told of: summaries of other rows are nobody's loss."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What a sound database holds."""

    path: Path
    revision: str
    """Of its schema."""
    rows: Mapping[str, int]
    """Rows, by table."""

    def told(self) -> str:
        """Say how much there is of what a laboratory would ask for first."""
        named = (("arrival", "files"), ("field", "fields"), ("cell", "cells"), ("signature", "signatures"))
        return ", ".join(f"{self.rows[table]} {what}" for table, what in named if table in self.rows)


@contextmanager
def drafted(target: Path) -> Iterator[Path]:
    """Give an empty file beside `target`, for `install` to put in its place; it is gone when the block ends.

    Raises:
        OSError: the folder cannot be written.
    """
    draft = target.with_name(f".{target.name}.part")
    try:
        draft.unlink(missing_ok=True)
        prepare_file(draft)
        yield draft
    finally:
        for left in (draft, *(draft.with_name(draft.name + end) for end in COMPANIONS)):
            with suppress(OSError):
                left.unlink()


def install(draft: Path, target: Path) -> None:
    """Put a finished draft in its target's place, in one step and on disk.

    Raises:
        OSError: it cannot be done; what is at `target` is what it was.
    """
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(target)
    sync_folder(target.parent)


def copy_database(source: Path, draft: Path, busy_seconds: float) -> dict[str, int]:
    """Copy a database as it is at one moment; nobody who writes to it waits.

    Args:
        source: a database, maybe in use.
        draft: an empty file; becomes one that stands alone, without files beside it.
        busy_seconds: how long a lock is waited for.

    Returns:
        Rows by table, counted in the source at that moment.

    Raises:
        sqlite3.Error: the source cannot be read, or the draft not be written.
    """
    with closing(_opened(source, "ro", busy_seconds)) as old, closing(_opened(draft, "rw", 0)) as new:
        old.execute("BEGIN")
        rows = _rows(old)  # the transaction begins with this, and the copy is of it
        old.backup(new)
        new.execute("PRAGMA journal_mode=DELETE")
    return rows


def prove(path: Path) -> Proof:
    """Prove a database that nobody uses: the file, its references, its schema's revision.

    Raises:
        StoreUnavailable: it is damaged, or has no schema of ours.
        sqlite3.Error: it cannot be read.
    """
    with closing(_opened(path, "ro", 0)) as database:
        wrong = [told for (told,) in database.execute("PRAGMA integrity_check") if told != "ok"]
        wrong += [f"table {row[0]}, row {row[1]}: refers to no row" for row in database.execute(
            "PRAGMA foreign_key_check"
        )]  # fmt: skip
        if wrong:
            raise StoreUnavailable(f"{path}: damaged ({'; '.join(wrong[:3])})")
        rows = _rows(database)
        if "arrival" not in rows:
            raise StoreUnavailable(f"{path}: no database of Leukowatch")
        ((revision,),) = database.execute("SELECT version_num FROM alembic_version")
    return Proof(path, revision, rows)


def _rows(database: sqlite3.Connection) -> dict[str, int]:
    names = [name for (name,) in database.execute(_TABLES).fetchall()]
    return {name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}  # noqa: S608


def _opened(path: Path, mode: str, busy_seconds: float) -> sqlite3.Connection:
    uri = f"file:{quote(os.fsencode(path.absolute()))}?mode={mode}"
    return sqlite3.connect(uri, uri=True, timeout=busy_seconds, isolation_level=None)
