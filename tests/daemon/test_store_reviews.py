"""What people decide about cells: who may, what holds, what is undone, and that nothing can be changed later."""

import sqlite3
from contextlib import closing

import pytest

from leukowatch.differential.agreement import accuracy
from leukowatch.differential.signing import Signing, sign
from leukowatch.errors import NotAllowed, NotFound, RequestInvalid, ReviewRefused
from leukowatch.store import opinions, reviews, tallies
from leukowatch.store.accounts import set_active, set_role
from leukowatch.store.reviewed import review_cells
from leukowatch.store.rights import AccountRole, operator
from reviewing import LATER, lab_at

BOX = (5, 5, 50, 50)


@pytest.fixture
def lab(tmp_path):
    """A slide S1 with three neutrophils and a cell that waits for a person."""
    with lab_at(tmp_path / "leukowatch.db", ["neutrophil", "neutrophil", "neutrophil", "monocyte?"]) as lab:
        yield lab


def classify(lab, keys, name, who="anna", **more):
    """Decide as a person."""
    return reviews.classify(lab.engine, lab.people[who], "S1", keys, name, now=LATER, **more)


def names(lab):
    """The class that each cell has now, by key."""
    return {cell.key: cell.name for cell in review_cells(lab.engine, "S1")}


def query(lab, sql):
    """Rows as a person with sqlite3 sees them."""
    with closing(sqlite3.connect(lab.path)) as connection:
        return connection.execute(sql).fetchall()


def test_a_decision_wins_over_the_bundle(lab):
    """In the cells, in the counts, and in the views that people read."""
    classify(lab, ["c1", "c4"], "band")

    assert names(lab) == {"c1": "band", "c2": "neutrophil", "c3": "neutrophil", "c4": "band"}
    assert tallies.slide(lab.engine, "S1").counts["band"] == 2
    assert tallies.slide(lab.engine, "S1").unclassified == 0
    assert query(lab, "SELECT class, cells, percent, reviewed FROM differential WHERE cells > 0") == [
        ("neutrophil", 2, 50.0, 0), ("band", 2, 50.0, 2),
    ]  # fmt: skip
    assert query(
        lab, "SELECT first_class, class, reviewed, counts, unclassified FROM cell_result LIMIT 1"
    ) == [("neutrophil", "band", 1, 1, 0)]


def test_an_artefact_leaves_the_count(lab):
    """What is no cell is in no per cent, and stays visible."""
    classify(lab, ["c1"], "artefact")

    assert query(lab, "SELECT sum(cells) FROM differential") == [(2,)]
    assert query(lab, "SELECT count(*), sum(counts), sum(unclassified) FROM cell_result") == [(4, 2, 1)]


def test_the_last_decision_holds(lab):
    """Whoever made it."""
    classify(lab, ["c1"], "band")
    classify(lab, ["c1"], "eosinophil", who="bert")

    [first, *_] = review_cells(lab.engine, "S1")
    assert (first.name, first.reviewer, first.decision) == ("eosinophil", "bert", "classify")


def test_a_seen_cell_keeps_its_class(lab):
    """Confirming changes nothing but that a person has looked."""
    reviews.mark_seen(lab.engine, lab.people["anna"], "S1", ["c1", "c2"], now=LATER)

    assert [cell.seen for cell in review_cells(lab.engine, "S1")] == [True, True, False, False]
    assert names(lab)["c1"] == "neutrophil"


def test_a_cell_without_a_class_cannot_be_confirmed(lab):
    """There is nothing to confirm; and of several cells none is."""
    with pytest.raises(ReviewRefused, match="1 of these cells"):
        reviews.mark_seen(lab.engine, lab.people["anna"], "S1", ["c1", "c4"], now=LATER)

    assert query(lab, "SELECT count(*) FROM decision") == [(0,)]


def test_a_missed_cell_is_added_and_named_anew(lab):
    """It counts at once, as what it was called last."""
    key = reviews.add_cell(lab.engine, lab.people["anna"], "S1", 1, (-9, 5, 50, 9000), "blast", now=LATER)
    classify(lab, [key], "plasma_cell")

    added = review_cells(lab.engine, "S1")[-1]
    assert (added.key, added.name, added.added, added.first) == (key, "plasma_cell", True, None)
    assert (added.xmin, added.ymin, added.xmax, added.ymax) == (0, 5, 50, 480)
    assert tallies.slide(lab.engine, "S1").counts["plasma_cell"] == 1


@pytest.mark.parametrize("box", [(50, 5, 5, 50), (700, 5, 750, 50), (5, 5, 5, 50), (float("nan"), 5, 9, 9)])
def test_a_box_around_nothing_adds_no_cell(lab, box):
    """Drawn the wrong way, or outside the field."""
    with pytest.raises(RequestInvalid, match="encloses nothing"):
        reviews.add_cell(lab.engine, lab.people["anna"], "S1", 1, box, "blast", now=LATER)

    assert query(lab, "SELECT count(*) FROM decision") == [(0,)]


def test_undo_takes_back_the_whole_act(lab):
    """Twenty cells reclassified in one go are one act."""
    classify(lab, ["c1"], "band")
    classify(lab, ["c1", "c2", "c4"], "eosinophil")

    undone = reviews.undo(lab.engine, lab.people["anna"], "S1", now=LATER)

    assert undone == ("c1", "c2", "c4")
    assert names(lab) == {"c1": "band", "c2": "neutrophil", "c3": "neutrophil", "c4": None}


def test_undo_goes_back_step_by_step_and_then_refuses(lab):
    """An added cell is gone; a person's undo never takes back another's act."""
    anna = lab.people["anna"]
    classify(lab, ["c2"], "monocyte", who="bert")
    classify(lab, ["c1"], "band")
    key = reviews.add_cell(lab.engine, anna, "S1", 1, BOX, "blast", now=LATER)

    assert reviews.undo(lab.engine, anna, "S1", now=LATER) == (key,)
    assert key not in names(lab)
    assert reviews.undo(lab.engine, anna, "S1", now=LATER) == ("c1",)
    with pytest.raises(ReviewRefused, match="nothing of anna"):
        reviews.undo(lab.engine, anna, "S1", now=LATER)
    assert names(lab) == {"c1": "neutrophil", "c2": "monocyte", "c3": "neutrophil", "c4": None}


def test_a_second_look_changes_no_result(lab):
    """The independent count stands beside the first; each person's own word is kept."""
    classify(lab, ["c1"], "band")
    classify(lab, ["c1"], "eosinophil", who="bert", second_look=True)
    reviews.mark_seen(lab.engine, lab.people["bert"], "S1", ["c2"], second_look=True, now=LATER)

    assert names(lab)["c1"] == "band"
    assert [cell.seen for cell in review_cells(lab.engine, "S1")] == [True, False, False, False]
    assert opinions.opinions(lab.engine, "S1") == {
        "anna": {"c1": "band"}, "bert": {"c1": "eosinophil", "c2": "neutrophil"},
    }  # fmt: skip


def test_a_second_look_confirms_what_the_person_saw(lab):
    """Not what another person made of the cell meanwhile: that would not be independent."""
    classify(lab, ["c1"], "band")

    reviews.mark_seen(lab.engine, lab.people["bert"], "S1", ["c1"], second_look=True, now=LATER)

    assert opinions.opinions(lab.engine, "S1")["bert"] == {"c1": "neutrophil"}


def test_a_bundle_is_held_against_the_reviewers(lab):
    """Named right, named wrong, unsure, missed."""
    reviews.mark_seen(lab.engine, lab.people["anna"], "S1", ["c1", "c2"], now=LATER)
    classify(lab, ["c3"], "band")
    classify(lab, ["c4"], "monocyte")
    reviews.add_cell(lab.engine, lab.people["anna"], "S1", 1, BOX, "lymphocyte", now=LATER)

    [record] = accuracy(opinions.judged(lab.engine), opinions.missed(lab.engine))

    assert (record.bundle, record.cells, record.right, record.unsure, record.missed) == (
        "smear-1",
        3,
        2,
        1,
        1,
    )
    assert record.pairs == {("neutrophil", "neutrophil"): 2, ("neutrophil", "band"): 1}


@pytest.mark.parametrize(
    ("slide", "keys", "name", "error"),
    [
        ("S9", ["c1"], "band", NotFound), ("S1", ["c1", "c9"], "band", NotFound), ("S1", ["c1'"], "band", NotFound),
        ("S1", [], "band", RequestInvalid), ("S1", ["c1"], "dragon", RequestInvalid),
    ],
)  # fmt: skip
def test_a_decision_about_nothing_is_refused(lab, slide, keys, name, error):
    """No such slide, cell or class; nothing is written, not even of the cells that exist."""
    with pytest.raises(error):
        reviews.classify(lab.engine, lab.people["anna"], slide, keys, name, now=LATER)

    assert query(lab, "SELECT count(*) FROM decision") == [(0,)]
    assert query(lab, "SELECT count(*) FROM audit") == [(0,)]


@pytest.mark.parametrize("who", ["emil", "fine"])
def test_who_may_not_review_decides_nothing(lab, who):
    """A reader, and an administrator: who keeps the accounts makes no results."""
    with pytest.raises(NotAllowed, match=f"{who}.*may not review"):
        classify(lab, ["c1"], "band", who=who)

    assert query(lab, "SELECT count(*) FROM decision") == [(0,)]


def test_the_command_line_decides_nothing(lab):
    """A decision is a person's."""
    with pytest.raises(NotAllowed):
        reviews.classify(lab.engine, operator("root"), "S1", ["c1"], "band", now=LATER)


def test_a_right_that_was_lost_is_lost_at_once(lab):
    """A page that is still open writes nothing after its account was deactivated or got another role."""
    set_active(lab.engine, lab.people["fine"], "anna", active=False)
    set_role(lab.engine, lab.people["fine"], "bert", AccountRole.READER)

    for who in ("anna", "bert"):
        with pytest.raises(NotAllowed):
            classify(lab, ["c1"], "band", who=who)


@pytest.mark.parametrize("table", ["decision", "signature", "audit"])
@pytest.mark.parametrize(
    "change",
    ["UPDATE {0} SET id = id + 9", "DELETE FROM {0}", "INSERT OR REPLACE INTO {0} SELECT * FROM {0} LIMIT 1"],
)
def test_what_people_did_cannot_be_changed(lab, table, change):
    """Not even by the database's owner, while the triggers are there; a replacement would fire no deletion."""
    classify(lab, ["c4"], "monocyte")
    lab.see_all()
    sign(lab.engine, lab.people["anna"], "S1", lab.settings, Signing(), LATER)

    with closing(sqlite3.connect(lab.path)) as connection:
        with pytest.raises(sqlite3.IntegrityError, match=f"{table} is append-only"):
            connection.execute(change.format(table))
        assert connection.execute(f"SELECT count(*) > 0 FROM {table}").fetchone() == (1,)
