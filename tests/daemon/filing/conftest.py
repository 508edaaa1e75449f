"""Homes on one and on two file systems."""

import tempfile
from pathlib import Path

import pytest

from filings import SHARED_MEMORY, Home


@pytest.fixture
def home(tmp_path):
    """A home on one file system."""
    return Home(tmp_path)


@pytest.fixture
def split_home(tmp_path):
    """A home whose archive and quarantine are on another file system."""
    if not SHARED_MEMORY.is_dir() or SHARED_MEMORY.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("no second file system at /dev/shm")
    with tempfile.TemporaryDirectory(dir=SHARED_MEMORY) as other:
        yield Home(tmp_path, archive=Path(other))


@pytest.fixture(params=["one file system", "two"])
def any_home(request):
    """A home, once on one and once on two file systems."""
    return request.getfixturevalue("home" if request.param == "one file system" else "split_home")
