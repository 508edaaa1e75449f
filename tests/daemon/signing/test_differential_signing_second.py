"""The second signature: when it is needed, whose it is, and what may change between the two."""

from dataclasses import replace

import pytest

from handmade import fill, outcome
from leukonet.cells import Role
from leukowatch.differential.building import slide_result
from leukowatch.differential.result import State
from leukowatch.errors import NotAllowed, ReviewRefused
from leukowatch.store import outbox
from leukowatch.store.classes import ClassChange, ClassRow, add_class, set_class
from leukowatch.store.life import Life
from reviewing import LATER
from signing import amended, asks_for_two, classify, life, second, signed

HAIRY = ClassRow("hairy_cell", "Hairy cell", "z", Role.COUNTED, "HAIRY")


def retire(lab, name):
    """Take a class out of use, as the administrator."""
    set_class(lab.engine, lab.people["fine"], name, ClassChange(retired=True), LATER)


def test_the_second_signature_is_refused_as_the_first_is(seen_lab):
    """What came between the two is missing from what was signed."""
    lab = asks_for_two(seen_lab)
    signed(lab)

    with pytest.raises(ReviewRefused, match="1 file waits in the inbox"):
        second(lab, waiting=1)
    fill(lab.path, [outcome("S1", "broken.jpg", 9, None)])
    with pytest.raises(ReviewRefused, match="1 file is in quarantine"):
        second(lab)


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


def test_an_amendment_with_a_blast_waits_for_its_second(seen_lab):
    """Meanwhile the former result stays in force."""
    before = signed(seen_lab)
    classify(seen_lab, "blast", who="cleo")

    amended(seen_lab)
    assert slide_result(seen_lab.engine, "S1", seen_lab.settings) == before

    result = second(seen_lab, who="dora")
    assert (result.state, result.version) == (State.AMENDED, 2)
    assert [s.kind for s in result.signatures] == ["sign", "amend", "second"]


@pytest.mark.parametrize("change", [
    lambda lab: add_class(lab.engine, lab.people["fine"], HAIRY, LATER), lambda lab: retire(lab, "plasma_cell"),
])  # fmt: skip
def test_a_class_without_cells_that_comes_or_goes_needs_no_new_signature(seen_lab, change):
    """Every slide that waits would have to be signed anew, although nothing about it has changed."""
    lab = asks_for_two(seen_lab)
    before = signed(lab)

    change(lab)
    result = second(lab)

    assert (result.state, result.classes, result.blind_to) == (State.FINAL, before.classes, before.blind_to)


def test_a_class_with_cells_that_is_counted_otherwise_needs_a_new_signature(seen_lab):
    """Its per cents are others than those that the first person signed."""
    lab = asks_for_two(seen_lab)
    classify(lab, "plasma_cell")
    signed(lab)

    set_class(lab.engine, lab.people["fine"], "plasma_cell", ClassChange(role=Role.NEVER), LATER)

    with pytest.raises(ReviewRefused, match="have it signed anew"):
        second(lab)


def test_other_reference_ranges_need_a_new_signature(seen_lab, tmp_path):
    """A flag may be another, of a class without cells too."""
    lab = asks_for_two(seen_lab)
    signed(lab)
    ranges = tmp_path / "ranges.toml"
    ranges.write_text('source = "ours"\n[[range]]\nclass = "basophil"\nlow = 1\nhigh = 2\n')
    differential = lab.settings.differential.model_copy(update={"reference": str(ranges)})

    with pytest.raises(ReviewRefused, match="have it signed anew"):
        second(replace(lab, settings=lab.settings.model_copy(update={"differential": differential})))
