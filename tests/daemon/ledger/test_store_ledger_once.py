"""The ledger counts each content once, whenever and wherever it comes again."""

import multiprocessing

import pytest

from leukowatch.store import group
from leukowatch.store.audit import audit_rows
from leukowatch.store.database import close_writer, open_writer
from leukowatch.store.ledger import Ledger
from leukowatch.store.outcome import Outcome, Status
from leukowatch.store.requeue import mark_requeued
from outcomes import BUNDLE, counted, received, refused, result
from stores import ON_BOTH


def rows(store, query):
    """What another program reads there."""
    return store.rows(query)


def statuses(store):
    """Each file taken and its state."""
    return rows(store, "SELECT file, status FROM field_status ORDER BY file")


@ON_BOTH
def test_content_counted_before_is_a_duplicate(ledger, store):
    """The same bytes under another name, later, add a row and no cell."""
    ledger.commit([counted("S1/a.jpg", "a", 1)])
    [filing] = ledger.commit([counted("S1/b.jpg", "a", 2)])

    assert (filing.status, filing.duplicate_of) == (Status.DUPLICATE, "S1/a.jpg")
    assert rows(store, "SELECT * FROM differential WHERE cells > 0") == [("S1", "neutrophil", 1, 100.0, 0)]
    said = rows(store, "SELECT field, reason FROM field_status WHERE status = 'duplicate'")
    assert said == [(None, "same content as S1/a.jpg")]


def test_content_that_is_not_assessable_is_unique_too(ledger):
    """A second copy of a blank image is a duplicate of the first."""
    blank = result(assessable=False, reason="blank")
    ledger.commit([Outcome(received("S1/a.jpg", "a", 1), blank)])

    [filing] = ledger.commit([Outcome(received("S1/b.jpg", "a", 2), blank)])

    assert filing.status == Status.DUPLICATE


def test_a_duplicate_of_a_duplicate_names_the_counted_field(ledger):
    """The third copy refers to the field, not to the second copy."""
    ledger.commit([counted("S1/a.jpg", "a", 1), counted("S1/b.jpg", "a", 2)])

    [filing] = ledger.commit([counted("S1/c.jpg", "a", 3)])

    assert filing.duplicate_of == "S1/a.jpg"


def test_quarantined_content_is_never_the_original(ledger, store):
    """Twice the same broken file, then the same bytes analysed after all: quarantined twice, counted once."""
    ledger.commit([refused("S1/a.jpg", "a", 1), refused("S1/b.jpg", "a", 2)])

    [filing] = ledger.commit([counted("S1/c.jpg", "a", 3)])

    assert filing.status == Status.COUNTED
    expected = [("S1/a.jpg", "quarantined"), ("S1/b.jpg", "quarantined"), ("S1/c.jpg", "counted")]
    assert expected == statuses(store)


def test_a_refused_copy_of_counted_content_is_quarantined(ledger):
    """Where a worker dies on a copy, the copy is quarantined, not called a duplicate."""
    ledger.commit([counted("S1/a.jpg", "a", 1)])

    [filing] = ledger.commit([refused("S1/b.jpg", "a", 2)])

    assert filing.status == Status.QUARANTINED


def test_a_requeued_file_counts_when_it_comes_again(ledger, store):
    """Put back at the same place, with the same inode and bytes, it is a new arrival and no duplicate."""
    [first] = ledger.commit([refused("S1/a.jpg", "a", 1)])
    ledger.mark_filed([(first.arrival_id, b"quarantine/S1/a.jpg")])

    assert mark_requeued(ledger.engine, [first.arrival_id], "rosa") == 1
    (told,) = audit_rows(ledger.engine)
    assert (told.who, told.act, told.subject, told.after) == (
        "rosa", "requeue", "slide S1", '{"file":"S1/a.jpg"}',
    )  # fmt: skip

    [again] = ledger.commit([counted("S1/a.jpg", "a", 1)])
    assert again.status == Status.COUNTED
    assert sorted(statuses(store)) == [("S1/a.jpg", "counted"), ("S1/a.jpg", "requeued")]


def test_only_quarantined_and_moved_files_are_requeued(ledger, store):
    """A counted field, and a file still in the inbox, stay as they are."""
    filings = ledger.commit([counted("S1/a.jpg", "a", 1), refused("S1/b.jpg", "b", 2)])
    ledger.mark_filed([(filings[0].arrival_id, b"archive/S1/a.jpg")])

    marked = mark_requeued(ledger.engine, [filing.arrival_id for filing in filings], "test")

    assert marked == 0
    assert statuses(store) == [("S1/a.jpg", "counted"), ("S1/b.jpg", "quarantined")]


@pytest.mark.parametrize("together", [True, False])
def test_a_duplicate_under_another_slide_flags_both(ledger, store, together):
    """Each slide is told of the other and of both files, within a group and across groups."""
    outcomes = [counted("S1/a.jpg", "a", 1), counted("S2/b.jpg", "a", 2)]
    for part in [outcomes] if together else [[each] for each in outcomes]:
        ledger.commit(part)

    flags = rows(store, "SELECT name, kind, detail FROM flag JOIN slide ON slide.id = slide_id ORDER BY name")
    said = "S2/b.jpg (slide S2) has the same content as S1/a.jpg (slide S1), which is the one counted"
    assert [("S1", "duplicate_elsewhere", said), ("S2", "duplicate_elsewhere", said)] == flags


def test_a_duplicate_within_its_slide_flags_nothing(ledger, store):
    """A file copied twice into its own folder is no cause for alarm."""
    ledger.commit([counted("S1/a.jpg", "a", 1), counted("S1/b.jpg", "a", 2)])

    assert rows(store, "SELECT * FROM flag") == []


@pytest.mark.parametrize("together", [True, False])
def test_a_file_taken_again_before_its_move_keeps_its_one_row(ledger, store, together):
    """The same file seen by two rescans is neither counted twice nor called its own duplicate."""
    outcomes = [counted("S1/a.jpg", "a"), refused("S1/b.jpg", "b"), counted("S1/a.jpg", "a")]
    groups = [outcomes] if together else [[each] for each in outcomes]

    filings = [filing for part in groups for filing in ledger.commit(part)]

    assert filings[0] == filings[2]
    assert statuses(store) == [("S1/a.jpg", "counted"), ("S1/b.jpg", "quarantined")]


def test_other_content_at_a_waiting_path_is_a_new_arrival(ledger, store):
    """A file replaced before its move is a file of its own."""
    ledger.commit([counted("S1/a.jpg", "a", 1)])
    ledger.commit([counted("S1/a.jpg", "other", 1)])

    assert statuses(store) == [("S1/a.jpg", "counted")] * 2


@ON_BOTH
def test_another_daemons_row_met_halfway_is_a_duplicate(ledger, store, monkeypatch):
    """Where a content appears between look and insert, as PostgreSQL allows, the group is tried again."""
    ledger.commit([counted("S1/a.jpg", "a", 1)])
    monkeypatch.setattr(group.Group, "_originals", _blind_once(group.Group._originals))

    [filing] = ledger.commit([counted("S1/b.jpg", "a", 2)])

    assert (filing.status, filing.duplicate_of) == (Status.DUPLICATE, "S1/a.jpg")
    assert statuses(store) == [("S1/a.jpg", "counted"), ("S1/b.jpg", "duplicate")]


def _blind_once(look):
    """Look, but see nothing the first time."""
    calls = []

    def blind(self, outcomes):
        calls.append(outcomes)
        return {} if len(calls) == 1 else look(self, outcomes)

    return blind


def _commit_in_child(url, barrier, name):
    engine = open_writer(url, 10)
    ledger = Ledger(engine, BUNDLE)
    barrier.wait()
    for number in range(10):
        ledger.commit([counted(f"{name}/{number}.jpg", str(number), number)])
    close_writer(engine)


@ON_BOTH
def test_two_processes_with_the_same_contents_count_each_once(store):
    """Two daemons commit the same ten contents at the same time: ten fields, ten duplicates."""
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(2)
    children = [
        context.Process(target=_commit_in_child, args=(store.url, barrier, name)) for name in ("S1", "S2")
    ]
    for child in children:
        child.start()
    for child in children:
        child.join(60)

    assert [child.exitcode for child in children] == [0, 0]
    assert rows(store, "SELECT status, count(*) FROM arrival GROUP BY status ORDER BY status") == [
        ("counted", 10),
        ("duplicate", 10),
    ]
    assert rows(store, "SELECT count(*), count(DISTINCT sha256) FROM field") == [(10, 10)]
