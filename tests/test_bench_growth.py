"""The benchmark of growth still runs."""

import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[1] / "bench"


@pytest.mark.slow
def test_the_benchmark_of_growth_prints_a_row_for_each_question(tmp_path):
    """At its smallest sizes, in stores that are kept and serve a second time."""
    asked = [
        sys.executable,
        str(BENCH / "growth.py"),
        "--cells",
        "200",
        "2000",
        "--rounds",
        "2",
        "--keep",
        str(tmp_path),
    ]
    for _ in range(2):
        done = subprocess.run(asked, capture_output=True, text=True, timeout=300, check=False)

        assert done.returncode == 0, done.stderr
        _, head, *rows = [line.split() for line in done.stdout.splitlines() if "[" not in line]
        assert head == ["cells", "200", "2,000"]
        assert len(rows) == 18
        figures = [[float(value) for value in row[-6:]] for row in rows]
        assert all(0 < median <= high for row in figures for median, high in (row[:2], row[3:5]))
        assert sum(row[2] + row[5] for row in figures) > 0
    assert sorted(each.name for each in tmp_path.iterdir()) == ["cells-200", "cells-2000"]
