"""Phantom fields and a home for the tests of the service."""

from pathlib import Path

import pytest
from lab import Home

from leukonet.phantom import field_bytes


@pytest.fixture(scope="session")
def phantoms() -> list[bytes]:
    """Give twelve different phantom fields of one neutrophil each, as JPEG files."""
    return [field_bytes(seed) for seed in range(12)]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Give a home of its own."""
    return Home(tmp_path / "home")
