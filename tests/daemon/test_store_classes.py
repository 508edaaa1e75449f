"""The site's table of classes: validated, told to the audit, and without power over what was signed."""

import json
from dataclasses import replace

import pytest

from leukonet.cells import Role
from leukowatch.differential.building import current_result, slide_result
from leukowatch.differential.signing import Signing, sign, sign_second, sign_state
from leukowatch.errors import NotAllowed, NotFound, RequestInvalid, ReviewRefused
from leukowatch.store.audit import audit_rows
from leukowatch.store.classes import (
    FIXED,
    KEPT,
    ClassChange,
    ClassRow,
    add_class,
    set_class,
    site_classes,
)
from leukowatch.store.life import Life
from leukowatch.store.reviews import classify, mark_seen, undo
from leukowatch.store.rights import operator
from reviewing import LATER, lab_at

ROOT = operator("root")
HAIRY = ClassRow("hairy_cell", "Hairy cell", "z", Role.COUNTED, "HAIRY")


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


def add(lab, actor=ROOT, **other):
    """Add a class."""
    return add_class(lab.engine, actor, replace(HAIRY, **other), LATER)


def told(lab):
    """The classes of the slide's result, with their cells."""
    return {each.name: each.count for each in current_result(lab.engine, "S1", lab.settings, LATER).classes}


def give(lab, key="c1", name="hairy_cell"):
    """Give a cell a class."""
    classify(lab.engine, lab.people["anna"], "S1", [key], name, now=LATER)


def test_a_site_adds_a_class_that_people_give_to_cells(lab):
    """It stands at the end of reports, and the bundle is said to be blind to it."""
    add(lab, label=" Hairy  cell ")
    give(lab)

    result = current_result(lab.engine, "S1", lab.settings, LATER)
    assert site_classes(lab.engine)[-1] == HAIRY
    assert (result.classes[-1].label, result.classes[-1].count, result.classes[-1].percent) == (
        "Hairy cell", 1, 50.0,
    )  # fmt: skip


def test_an_added_class_is_told_to_the_audit(lab):
    """With all that it is."""
    add(lab, lab.people["fine"])

    (row,) = [each for each in audit_rows(lab.engine) if each.act == "add class"]
    assert (row.who, row.subject) == ("fine", "class hairy_cell")
    assert json.loads(row.after) == {"label": "Hairy cell", "key": "z", "role": "counted", "code": "HAIRY"}


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"name": ""}, "no name"),
        ({"name": "Hairy"}, "no name"),
        ({"name": "hairy cell"}, "no name"),
        ({"name": "h" * 65}, "no name"),
        ({"name": "unclassified"}, "no name"),
        ({"name": "blast"}, "there is a class of this name"),
        ({"label": "  "}, "no label"),
        ({"label": "a\x1b[2J"}, "no label"),
        ({"label": "x" * 41}, "no label"),
        ({"label": "BLAST"}, "the label BLAST is blast's"),
        ({"key": "n"}, "the key n is neutrophil's"),
        ({"key": "Z"}, "no key"),
        ({"code": "a|b"}, "no code"),
    ],
)
def test_a_class_that_would_be_malformed_or_ambiguous_is_not_added(lab, values, told):
    """Bundles, columns of exports and pages all know it by its name."""
    before = site_classes(lab.engine)

    with pytest.raises(RequestInvalid, match=told):
        add(lab, **values)

    assert site_classes(lab.engine) == before


def test_only_who_manages_adds_classes(lab):
    """A supervisor signs by them."""
    with pytest.raises(NotAllowed):
        add(lab, lab.people["cleo"])


def test_a_retired_class_is_given_to_no_further_cell_and_leaves_results(lab):
    """Until it is put to use again."""
    add(lab)
    change(lab, "hairy_cell", retired=True)

    with pytest.raises(RequestInvalid, match="no class in use"):
        give(lab)
    assert "hairy_cell" not in told(lab)
    with pytest.raises(RequestInvalid, match="it is retired: put it to use again"):
        add(lab, key="0", code="H2")

    change(lab, "hairy_cell", retired=False)
    give(lab)
    assert told(lab)["hairy_cell"] == 1


def test_cells_keep_a_class_that_is_retired(lab):
    """They are counted as they were, may be confirmed, and an undo brings the class back."""
    add(lab)
    give(lab)
    change(lab, "hairy_cell", retired=True)
    mark_seen(lab.engine, lab.people["anna"], "S1", ["c1"], now=LATER)
    assert told(lab)["hairy_cell"] == 1

    give(lab, name="monocyte")
    assert "hairy_cell" not in told(lab)
    undo(lab.engine, lab.people["anna"], "S1", now=LATER)
    assert told(lab)["hairy_cell"] == 1


@pytest.mark.parametrize("name", sorted(KEPT))
def test_what_bundles_predict_and_blasts_are_not_retired(lab, name):
    """Cells would go on coming, and nobody could be asked for a second signature."""
    with pytest.raises(RequestInvalid, match="cannot be retired"):
        change(lab, name, retired=True)

    assert not row(lab, name).retired


def test_a_blast_is_never_left_out_of_results(lab):
    """What no result tells would ask for no second signature."""
    with pytest.raises(RequestInvalid, match="told with every result"):
        change(lab, "blast", role=Role.NEVER)
