"""The benchmarks of the running service still run: each prints its table, over fields that were all counted."""

import re
import sqlite3
from contextlib import closing

import pytest

from benches import BENCH, figures, imported, names, printed


def test_a_burst_that_is_not_wholly_counted_is_not_reported(tmp_path, monkeypatch):
    """A figure over fewer fields than files would be a false one: the benchmark ends with an error instead."""
    service = imported("service", monkeypatch)
    with closing(sqlite3.connect(tmp_path / "leukowatch.db")) as store:
        store.execute("CREATE TABLE field (id INTEGER PRIMARY KEY, sha256 TEXT)")
        store.execute("INSERT INTO field VALUES (3, 'a'), (4, 'b')")
        store.commit()

    service.require_all(tmp_path, 2)
    with pytest.raises(SystemExit, match="2 fields for 4 files"):
        service.require_all(tmp_path, 4)


def test_tenths_too_short_for_the_processor_s_clock_have_no_spread(monkeypatch):
    """Five files may be counted between two ticks of the clock: their benchmark says so, and goes on."""
    backlog = imported("backlog", monkeypatch)

    assert backlog.spread([0.0]) == "too few files to tell"
    assert backlog.spread([9.0, 10.0, 12.0]) == "-10% to +20% of the median of the tenths"


@pytest.mark.slow
def test_the_benchmark_of_throughput_prints_three_rates_and_two_ratios():
    """Ours, the ceiling's and the rival's; ours over each; memory."""
    lines = printed("throughput.py", "--files", "20", "--rival-files", "2", "--runs", "1")

    assert "20 files (rival 2), 1 runs" in lines[0]
    assert names(lines[1:]) == [
        "leukowatch run",
        "ceiling",
        "rival",
        "ours over the rival's",
        "ours over the ceiling",
        "memory under load",
    ]


@pytest.mark.slow
def test_the_benchmark_of_latency_prints_the_quantiles_of_both():
    """Ours and the polling rival's, in rising order."""
    lines = printed("latency.py", "--files", "4", "--pause", "0.1", "--slide", "2")

    assert "4 files, 2 a slide" in lines[0]
    assert lines[1].split() == ["p50", "p95", "p99", "most"]
    assert names(lines[2:]) == ["leukowatch run", "rival", "median, rival's over ours"]
    assert all(figures(line) == sorted(figures(line)) and len(figures(line)) == 4 for line in lines[2:4])


@pytest.mark.slow
def test_the_benchmark_of_the_start_prints_seconds_and_megabytes():
    """Of this service, of the same in another checkout, and of an import of TensorFlow."""
    head, *lines = printed("start.py", "--runs", "1", "--before", str(BENCH.parent))
    ours, before, rival, *ratios = lines

    assert head.split() == ["seconds", "of", "the", "processor", "MB"]
    assert [ours[:14], before[:18], rival[:17]] == [
        "leukowatch run",
        "the other checkout",
        "import tensorflow",
    ]
    assert all(len(re.findall(r"[\d.]+ \(.*?\)", line)) == 3 for line in lines[:3])
    assert names(ratios) == ["seconds, ours over the other checkout", "seconds, ours over import tensorflow"]


@pytest.mark.slow
def test_the_benchmark_of_a_backlog_prints_its_tenths(monkeypatch):
    """A rate, processor time, as much in bare looks, and memory for each tenth of each size; every file is counted."""
    monkeypatch.setenv("LEUKOWATCH_STORE__GROUP", "4")  # small groups, so that tenths of so few files differ
    lines = printed("backlog.py", "--sizes", "5", "60")
    second = next(number for number, line in enumerate(lines) if line.startswith("60 files"))
    tenths = [line for line in lines[second:] if line.startswith("tenth")]

    assert lines[0].startswith("5 files")
    assert names(tenths)[0] == "tenth 1"
    assert [4] * len(tenths) == [len(figures(line)) for line in tenths]
    assert len(re.findall(r"all (5|60) counted at [\d.]+ fields/s", "\n".join(lines))) == 2


@pytest.mark.slow
def test_the_benchmark_of_a_backlog_without_one_counts_every_burst():
    """The last burst of each tenth may be smaller than asked."""
    lines = printed("backlog.py", "--sizes", "35", "--burst", "3")

    assert ["tenth 1", "tenth 10"] == [name for name in names(lines) if name in ("tenth 1", "tenth 10")]
    assert any(line.startswith("READY") and "all 35 counted" in line for line in lines)


@pytest.mark.slow
def test_the_benchmark_of_stages_prints_shares_that_make_a_whole():
    """Of each group of threads; workers do nothing that the daemon does, and the other way round."""
    lines = printed("stages.py", "--files", "60")
    shares = {name: figures(line) for name, line in zip(names(lines[2:-1]), lines[2:-1], strict=True)}

    assert "60 files" in lines[0]
    assert lines[1].split()[-4:] == ["taker", "writer", "helpers", "workers"]
    assert list(shares) == [
        "hash", "detect, settle", "open, read, check", "decode", "canvas, light, crops", "assess", "locate",
        "classify", "commit", "move", "hand over", "other", "idle",
    ]  # fmt: skip
    assert [pytest.approx(100, abs=1)] * 4 == [sum(column) for column in zip(*shares.values(), strict=True)]
    assert [0.0, 0.0] == [shares["commit"][3], shares["locate"][0]]
