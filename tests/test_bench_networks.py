"""The benchmarks of one field and of one batch still run."""

import re

import pytest

from benches import figures, names, printed


@pytest.mark.slow
def test_the_benchmark_of_a_field_prints_each_stage_beside_the_papers_network():
    """The stages, what they come to, and the ratio."""
    lines = printed("field.py", "--runs", "3")

    assert names(lines[2:]) == [
        "decode",
        "canvas and light",
        "assess",
        "locate",
        "classify",
        "all of it",
        "locate and classify",
        "decoding aside",
        "rival",
        "ratio rival / ours, decoding aside",
    ]
    assert [len(figures(line)) for line in lines[2:10]] == [3, 3, 3, 3, 3, 3, 1, 1]


@pytest.mark.slow
def test_the_benchmark_of_a_batch_prints_how_long_it_is_varied_and_learned_from():
    """Beside the same network with Keras's own normalisation."""
    lines = printed("training.py", "--runs", "2")

    assert names(lines[1:]) == ["varied", "ours", "rival", "ratio rival / ours"]
    assert all(re.search(r"\d \(\d+\.\d+ to \d+\.\d+\)$", line) for line in lines[1:])
