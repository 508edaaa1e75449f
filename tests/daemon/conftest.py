"""What tests of the store share."""

import pytest

from leukowatch.store import migrate


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """An empty store, made once."""
    path = tmp_path_factory.mktemp("store") / "leukowatch.db"
    migrate.upgrade(f"sqlite:///{path}")
    return path
