"""Signing a slide for the first time: each refusal, who may, and what a slide's life is."""

from datetime import timedelta

import pytest

from handmade import NOON, fill, outcome
from leukowatch.differential.building import current_result, slide_result
from leukowatch.differential.result import State
from leukowatch.differential.signing import Signing, sign, sign_state
from leukowatch.errors import NotAllowed, ReviewRefused
from leukowatch.store import reviews
from leukowatch.store.ledger import Ledger
from leukowatch.store.life import Life
from leukowatch.store.requeue import mark_requeued
from leukowatch.store.set_aside import set_aside
from reviewing import LATER, lab_at
from signing import classify, life, signed


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
