"""The table of certainty says of each part's answers how far they can be trusted."""

from dataclasses import replace

import pytest

from canned import answer
from leukonet.training.benchmark.certainty import certainty_table


def unsure(probability: float, *, right: bool = True):
    """An answer that the bundle leaves to a person."""
    told = answer(probability, right=right)
    assert told.cell
    return replace(told, cell=replace(told.cell, unclassified=True))


def test_what_is_left_to_a_person_is_neither_covered_nor_wrong():
    """Nine right ones, one wrong one that nobody vouched for, and one that was missed."""
    answers = [*[answer(0.9)] * 9, unsure(0.4, right=False), answer(None)]
    (row,) = certainty_table({"somewhere": answers}).rows

    assert (11, 1.0) == (row["cells"], row["accuracy, committed"])
    assert pytest.approx(9 / 11) == row["coverage, committed"]


def test_where_nothing_is_committed_there_is_no_accuracy():
    """A share of none is not zero."""
    (row,) = certainty_table({"somewhere": [unsure(0.4)]}).rows

    assert (0.0, None) == (row["coverage, committed"], row["accuracy, committed"])


def test_what_was_not_judged_has_no_row():
    """A part may have answers to some of its sets only."""
    assert [] == list(certainty_table({"nowhere": []}).rows)
