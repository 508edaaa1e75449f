"""What archive and quarantine hold against what a database says of them."""

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from leukowatch.inbox.filing import DUPLICATES
from leukowatch.inbox.naming import is_temporary
from leukowatch.inbox.placing import hash_of
from leukowatch.inbox.sidecar import sidecar_of
from leukowatch.service.home import below_home
from leukowatch.settings import Settings
from leukowatch.store.outcome import Status

_FILED = (
    f"SELECT destination FROM arrival WHERE destination IS NOT NULL AND pruned_at IS NULL "  # noqa: S608
    f"AND status <> '{Status.REQUEUED.value}'"
)
_UNFILED = "SELECT size, sha256 FROM arrival WHERE filed_at IS NULL"


@dataclass(frozen=True, slots=True)
class Strayed:
    """Files and rows that do not belong together."""

    without_row: dict[bytes, bytes]
    """File's raw path below the home → raw path below the inbox from which it may be taken anew."""
    without_file: list[bytes]
    """Raw paths below the home that rows name, and where nothing is."""


def strayed(settings: Settings, database: Path) -> Strayed:
    """Compare a database of this version with archive and quarantine.

    A file whose move the database still has before it is no stray: the next start finds it where it is.

    Raises:
        sqlite3.Error: the database cannot be read.
        OSError: a folder cannot be read.
    """
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        filed = {bytes(name) for (name,) in connection.execute(_FILED)}
        unfiled = set(connection.execute(_UNFILED).fetchall())
    without_row = {}
    for path in (*_files(settings.archive_folder), *_files(settings.quarantine_folder)):
        name = below_home(settings.home, path)
        if name not in filed and not _awaited(path, unfiled):
            without_row[name] = _before(settings, path)
    without_file = sorted(name for name in filed if not os.path.lexists(settings.home / os.fsdecode(name)))
    return Strayed(without_row, without_file)


def _files(folder: Path) -> Iterator[Path]:
    """Give the images below a folder, in order; not the JSON beside them, nor a copy cut short."""
    for path in sorted(folder.rglob("*")):
        image = path.with_name(path.name.removesuffix(".json"))
        if path.is_symlink() or not path.is_file() or is_temporary(os.fsencode(path.name)):
            continue
        if image == path or not image.exists():
            yield path


def _awaited(path: Path, unfiled: set[tuple[int, str | None]]) -> bool:
    if path.stat().st_size not in {size for size, _ in unfiled}:
        return False
    with path.open("rb") as file:
        return hash_of(file.fileno()) in {sha256 for _, sha256 in unfiled}


def _before(settings: Settings, path: Path) -> bytes:
    """Give the path below the inbox that a filed file had, as far as that can be told."""
    if path.is_relative_to(settings.archive_folder):
        slide, *parts = os.fsencode(path.relative_to(settings.archive_folder)).split(b"/")
        if len(parts) > 1 and parts[0] == DUPLICATES:
            parts = parts[1:]
        return b"/".join([slide, *parts])
    with suppress(OSError, ValueError, KeyError, TypeError):
        return bytes.fromhex(json.loads(sidecar_of(path).read_bytes())["original_hex"])
    return os.fsencode(path.relative_to(settings.quarantine_folder))
