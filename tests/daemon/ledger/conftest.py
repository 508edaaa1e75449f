"""A fresh store, on SQLite or PostgreSQL, and a ledger on it."""

import pytest

from leukowatch.store.database import close_writer, open_writer
from leukowatch.store.ledger import Ledger
from outcomes import BUNDLE, NOON
from stores import ENGINES, fresh


@pytest.fixture(params=ENGINES)
def store(request, template, tmp_path):
    """A fresh store."""
    store = fresh(request, template, tmp_path)
    yield store
    store.remove()


@pytest.fixture
def path(store, tmp_path):
    """Its file, for what only SQLite can meet."""
    if not store.url.startswith("sqlite"):
        pytest.skip("a fault that only a file has")
    return tmp_path / "leukowatch.db"


@pytest.fixture
def ledger(store):
    """A ledger on the fresh store."""
    engine = open_writer(store.url, 0.2)
    yield Ledger(engine, BUNDLE, lambda: NOON)
    close_writer(engine)
