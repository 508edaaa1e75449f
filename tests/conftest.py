"""What all tests share: phantom fields, a home, and the real images where there are any."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from lab import Home
from leukonet.phantom import field_bytes
from postgres import Server, why_no_server
from stores import ServerStore

settings.register_profile("leukowatch", deadline=None)  # machines are shared: speed is measured in bench/
settings.load_profile("leukowatch")

REPOSITORY = Path(__file__).resolve().parents[1]


def data_folder() -> Path:
    """Say where the real images would be: `LEUKOWATCH_DATA`, else `data/` in the repository."""
    return Path(os.environ.get("LEUKOWATCH_DATA") or REPOSITORY / "data")


def why_no_data() -> str:
    """Give the reason for skipping, or nothing where the images are there."""
    folder = data_folder()
    return "" if (folder / "bccd").is_dir() else f"no real images in {folder}: set LEUKOWATCH_DATA"


def pytest_configure(config):
    """Keep pytest-alembic's collector away from this file, to which it binds itself unless told otherwise.

    It writes a private attribute that pytest has no more since 9.2, and nothing can then be collected.
    Tests of the migrations import what they need from `pytest_alembic.tests`.
    """
    config.option.pytest_alembic_tests_path = "tests/none"


def pytest_collection_modifyitems(items):
    """Skip what is marked `real` where there are no real images."""
    reason = why_no_data()
    if reason:
        for item in items:
            if item.get_closest_marker("real"):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Give the folder of the real, labelled data sets, one subfolder each."""
    reason = why_no_data()
    if reason:
        pytest.skip(reason)
    return data_folder()


@pytest.fixture(scope="session")
def phantoms() -> list[bytes]:
    """Give twelve different phantom fields of one neutrophil each, as JPEG files."""
    return [field_bytes(seed) for seed in range(12)]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Give a home of its own, without a service."""
    return Home(tmp_path / "home")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    """Give a PostgreSQL server, started for these tests; skip where the program is not installed."""
    reason = why_no_server()
    if reason:
        pytest.skip(reason)
    server = Server()
    yield server
    server.remove()


@pytest.fixture
def postgresql(postgresql_server: Server) -> Iterator[ServerStore]:
    """Give a fresh store on it, with the schema."""
    store = ServerStore(postgresql_server)
    yield store
    store.remove()
