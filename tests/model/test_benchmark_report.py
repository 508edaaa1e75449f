"""The benchmark's report says what the parts say, the same way every time."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canned import answer
from leukonet.errors import DataError
from leukonet.training.benchmark.record import Part, Table
from leukonet.training.benchmark.report import as_json, markdown, read_parts, shown
from leukonet.training.benchmark.store import Written, write_part

ROW = {
    "model": "smear-1",
    "cells": 2487,
    "accuracy": 0.9532,
    "low": 0.9,
    "high": 1.0,
    "ms": 12.345,
    "missed": None,
}


def part(name: str, *tables: Table, seconds: float = 61.0) -> Written:
    """A part of these tables and one answer."""
    measured = Part(tables, {"one": [answer(0.9)]})
    return Written(name, measured, f"leukonet benchmark {name}", 3, seconds, 2)


def test_a_table_reads_as_people_read_it():
    """Shares in per cent, limits in one column, nothing where nothing was measured."""
    lines = markdown([part("smears", Table("On Chula", [ROW], ["By slide."]))]).splitlines()

    assert (
        [
            "### On Chula",
            "",
            "| model | cells | accuracy | 95% limits | ms | missed |",
            "|---|---:|---:|---|---:|---:|",
            "| smear-1 | 2,487 | 95.3% | 90.0% to 100.0% | 12.3 | – |",  # noqa: RUF001  an en dash is meant
            "",
            "By slide.",
        ]
        == lines[6:13]
    )


def test_a_part_says_how_it_was_made():
    """Beside its figures stand the command, the seed, how long it took and on what."""
    text = markdown([part("smears", seconds=7300)])

    assert text.startswith("## Smears\n\n`leukonet benchmark smears`\n")
    assert "Seed 3; took 2 h 2 min on a machine with 2 processors." in text


@given(st.permutations(["production", "unseen", "locating", "rivals", "another", "zoo"]))
def test_parts_stand_in_one_order_whatever_order_they_came_in(names):
    """So that two reports can be compared line by line."""
    text = markdown([part(name) for name in names])

    headings = [line[3:].lower() for line in text.splitlines() if line.startswith("## ")]
    assert ["production", "unseen", "locating", "rivals", "another", "zoo"] == headings


def test_programs_get_the_tables_and_no_single_answer():
    """Thousands of cells are not what a summary is asked for."""
    told = as_json([part("smears", Table("On Chula", [ROW], ["By slide."]))])

    assert told == json.loads(json.dumps(told))
    assert {"title": "On Chula", "rows": [ROW], "notes": ["By slide."]} == told["parts"]["smears"]["tables"][
        0
    ]
    assert {"command", "seed", "seconds", "processors", "tables"} == told["parts"]["smears"].keys()


def test_a_value_cannot_tear_the_table():
    """A bar or a line's end in a name stays inside its cell."""
    text = markdown([part("smears", Table("t", [{"model": "a|b\nc", "cells": 1}]))])

    assert r"| a\|b c | 1 |" in text


def test_a_table_without_rows_says_so():
    """An empty table would look like a fault of the page."""
    assert "Nothing was measured." in markdown([part("smears", Table("t", []))])


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("accuracy", 1.0, "100.0%"),
        ("Balanced", 0.8870, "88.7%"),
        ("accuracy lost", -0.021, "-2.1%"),
        ("accuracy", 0, "0"),
        ("calibration error", 0.0831, "0.083"),
        ("images a second", 1234.56, "1,234.6"),
        ("accuracy", float("nan"), "–"),  # noqa: RUF001  an en dash is meant
    ],
)
def test_a_value_is_shown_as_its_column_asks(column, value, told):
    """A share and a time of the same size are not the same thing."""
    assert told == shown(column, value)


def test_limits_that_are_unknown_stay_empty():
    """A rival's published figure has none."""
    row = {"accuracy": 0.9, "low": None, "high": None}

    assert "| 90.0% | – |" in markdown([part("smears", Table("t", [row]))])  # noqa: RUF001  an en dash is meant


def test_a_folder_is_read_in_the_reports_order(tmp_path):
    """The report is made of whatever parts are there."""
    for name in ("data", "smears"):
        write_part(Part([]), tmp_path / f"{name}.json", command="c", seed=1, seconds=1, data=tmp_path)

    assert ["smears", "data"] == [each.name for each in read_parts(tmp_path)]


def test_a_folder_without_parts_is_named(tmp_path):
    """An empty report would pass for a finished one."""
    with pytest.raises(DataError, match="no part of the benchmark here"):
        read_parts(tmp_path)
