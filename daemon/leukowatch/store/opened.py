"""The store of the settings in force, opened for one command."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from leukowatch.settings import Settings
from leukowatch.store.database import close_writer, open_reader, open_writer
from leukowatch.store.engines import sqlite_path


@contextmanager
def reader(settings: Settings) -> Iterator[Engine]:
    """An engine that only reads.

    Raises:
        StoreUnavailable, SchemaMismatch: as `open_reader`.
    """
    engine = open_reader(settings.database_url, settings.store.busy_seconds)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def writer(settings: Settings) -> Iterator[Engine]:
    """An engine that may write, beside a running service too.

    Raises:
        StoreUnavailable, SchemaMismatch: as `open_writer`.
    """
    engine = open_writer(settings.database_url, settings.store.busy_seconds)
    try:
        yield engine
    finally:
        close_writer(engine)


def written_folders(settings: Settings) -> tuple[Path, ...]:
    """Folders that a running service fills: the home, archive, quarantine, and the database file's."""
    file = sqlite_path(settings.database_url)
    beside = () if file is None else (file.parent,)
    return (settings.home, settings.archive_folder, settings.quarantine_folder, *beside)
