"""The audit trail: whole after honest work, broken after any change behind its back."""

import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from handmade import fill, outcome
from leukowatch.differential.signing import Signing, sign
from leukowatch.store import audit, reviews
from leukowatch.store.accounts import set_role
from leukowatch.store.rights import AccountRole, operator
from leukowatch.store.set_aside import set_aside
from leukowatch.store.trail import verify
from reviewing import LATER, lab_at

TRIGGERS = [
    f"{table}_no_{event}"
    for table in ("audit", "decision", "signature")
    for event in ("update", "delete", "replace")
]
FORGED = (
    "INSERT INTO decision (field_id, cell_id, kind, class_id, second_look, account_id, audit_id, at) "
    "VALUES (1, 2, 'classify', 5, 0, 1, 5, '2031-05-04 14:00:00.000000+00:00')"
)
COUNTED = """UPDATE signature SET result = replace(result, '"count":2', '"count":3')"""


@pytest.fixture
def lab(tmp_path):
    """A slide that was decided about, signed, and thought over again."""
    with lab_at(tmp_path / "leukowatch.db", ["neutrophil", "neutrophil", "monocyte?"]) as lab:
        anna = lab.people["anna"]
        set_role(lab.engine, operator("root"), "emil", AccountRole.TECHNOLOGIST, LATER)
        reviews.classify(lab.engine, anna, "S1", ["c1", "c3"], "band", now=LATER)
        reviews.add_cell(lab.engine, anna, "S1", 1, (5, 5, 50, 50), "monocyte", now=LATER)
        lab.see_all()
        sign(lab.engine, anna, "S1", lab.settings, Signing(comment="fine"), LATER)
        reviews.classify(lab.engine, anna, "S1", ["c1"], "eosinophil", now=LATER)
        reviews.undo(lab.engine, anna, "S1", now=LATER)
        fill(lab.path, [outcome("S1", "broken.jpg", 9, None)])
        set_aside(lab.engine, lab.people["cleo"], "S1", 2, "cut off", LATER)
        yield lab


def tamper(lab, *statements):
    """Change the file as somebody who owns it would: without the triggers, which come back afterwards."""
    with closing(sqlite3.connect(lab.path)) as connection, connection:
        made = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
        for name in made:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        for statement in made.values():
            connection.execute(statement)


def test_honest_work_leaves_a_whole_trail(lab):
    """Every act has its row, and the proof names the trail's end."""
    proof = verify(lab.engine)

    assert proof.findings == ()
    assert [row.act for row in audit.audit_rows(lab.engine)] == [
        "set role", "classify", "add", "seen", "sign", "classify", "undo", "set aside",
    ]  # fmt: skip
    assert (proof.rows, proof.head) == (8, audit.audit_rows(lab.engine)[-1].hash)


def test_the_trail_tells_who_what_before_and_after(lab):
    """Enough to understand an act without the tables."""
    row = audit.audit_rows(lab.engine, subject="slide S1")[0]

    assert (row.who, row.act, row.at) == ("anna", "classify", LATER)
    assert row.before == '{"c1":"neutrophil","c3":null}'
    assert '"cells":{"c1":"band","c3":"band"}' in row.after
    assert [each.id for each in audit.audit_rows(lab.engine, last=2)] == [7, 8]


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE audit SET who = 'bert' WHERE id = 2", "audit row 2 was changed"),
        ("UPDATE audit SET at = '2031-05-04 14:00:00.000000+00:00' WHERE id = 2", "audit row 2 was changed"),
        ("UPDATE audit SET before = '' WHERE id = 2", "audit row 2 was changed"),
        ("DELETE FROM audit WHERE id = 3", "audit row 4 stands where row 3 should"),
        ("DELETE FROM audit WHERE id = 1", "audit row 2 stands where row 1 should"),
        ("UPDATE audit SET id = 99 WHERE id = 1", "audit row 2 stands where row 1 should"),
        ("UPDATE decision SET class_id = 2 WHERE id = 1", "audit row 2: changed since: decisions"),
        ("UPDATE decision SET at = '2031-05-04 14:00:00.000000+00:00' WHERE id = 1", "changed since: decisions"),
        ("UPDATE decision SET account_id = 2 WHERE id = 1", "audit row 2: changed since: decisions"),
        ("UPDATE decision SET box_xmin = 6 WHERE kind = 'add'", "audit row 3: changed since: decisions"),
        ("DELETE FROM decision WHERE kind = 'undo'", "audit row 7: removed since: decisions"),
        ("DELETE FROM decision WHERE id = 1", "audit row 2: changed since: decisions"),
        (FORGED, "audit row 5: it knows nothing of its decisions"),
        (COUNTED, "audit row 5: changed since: signature"),
        ("UPDATE signature SET comment = 'poor'", "audit row 5: changed since: signature"),
        ("UPDATE signature SET account_id = 2", "audit row 5: changed since: signature"),
        ("DELETE FROM signature", "audit row 5: removed since: signature"),
        ("UPDATE arrival SET set_aside_id = 5 WHERE id = 2", "audit row 5: it knows nothing of its arrival"),
        ("UPDATE arrival SET set_aside_id = NULL", "audit row 8: removed since: arrival"),
        ("UPDATE arrival SET printable = 'S1/2.jpg' WHERE id = 2", "audit row 8: changed since: arrival"),
    ],
)  # fmt: skip
def test_what_is_changed_behind_its_back_is_found(lab, statement, said):
    """An edit, a removal, a forgery, with sqlite3 and without the triggers."""
    tamper(lab, statement)

    assert any(said in finding for finding in verify(lab.engine).findings)


def test_rows_that_change_places_are_found(lab):
    """Each row is sealed together with its number and the one before."""
    tamper(
        lab,
        "UPDATE audit SET id = -1 WHERE id = 2",
        "UPDATE audit SET id = 2 WHERE id = 3",
        "UPDATE audit SET id = 3 WHERE id = -1",
    )

    found = verify(lab.engine).findings
    assert "audit row 2 was changed" in " ".join(found)
    assert "audit row 3 was changed" in " ".join(found)


def test_a_changed_row_with_a_new_hash_is_found(lab):
    """Whoever seals his change anew breaks the next row, and so on to the end."""
    [row] = [row for row in audit.audit_rows(lab.engine) if row.id == 2]
    forged = replace(row, who="bert")
    tamper(lab, f"UPDATE audit SET who = 'bert', hash = '{forged.sealed()}' WHERE id = 2")

    assert verify(lab.engine).findings == ("audit row 3 does not follow from the one before it",)


def test_an_end_that_was_cut_off_is_found_by_a_signature(lab):
    """The signature keeps the seal of its row."""
    tamper(lab, "DELETE FROM decision WHERE audit_id >= 5", "DELETE FROM audit WHERE id >= 5")

    assert (
        "a signature's seal is not that of audit row 5: rows were changed or cut off"
        in verify(lab.engine).findings
    )


def test_an_end_that_was_cut_off_with_all_traces_is_found_by_a_printed_seal(lab):
    """A report on paper, or whoever noted the trail's end, proves it."""
    seal = verify(lab.engine).head
    tamper(
        lab,
        "DELETE FROM decision WHERE audit_id >= 4",
        "DELETE FROM signature",
        "UPDATE arrival SET set_aside_id = NULL",
        "DELETE FROM audit WHERE id >= 4",
    )

    assert verify(lab.engine).findings == ()
    assert verify(lab.engine, seal).findings == (
        f"no row has the seal {seal}: the trail's end was cut off, or it is another trail's",
    )


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_a_missing_trigger_is_found(lab, trigger):
    """Without it rows could be changed by the way."""
    with closing(sqlite3.connect(lab.path)) as connection:
        connection.execute(f"DROP TRIGGER {trigger}")

    assert verify(lab.engine).findings == (f"the trigger {trigger} is gone: rows could be changed",)


def test_an_act_that_fails_leaves_no_row(lab):
    """The trail tells what was done, in the transaction that does it."""
    with pytest.raises(Exception, match="no cell c99"):
        reviews.classify(lab.engine, lab.people["anna"], "S1", ["c99"], "band", now=LATER)

    assert verify(lab.engine).rows == 8
