"""The benchmarks of cluster and database still run."""

import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[1] / "bench"


@pytest.mark.slow
def test_the_benchmark_of_the_cluster_prints_its_ratios():
    """At its smallest size: what a field costs each way, and both ratios."""
    asked = [sys.executable, str(BENCH / "cluster.py"), "--fields", "8", "--rounds", "1"]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=300, check=False)

    assert done.returncode == 0, done.stderr
    rows = [line.split("  ")[0] for line in done.stdout.splitlines()[1:]]
    assert rows == [
        "local, 1 worker",
        "cluster, 1 worker",
        "cluster, 2 workers",
        "cluster over local, 1 worker each",
        "one worker over two: the speed-up",
    ]


@pytest.mark.slow
def test_the_benchmark_of_commits_prints_a_rate_for_each_number_of_writers(postgresql_server):
    """At its smallest size, on a server."""
    url = postgresql_server.url(postgresql_server.database())
    asked = [sys.executable, str(BENCH / "commits.py"), "--url", url, "--writers", "1", "2", "--groups", "2"]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=300, check=False)

    assert done.returncode == 0, done.stderr
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["1 writers", "2 writers"]
