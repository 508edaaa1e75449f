"""The small store on SQLite and PostgreSQL, with a reader's and a writer's engine."""

import pytest

from leukowatch.store.database import close_writer, open_reader, open_writer
from small_store import fill
from stores import ENGINES, POSTGRESQL, fresh


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """The small store in a file, made once."""
    path = tmp_path_factory.mktemp("store") / "leukowatch.db"
    fill(f"sqlite:///{path}")
    return path


@pytest.fixture(params=ENGINES)
def store(request, template, tmp_path):
    """A store of its own with the same rows."""
    store = fresh(request, template, tmp_path)
    if request.param == POSTGRESQL:
        fill(store.url)
    yield store
    store.remove()


@pytest.fixture
def engine(store):
    """A reader's engine on it."""
    engine = open_reader(store.url)
    yield engine
    engine.dispose()


@pytest.fixture
def writer(store):
    """A writer's engine on it."""
    engine = open_writer(store.url)
    yield engine
    close_writer(engine)
