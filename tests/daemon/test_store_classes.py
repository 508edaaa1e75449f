"""The site's table of classes: validated, told to the audit, and without power over what was signed."""

import json

import pytest

from leukonet.cells import Role
from leukowatch.differential.building import current_result, slide_result
from leukowatch.differential.signing import Signing, sign, sign_second, sign_state
from leukowatch.errors import NotAllowed, NotFound, RequestInvalid, ReviewRefused
from leukowatch.store.audit import audit_rows
from leukowatch.store.classes import FIXED, ClassChange, set_class, site_classes
from leukowatch.store.life import Life
from leukowatch.store.rights import operator
from reviewing import LATER, lab_at

ROOT = operator("root")


@pytest.fixture
def lab(tmp_path):
    """A slide of which somebody has looked at every cell: two counted, one beside them."""
    with lab_at(tmp_path / "leukowatch.db", ["neutrophil", "lymphocyte", "immature_granulocyte"]) as lab:
        lab.see_all()
        yield lab


def change(lab, name, actor=ROOT, **values):
    """Change a class."""
    return set_class(lab.engine, actor, name, ClassChange(**values), LATER)


def row(lab, name):
    """A class of the table."""
    return next(each for each in site_classes(lab.engine) if each.name == name)


def test_key_role_and_code_are_the_sites_own(lab):
    """What is left out stays."""
    change(lab, "blast", key="0", role=Role.APART, code="BLST")
    change(lab, "blast", code="")

    found = row(lab, "blast")
    assert (found.key, found.role, found.code, found.label) == ("0", Role.APART, "", "Blast")


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"key": "n"}, "the key n is neutrophil's"),
        ({"key": "T"}, "no key"),
        ({"key": ""}, "no key"),
        ({"key": "ab"}, "no key"),
        ({"key": "."}, "no key"),
        ({"code": "a|b"}, "no code"),
        ({"code": "a b"}, "no code"),
        ({"code": "=1+1"}, "no code"),
        ({"code": "x" * 33}, "no code"),
        ({"code": "SEG"}, "the code SEG is neutrophil's"),
        ({}, "say what is to be changed"),
    ],
)
def test_what_would_be_ambiguous_or_malformed_is_refused(lab, values, told):
    """No two classes of one key or one code; nothing that HL7 or a spreadsheet would take for more than text."""
    change(lab, "neutrophil", code="SEG")
    before = site_classes(lab.engine)

    with pytest.raises(RequestInvalid, match=told):
        change(lab, "blast", **values)

    assert before == site_classes(lab.engine)


@pytest.mark.parametrize("name", FIXED)
def test_what_a_class_is_by_its_nature_stays(lab, name):
    """The five parts are counted, erythroblasts are what the count is corrected for, an artefact is no cell."""
    other = next(role for role in Role if role is not FIXED[name])

    with pytest.raises(RequestInvalid, match="by what it is"):
        change(lab, name, role=other)

    assert change(lab, name, role=FIXED[name]).role is FIXED[name]


def test_an_unknown_class_is_told_with_those_that_there_are(lab):
    """A mistyped name makes no class."""
    with pytest.raises(NotFound, match="there are neutrophil, eosinophil"):
        change(lab, "neutrofil", key="9")


def test_only_who_manages_changes_classes(lab):
    """A supervisor signs by them, and does not make them."""
    with pytest.raises(NotAllowed):
        change(lab, "blast", lab.people["cleo"], key="9")


def test_a_change_is_told_to_the_audit_with_what_was_before(lab):
    """A change to what is there already is none."""
    change(lab, "blast", lab.people["fine"], key="9", code="B")
    change(lab, "blast", lab.people["fine"], key="9", code="B")

    (told,) = [each for each in audit_rows(lab.engine) if each.act == "set class"]
    assert (told.who, told.subject) == ("fine", "class blast")
    assert json.loads(told.before) == {"key": "t", "code": ""}
    assert json.loads(told.after) == {"key": "9", "code": "B"}


def test_counting_a_class_changes_what_is_not_signed_and_nothing_that_is(lab):
    """The signed result stays, word for word, and the slide needs no amendment."""
    before = current_result(lab.engine, "S1", lab.settings, LATER)
    sign(lab.engine, lab.people["anna"], "S1", lab.settings, Signing(), LATER)
    signed = slide_result(lab.engine, "S1", lab.settings, LATER)

    change(lab, "immature_granulocyte", role=Role.COUNTED)

    assert (before.leucocytes, current_result(lab.engine, "S1", lab.settings, LATER).leucocytes) == (2, 3)
    assert slide_result(lab.engine, "S1", lab.settings, LATER) == signed
    assert sign_state(lab.engine, "S1", lab.settings, now=LATER).life is Life.SIGNED


def test_a_count_that_was_seen_before_the_change_is_not_signed(lab):
    """Nobody signs a per cent that he has not seen."""
    seen = sign_state(lab.engine, "S1", lab.settings, now=LATER)
    change(lab, "immature_granulocyte", role=Role.COUNTED)

    with pytest.raises(ReviewRefused, match="changed since you looked"):
        sign(lab.engine, lab.people["anna"], "S1", lab.settings, Signing(proof=seen.proof), LATER)


def test_the_second_person_releases_what_both_have_seen(lab):
    """Between the two signatures a class was counted: the first must sign what is there now."""
    two = lab.settings.model_copy(
        update={"review": lab.settings.review.model_copy(update={"second_signature": True})}
    )
    sign(lab.engine, lab.people["anna"], "S1", two, Signing(), LATER)
    change(lab, "immature_granulocyte", role=Role.COUNTED)

    with pytest.raises(ReviewRefused, match="changed since anna signed it"):
        sign_second(lab.engine, lab.people["cleo"], "S1", two, Signing(), LATER)
    lab.see_all()
    sign(lab.engine, lab.people["anna"], "S1", two, Signing(), LATER)

    assert sign_second(lab.engine, lab.people["cleo"], "S1", two, Signing(), LATER).leucocytes == 3
