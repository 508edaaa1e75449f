"""The benchmark of one field still runs."""

import pytest

from benches import figures, names, printed
from leukonet.bundle import DEFAULT


@pytest.mark.slow
def test_the_benchmark_of_a_field_prints_ours_beside_the_papers():
    """With decoding and without, and the ratio."""
    lines = printed("field.py", "--runs", "3")

    assert names(lines[2:]) == [
        f"{DEFAULT}, decoding and all",
        "decoding",
        f"{DEFAULT}, decoding aside",
        "rival",
        "ratio rival / ours, decoding aside",
    ]
    assert [len(figures(line)) for line in lines[2:5]] == [3, 3, 1]
