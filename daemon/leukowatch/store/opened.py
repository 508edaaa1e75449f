"""The store of the settings in force, opened for one command."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from leukowatch.settings import Settings
from leukowatch.store.database import close_writer, open_reader, open_writer


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
