"""The benchmarks of the review page still run."""

import shutil

import pytest

from benches import figures, names, printed


@pytest.mark.slow
def test_the_benchmark_of_the_page_prints_four_times_for_each_route():
    """Over a small store, reviewed and signed by the same calls as a large one."""
    lines = printed("review.py", "--slides", "20", "--rounds", "2")

    assert lines[0].startswith("20 slides, 2000 cells")
    assert {"/slides", "/record", "/api/v1/slides/{slide}/signing"} <= {line.split()[0] for line in lines[2:]}
    assert all(len(figures(line)) == 4 for line in lines[2:])


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="no Chromium: apt install chromium")
def test_the_benchmark_of_the_gallery_prints_seven_times_for_each_act():
    """In a real browser, over cells that a real scan counted."""
    lines = printed("gallery.py", "--cells", "150")

    assert names(lines[2:]) == ["opening", "a frame of scrolling", "an arrow", "a class by key"]
    assert all(len(figures(line)) == 7 for line in lines[2:])
