"""A slide to sign."""

import pytest

from reviewing import lab_at

HUNDRED = ["neutrophil"] * 60 + ["lymphocyte"] * 40


@pytest.fixture
def lab(tmp_path):
    """A slide S1 of a hundred cells, seen by nobody."""
    with lab_at(tmp_path / "leukowatch.db", HUNDRED) as lab:
        yield lab


@pytest.fixture
def seen_lab(lab):
    """The same, every cell seen by a technologist."""
    lab.see_all()
    return lab
