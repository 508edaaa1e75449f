"""After the signature: what changes nothing of it, what amends it, and what is sent."""

import pytest

from leukowatch.differential.building import current_result, former_results, slide_result
from leukowatch.differential.result import State
from leukowatch.errors import NotAllowed, RequestInvalid, ReviewRefused, StoreUnavailable
from leukowatch.store import outbox, reviews
from leukowatch.store.life import Life
from reviewing import LATER
from signing import amended, classify, life, signed


def test_a_field_after_signing_changes_nothing_of_the_result(seen_lab):
    """It asks for an amendment, word for word the signed result stays in force."""
    before = signed(seen_lab)

    seen_lab.arrive("S1", 2, "eosinophil")

    assert life(seen_lab) is Life.AMENDMENT_NEEDED
    assert slide_result(seen_lab.engine, "S1", seen_lab.settings) == before
    assert current_result(seen_lab.engine, "S1", seen_lab.settings).leucocytes == 101


def test_a_decision_after_signing_changes_nothing_of_the_result(seen_lab):
    """The same, where a person thinks again."""
    before = signed(seen_lab)

    classify(seen_lab, "band")

    assert life(seen_lab) is Life.AMENDMENT_NEEDED
    assert slide_result(seen_lab.engine, "S1", seen_lab.settings) == before


def test_an_undone_decision_still_asks_for_a_look(seen_lab):
    """Somebody has doubted the signed result: a person closes that, not the arithmetic."""
    signed(seen_lab)
    classify(seen_lab, "band")
    reviews.undo(seen_lab.engine, seen_lab.people["anna"], "S1", now=LATER)

    assert life(seen_lab) is Life.AMENDMENT_NEEDED


def test_an_amendment_keeps_the_former_result(seen_lab):
    """With its reason; both versions can be read for ever."""
    before = signed(seen_lab)
    classify(seen_lab, "band", who="cleo")

    result = amended(seen_lab)

    assert (result.state, result.version, life(seen_lab)) == (State.AMENDED, 2, Life.AMENDED)
    assert [(s.who, s.kind, s.comment) for s in result.signatures] == [
        ("anna", "sign", ""), ("cleo", "amend", "a band was named"),
    ]  # fmt: skip
    assert former_results(seen_lab.engine, "S1") == (before, result)
    assert {c.name: c.count for c in result.classes}["band"] == 1


@pytest.mark.parametrize("reason", ["", "  "])
def test_an_amendment_needs_a_reason(seen_lab, reason):
    """Whoever reads it later must know why."""
    signed(seen_lab)

    with pytest.raises(RequestInvalid, match="say why"):
        amended(seen_lab, reason=reason)


def test_only_what_was_signed_is_amended(seen_lab):
    """There is no former result to keep."""
    with pytest.raises(ReviewRefused, match="no signed result to amend"):
        amended(seen_lab)


def test_a_technologist_does_not_amend(seen_lab):
    """That is a supervisor's."""
    signed(seen_lab)

    with pytest.raises(NotAllowed, match="may not amend"):
        amended(seen_lab, who="anna")


def test_an_amendment_is_refused_as_a_signature_is(seen_lab):
    """A new field's cells must be seen too."""
    signed(seen_lab)
    seen_lab.arrive("S1", 2, "eosinophil")

    with pytest.raises(ReviewRefused, match="1 cell was seen by nobody"):
        amended(seen_lab)


def test_each_released_version_is_sent_once(seen_lab):
    """A message a target and version, in the order of the versions."""
    signed(seen_lab, targets=("lis", "archive", "lis"))
    classify(seen_lab, "band", who="cleo")
    amended(seen_lab, targets=("lis",))

    sent = [(message.target, message.version) for message in outbox.messages(seen_lab.engine)]
    assert sent == [("lis", 1), ("archive", 1), ("lis", 2)]
    assert len({message.control_id for message in outbox.messages(seen_lab.engine)}) == 3


def test_a_result_that_was_tampered_with_is_not_shown(seen_lab):
    """With the triggers gone and nonsense in its place, the error names the remedy."""
    signed(seen_lab)
    with seen_lab.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER signature_no_update")
        connection.exec_driver_sql("UPDATE signature SET result = '{}'")

    with pytest.raises(StoreUnavailable, match="audit verify"):
        slide_result(seen_lab.engine, "S1", seen_lab.settings)
