"""The rules of signing: each refusal, who may, what is kept, and what a slide's life is."""

from dataclasses import replace
from datetime import timedelta

import pytest

from handmade import NOON, fill, outcome
from leukowatch.differential.building import current_result, former_results, slide_result
from leukowatch.differential.result import State
from leukowatch.differential.signing import Signing, amend, sign, sign_second, sign_state
from leukowatch.errors import NotAllowed, RequestInvalid, ReviewRefused, StoreUnavailable
from leukowatch.store import outbox, reviews
from leukowatch.store.ledger import Ledger
from leukowatch.store.life import Life
from leukowatch.store.requeue import mark_requeued
from leukowatch.store.set_aside import set_aside
from leukowatch.store.slide_list import list_slides
from reviewing import LATER, lab_at

HUNDRED = ["neutrophil"] * 60 + ["lymphocyte"] * 40


@pytest.fixture
def lab(tmp_path):
    """A slide S1 of a hundred cells, seen by nobody."""
    with lab_at(tmp_path / "leukowatch.db", HUNDRED) as lab:
        yield lab


@pytest.fixture
def seen_lab(lab):
    """The same, every cell seen by a technologist."""
    lab.see_all()
    return lab


def signed(lab, who="anna", **said):
    """Sign S1 as a person."""
    return sign(lab.engine, lab.people[who], "S1", lab.settings, Signing(**said), LATER)


def amended(lab, who="cleo", reason="a band was named", **said):
    """Amend S1 as a person."""
    return amend(lab.engine, lab.people[who], "S1", lab.settings, Signing(reason=reason, **said), LATER)


def second(lab, who="cleo", **said):
    """Sign S1 as the second person."""
    return sign_second(lab.engine, lab.people[who], "S1", lab.settings, Signing(**said), LATER)


def classify(lab, name, who="anna", key="c1"):
    """Name a cell."""
    reviews.classify(lab.engine, lab.people[who], "S1", [key], name, now=LATER)


def life(lab, now=LATER):
    """S1's life, as the list shows it."""
    return list_slides(lab.engine, lab.settings.review.idle_minutes, now).slides[0].life


def asks_for_two(lab):
    """The same laboratory, where every result needs two signatures."""
    review = lab.settings.review.model_copy(update={"second_signature": True})
    return replace(lab, settings=lab.settings.model_copy(update={"review": review}))


def test_a_signed_result_is_final(seen_lab):
    """It names who signed, as what, when, and with what comment; and it is what was counted."""
    before = current_result(seen_lab.engine, "S1", seen_lab.settings)

    result = signed(seen_lab, comment="clean smear")

    assert result == slide_result(seen_lab.engine, "S1", seen_lab.settings)
    assert (result.state, result.version, result.made_at) == (State.FINAL, 1, LATER)
    assert [(s.who, s.role, s.kind, s.comment) for s in result.signatures] == [
        ("anna", "technologist", "sign", "clean smear")
    ]
    assert (result.classes, result.warnings, result.leucocytes) == (before.classes, before.warnings, 100)
    assert life(seen_lab) is Life.SIGNED


def test_unseen_cells_stand_against_a_signature(lab):
    """Nobody signs what nobody has looked at."""
    reviews.mark_seen(lab.engine, lab.people["anna"], "S1", lab.keys()[:-2], now=LATER)

    with pytest.raises(ReviewRefused, match="2 cells were seen by nobody"):
        signed(lab)

    assert slide_result(lab.engine, "S1", lab.settings).state is State.PRELIMINARY


def test_a_second_look_alone_does_not_count_as_seen(lab):
    """An independent count is no review of the result."""
    reviews.mark_seen(lab.engine, lab.people["bert"], "S1", lab.keys(), second_look=True, now=LATER)

    with pytest.raises(ReviewRefused, match="100 cells were seen by nobody"):
        signed(lab)


def test_unclassified_cells_stand_against_a_signature(lab):
    """Whoever signs has named them all."""
    lab.arrive("S1", 2, "monocyte?")
    reviews.mark_seen(lab.engine, lab.people["anna"], "S1", lab.keys()[:100], now=LATER)

    with pytest.raises(ReviewRefused, match="1 cell has no class yet"):
        signed(lab)


def test_waiting_files_stand_against_a_signature(seen_lab):
    """A field in the inbox would be missing from the count."""
    with pytest.raises(ReviewRefused, match="3 files wait in the inbox"):
        signed(seen_lab, waiting=3)


def test_a_file_in_quarantine_stands_against_a_signature(seen_lab):
    """Whoever signs must not pass over what nobody could count."""
    fill(seen_lab.path, [outcome("S1", "broken.jpg", 9, None)])

    with pytest.raises(ReviewRefused, match="1 file is in quarantine"):
        signed(seen_lab)

    (held,) = sign_state(seen_lab.engine, "S1", seen_lab.settings, now=LATER).held
    assert (held.file, held.reason, held.detail) == (
        "S1/broken.jpg", "truncated", "the image's end is missing",
    )  # fmt: skip


def test_a_file_that_was_set_aside_stands_in_nobodys_way(seen_lab):
    """The slide is signed without it, and the result says so."""
    fill(seen_lab.path, [outcome("S1", "broken.jpg", 9, None)])
    (held,) = sign_state(seen_lab.engine, "S1", seen_lab.settings, now=LATER).held
    set_aside(seen_lab.engine, seen_lab.people["cleo"], "S1", held.id, "cut off by the microscope", LATER)

    result = signed(seen_lab)

    assert "Files of this slide set aside as unusable, not counted: 1." in result.warnings
    assert not any("in quarantine" in warning for warning in result.warnings)


def test_a_file_that_was_requeued_is_in_nobodys_way(seen_lab):
    """It waits in the inbox, which is told by itself."""
    (filing,) = fill(seen_lab.path, [outcome("S1", "broken.jpg", 9, None)])
    Ledger(seen_lab.engine, None, lambda: NOON).mark_filed([(filing.arrival_id, b"quarantine/broken.jpg")])
    mark_requeued(seen_lab.engine, [filing.arrival_id], "root (command line)", LATER)

    assert signed(seen_lab).state is State.FINAL


def test_all_that_stands_against_a_signature_is_told_at_once(lab):
    """One by one, so that a program can show them."""
    fill(lab.path, [outcome("S1", "broken.jpg", 9, None)])

    with pytest.raises(ReviewRefused) as refused:
        signed(lab, waiting=2)

    assert [reason[:30] for reason in refused.value.reasons] == [
        "100 cells were seen by nobody", "2 files wait in the inbox", "1 file is in quarantine: reque",
    ]  # fmt: skip


def test_an_inbox_that_cannot_be_listed_stands_against_a_signature(seen_lab):
    """A field may wait there."""
    with pytest.raises(ReviewRefused, match="the inbox cannot be listed"):
        signed(seen_lab, waiting=None)


def test_the_second_signature_is_refused_as_the_first_is(seen_lab):
    """What came between the two is missing from what was signed."""
    lab = asks_for_two(seen_lab)
    signed(lab)

    with pytest.raises(ReviewRefused, match="1 file waits in the inbox"):
        second(lab, waiting=1)
    fill(lab.path, [outcome("S1", "broken.jpg", 9, None)])
    with pytest.raises(ReviewRefused, match="1 file is in quarantine"):
        second(lab)


def test_a_slide_without_leucocytes_is_not_signed(tmp_path):
    """There is no per cent of nothing."""
    with lab_at(tmp_path / "leukowatch.db", ["artefact"]) as lab:
        lab.see_all()
        with pytest.raises(ReviewRefused, match="no leucocyte is counted"):
            signed(lab)


def test_a_slide_that_is_read_is_not_signed(seen_lab):
    """Until it has been idle for the time that the site sets."""
    soon = NOON + timedelta(minutes=5)

    with pytest.raises(ReviewRefused, match="fields may still come"):
        sign(seen_lab.engine, seen_lab.people["anna"], "S1", seen_lab.settings, Signing(), soon)

    assert life(seen_lab, soon) is Life.READING
    assert life(seen_lab, NOON + timedelta(minutes=10, seconds=1)) is Life.TO_REVIEW


def test_a_done_file_ends_the_reading_at_once(seen_lab):
    """The microscope knows that no more fields come."""
    Ledger(seen_lab.engine, None, lambda: NOON).note_ends(["S1", "S1", "S2"])
    Ledger(seen_lab.engine, None, lambda: NOON).note_ends(["S1"])

    assert life(seen_lab, NOON + timedelta(seconds=2)) is Life.TO_REVIEW


def test_what_changed_since_it_was_looked_at_is_not_signed(seen_lab):
    """Two people at one slide: nobody signs what he has not seen."""
    state = sign_state(seen_lab.engine, "S1", seen_lab.settings, now=LATER)
    classify(seen_lab, "band", who="bert")

    with pytest.raises(ReviewRefused, match="changed since you looked"):
        signed(seen_lab, proof=state.proof)


def test_a_slide_is_signed_once(seen_lab):
    """After that it is amended."""
    signed(seen_lab)

    with pytest.raises(ReviewRefused, match="amend it"):
        signed(seen_lab, who="bert")


@pytest.mark.parametrize("who", ["emil", "fine"])
def test_who_may_not_sign_does_not(seen_lab, who):
    """A reader, and an administrator."""
    with pytest.raises(NotAllowed, match="may not sign"):
        signed(seen_lab, who=who)


def test_a_blast_needs_two_people(seen_lab):
    """One signature does not release it, whatever the site asks for otherwise."""
    classify(seen_lab, "blast")

    first = signed(seen_lab, targets=("lis",))

    assert (first.state, first.version, life(seen_lab)) == (State.PRELIMINARY, 0, Life.AWAITS_SECOND)
    assert outbox.messages(seen_lab.engine) == []
    assert "Blasts were found: 1." in first.warnings

    result = second(seen_lab, comment="blasts agreed", targets=("lis",))

    assert (result.state, result.version, life(seen_lab)) == (State.FINAL, 1, Life.SIGNED)
    assert [(s.who, s.kind) for s in result.signatures] == [("anna", "sign"), ("cleo", "second")]
    assert [message.target for message in outbox.messages(seen_lab.engine)] == ["lis"]


def test_the_site_may_ask_for_two_people(seen_lab):
    """For every result."""
    lab = asks_for_two(seen_lab)

    assert signed(lab).state is State.PRELIMINARY
    assert second(lab).state is State.FINAL


def test_nobody_is_his_own_second(seen_lab):
    """Two signatures are two people's."""
    lab = asks_for_two(seen_lab)
    signed(lab, who="cleo")

    with pytest.raises(ReviewRefused, match="another person's"):
        second(lab, who="cleo")

    assert second(lab, who="dora").state is State.FINAL


def test_a_technologist_is_no_second(seen_lab):
    """The second signature is a supervisor's."""
    signed(asks_for_two(seen_lab))

    with pytest.raises(NotAllowed, match="may not second"):
        second(asks_for_two(seen_lab), who="bert")


def test_a_second_signature_needs_a_first(seen_lab):
    """And is given once."""
    with pytest.raises(ReviewRefused, match="no second signature is awaited"):
        second(seen_lab)


def test_what_changed_after_the_first_signature_is_signed_anew(seen_lab):
    """The second person must not release what the first has not seen."""
    lab = asks_for_two(seen_lab)
    signed(lab)
    classify(lab, "eosinophil", who="bert")

    assert life(lab) is Life.TO_REVIEW
    with pytest.raises(ReviewRefused, match="no second signature is awaited"):
        second(lab)
    signed(lab, who="bert")
    assert [(s.who, s.kind) for s in second(lab).signatures] == [("bert", "sign"), ("cleo", "second")]


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


def test_an_amendment_with_a_blast_waits_for_its_second(seen_lab):
    """Meanwhile the former result stays in force."""
    before = signed(seen_lab)
    classify(seen_lab, "blast", who="cleo")

    amended(seen_lab)
    assert slide_result(seen_lab.engine, "S1", seen_lab.settings) == before

    result = second(seen_lab, who="dora")
    assert (result.state, result.version) == (State.AMENDED, 2)
    assert [s.kind for s in result.signatures] == ["sign", "amend", "second"]


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
