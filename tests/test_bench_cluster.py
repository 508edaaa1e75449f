"""The benchmarks of cluster and database still run."""

import pytest

from benches import names, printed


@pytest.mark.slow
def test_the_benchmark_of_the_cluster_prints_its_ratios():
    """At its smallest size: what a field costs each way, and both ratios."""
    lines = printed("cluster.py", "--fields", "8", "--rounds", "1")

    assert names(lines[1:]) == [
        "local, 1 worker",
        "cluster, 1 worker",
        "cluster, 2 workers",
        "cluster over local, 1 worker each",
        "one worker over two",
    ]


@pytest.mark.slow
def test_the_benchmark_of_commits_prints_a_rate_for_each_number_of_writers(postgresql_server):
    """At its smallest size, on a server."""
    url = postgresql_server.url(postgresql_server.database())
    lines = printed("commits.py", "--url", url, "--writers", "1", "2", "--groups", "2")

    assert names(lines) == ["1 writers", "2 writers"]


@pytest.mark.slow
def test_the_benchmark_of_commits_runs_on_a_file_of_its_own_too():
    """Without a URL."""
    assert names(printed("commits.py", "--writers", "2", "--groups", "1")) == ["2 writers"]
