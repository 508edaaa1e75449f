"""Stores on SQLite and on PostgreSQL with one handle, so that one test speaks of both."""

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from postgres import TEMPLATE, Server

SQLITE, POSTGRESQL = "sqlite", "postgresql"
ENGINES = (SQLITE, pytest.param(POSTGRESQL, marks=pytest.mark.slow))
"""For a fixture: every test on SQLite at once, on PostgreSQL among the slow ones."""
ON_BOTH = pytest.mark.parametrize("store", [SQLITE, POSTGRESQL], indirect=True)
"""For a test that shall run on PostgreSQL among the quick ones too."""


class Store:
    """A store as another program sees it."""

    def __init__(self, url: str) -> None:
        self.url = url
        """As `store.url` has it."""

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Run a statement and give its rows."""
        raise NotImplementedError

    def remove(self) -> None:
        """Make away with it; once more does nothing."""
        raise NotImplementedError


class SqliteStore(Store):
    """A file."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"sqlite:///{path}")
        self._path = path

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Run a statement and give its rows."""
        with closing(sqlite3.connect(self._path)) as connection, connection:
            return connection.execute(query).fetchall()

    def remove(self) -> None:
        """Make away with it."""
        self._path.unlink(missing_ok=True)


class ServerStore(Store):
    """A database on the tests' server."""

    def __init__(self, server: Server, template: str = TEMPLATE) -> None:
        self._server = server
        self.name = server.database(template=template)
        super().__init__(server.url(self.name))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Run a statement and give its rows, times and decimals as SQLite has them."""
        return [tuple(map(_written, row)) for row in self._server.execute(self.name, query)]

    def remove(self) -> None:
        """Make away with it."""
        self._server.drop(self.name)


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(" ", "microseconds")
    return float(value) if isinstance(value, Decimal) else value


def fresh(request: pytest.FixtureRequest, template: Path, folder: Path) -> Store:
    """Give an empty store of the engine that the test is parametrised by.

    Args:
        request: of the fixture; its `param` is the engine.
        template: an SQLite file with the schema.
        folder: where the copy of it goes.
    """
    if request.param == SQLITE:
        return SqliteStore(Path(shutil.copy(template, folder / "leukowatch.db")))
    return ServerStore(request.getfixturevalue("postgresql_server"))
