"""Files in quarantine that a supervisor judges unusable: who may, with what reason, and what is kept of it."""

import json

import pytest

from handmade import fill, outcome
from leukowatch.errors import NotAllowed, NotFound, RequestInvalid
from leukowatch.store.audit import audit_rows
from leukowatch.store.queries import files, reading
from leukowatch.store.set_aside import held_files, set_aside
from leukowatch.store.slides import slide_number
from leukowatch.store.summaries import wrong_summaries
from leukowatch.store.tallies import slide
from reviewing import LATER, lab_at


@pytest.fixture
def lab(tmp_path):
    """A slide of one field, of which two further files could not be read."""
    with lab_at(tmp_path / "leukowatch.db", ["neutrophil"]) as lab:
        fill(lab.path, [outcome("S1", f"broken-{number}.jpg", number, None) for number in (8, 9)])
        yield lab


def held(lab):
    """Ids of the slide's files in quarantine that were not set aside."""
    with reading(lab.engine) as connection:
        return [file.id for file in held_files(connection, slide_number(connection, "S1"))]


def judge(lab, file, who="cleo", reason="cut off by the microscope", slide="S1"):
    """Set a file aside."""
    return set_aside(lab.engine, lab.people[who], slide, file, reason, LATER)


def test_the_other_files_in_quarantine_stay_in_the_way(lab):
    """Each is judged by itself; the list of slides counts what is left."""
    first, second = held(lab)

    judge(lab, first)

    assert held(lab) == [second]
    assert slide(lab.engine, "S1").quarantined == 1
    assert wrong_summaries(lab.engine) == []


def test_the_trail_tells_who_set_which_file_aside_and_why(lab):
    """That is where a later reader finds the reason."""
    judge(lab, held(lab)[0])

    told = audit_rows(lab.engine, subject="slide S1")[-1]
    assert (told.who, told.act, told.at) == ("cleo", "set aside", LATER)
    assert json.loads(told.before) == {"file": "S1/broken-8.jpg", "quarantined as": "truncated"}
    assert json.loads(told.after)["reason"] == "cut off by the microscope"


@pytest.mark.parametrize("reason", ["", " \n"])
def test_a_file_is_set_aside_with_a_reason(lab, reason):
    """An image is left out of a patient's result."""
    before = held(lab)

    with pytest.raises(RequestInvalid, match="say why"):
        judge(lab, before[0], reason=reason)

    assert held(lab) == before


@pytest.mark.parametrize("who", ["anna", "emil", "fine"])
def test_only_a_supervisor_sets_files_aside(lab, who):
    """Not who signs it first, not who reads, not who keeps the accounts."""
    before = held(lab)

    with pytest.raises(NotAllowed, match="may not set-aside"):
        judge(lab, before[0], who=who)

    assert held(lab) == before


def test_only_a_file_in_quarantine_is_set_aside(lab):
    """Not a field that is counted, not a file of another slide, not the same one twice."""
    (counted,) = [file.arrival_id for file in files(lab.engine) if file.status == "counted"]
    lab.arrive("S2", 20, "neutrophil")
    file = held(lab)[0]
    judge(lab, file)

    for number, name in ((counted, "S1"), (held(lab)[0], "S2"), (file, "S1")):
        with pytest.raises(NotFound, match="in quarantine"):
            judge(lab, number, slide=name)
