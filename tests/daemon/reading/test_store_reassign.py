"""Fields that came under a wrong slide's name go to the right one, with a trace."""

import pytest

from leukowatch.errors import NotFound, RequestInvalid
from leukowatch.store import queries, tallies
from leukowatch.store.ledger import Ledger
from leukowatch.store.reassign import reassign
from small_store import BUNDLE, ZEROS, outcome, seen


def test_a_reassigned_field_counts_on_its_new_slide(store, engine, writer):
    """The differential follows, the old slide keeps nothing of it, and the file's place stays."""
    moved = reassign(writer, "S1/a.jpg", "S7", "wrong folder", "R. Lin")

    assert moved == 1
    assert tallies.slide(engine, "S7").counts["neutrophil"] == 2
    assert tallies.slide(engine, "S1").counts == ZEROS | {"artefact": 1}
    assert store.rows("SELECT DISTINCT slide FROM differential") == [("S1",), ("S7",)]
    assert store.rows("SELECT slide FROM field_status WHERE file = 'S1/a.jpg'") == [("S7",)]
    assert queries.find_fields(engine, "S1/a.jpg")[0].destination == b"archive/S1/a.jpg"


def test_a_reassignment_leaves_a_trace(store, engine, writer):
    """From where, to where, why and by whom; both slides are flagged."""
    reassign(writer, "S1/a.jpg", "S2", "wrong folder", "R. Lin")

    trace = store.rows(
        "SELECT field_id, a.name, b.name, reason, who FROM reassignment "
        "JOIN slide a ON a.id = from_slide_id JOIN slide b ON b.id = to_slide_id",
    )
    assert trace == [(1, "S1", "S2", "wrong folder", "R. Lin")]
    said = {(each.slide, each.detail) for each in queries.problems(engine) if each.kind == "reassigned"}
    detail = "S1/a.jpg moved from slide S1 to slide S2 by R. Lin: wrong folder"
    assert said == {("S1", detail), ("S2", detail)}


def test_a_whole_slide_can_be_reassigned(store, engine, writer):
    """All its fields move, one trace each; those already there are left alone; a repetition moves none."""
    assert reassign(writer, "S1", "S2", "the same smear", "R. Lin") == 3
    assert reassign(writer, "S1", "S2", "the same smear", "R. Lin") == 0

    assert tallies.slide(engine, "S2").fields == 2
    assert store.rows("SELECT count(*) FROM reassignment") == [(3,)]


@pytest.mark.parametrize("what", ["nothing.jpg", "a.jpg"], ids=["absent", "ambiguous"])
def test_a_reassignment_that_is_not_clear_changes_nothing(store, writer, what):
    """A name that no field has, or that two have, is refused."""
    with pytest.raises(NotFound, match=what):
        reassign(writer, what, "S7", "wrong folder", "R. Lin")

    assert store.rows("SELECT count(*) FROM slide WHERE name = 'S7'") == [(0,)]


@pytest.mark.parametrize(("to", "reason"), [("", "why"), ("S7", " ")])
def test_a_reassignment_needs_target_and_reason(writer, to, reason):
    """Blank ones are refused before anything is read."""
    with pytest.raises(RequestInvalid, match="--reason"):
        reassign(writer, "S1", to, reason, "R. Lin")


def test_a_copy_that_comes_to_the_mended_slide_flags_nothing(store, writer):
    """After a reassignment duplicates are judged by the slide that the field is on now."""
    reassign(writer, "S1/a.jpg", "S7", "wrong folder", "R. Lin")
    before = store.rows("SELECT count(*) FROM flag WHERE kind = 'duplicate_elsewhere'")

    Ledger(writer, BUNDLE).commit([outcome("S7/again.jpg", 1, seen("neutrophil"))])

    assert before == store.rows("SELECT count(*) FROM flag WHERE kind = 'duplicate_elsewhere'")
