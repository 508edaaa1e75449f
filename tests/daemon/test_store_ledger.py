"""The ledger: every content counted once, all or nothing, whatever goes wrong."""

import hashlib
import multiprocessing
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError

from leukonet.result import Box, Cell, FieldResult
from leukowatch.errors import StoreUnavailable
from leukowatch.store import group, migrate
from leukowatch.store.database import close_writer, open_writer
from leukowatch.store.ledger import BundleRef, Ledger
from leukowatch.store.outcome import Outcome, Received, Status
from leukowatch.store.requeue import mark_requeued
from stores import ENGINES, ON_BOTH, fresh

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
BUNDLE = BundleRef("current", "b" * 64, "locate-classify")


def cell(first="neutrophil", *, unclassified=False, **changes) -> Cell:
    """A cell that counts where its class does."""
    counts = not unclassified and first not in {"erythroblast", "immature_granulocyte", "artefact"}
    values = {
        "box": Box(1, 2, 30, 40), "score": 0.9, "unclassified": unclassified, "counts": counts,
        "first": first, "first_probability": 0.8, "second": "monocyte", "second_probability": 0.1,
    }  # fmt: skip
    return Cell(**(values | changes))


def result(*cells, **changes) -> FieldResult:
    """An analysis of a field of 640 x 480 pixels."""
    values = {"width": 640, "height": 480, "assessable": True, "reason": "", "cells": cells,
              "bundle": BUNDLE.name, "bundle_sha256": BUNDLE.sha256,
              "timings": {"decode": 1.0, "locate": 2.0, "classify": 3.0}}  # fmt: skip
    return FieldResult(**(values | changes))


def received(path: str, content: str, inode: int, *, unassigned=False) -> Received:
    """A file taken: its folder is its slide."""
    return Received(
        relative=path.encode(), printable=path, slide=str(Path(path).parent), unassigned=unassigned,
        sha256=hashlib.sha256(content.encode()).hexdigest(), size=len(content), device=2**64 - 1,
        inode=inode, mtime_ns=2**70, received_at=NOON,
    )  # fmt: skip


def counted(path: str, content: str, inode: int = 1) -> Outcome:
    """A field with one neutrophil."""
    return Outcome(received(path, content, inode), result(cell()))


def refused(path: str, content: str, inode: int = 1) -> Outcome:
    """A file that is no image."""
    return Outcome(received(path, content, inode), None, "truncated", "the image's end is missing")


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """An empty store, made once."""
    path = tmp_path_factory.mktemp("store") / "leukowatch.db"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=ENGINES)
def store(request, template, tmp_path):
    """A fresh store."""
    store = fresh(request, template, tmp_path)
    yield store
    store.remove()


@pytest.fixture
def path(store, tmp_path):
    """Its file, for what only SQLite can meet."""
    if not store.url.startswith("sqlite"):
        pytest.skip("a fault that only a file has")
    return tmp_path / "leukowatch.db"


@pytest.fixture
def ledger(store):
    """A ledger on the fresh store."""
    engine = open_writer(store.url, 0.2)
    yield Ledger(engine, BUNDLE, lambda: NOON)
    close_writer(engine)


def rows(store, query):
    """What another program reads there."""
    return store.rows(query)


def statuses(store):
    """Each file taken and its state."""
    return rows(store, "SELECT file, status FROM field_status ORDER BY file")


@ON_BOTH
def test_a_field_is_recorded_with_its_cells_and_bundle(ledger, store):
    """Box, both classes, probabilities, bundle, sizes and timings are all there after the commit."""
    ledger.commit([Outcome(received("S1/a.jpg", "a", 1), result(cell(), cell("erythroblast")))])

    cells = rows(
        store,
        "SELECT slide, field, xmin, ymin, xmax, ymax, first_class, first_probability, second_class, "
        "second_probability, counts, unclassified FROM cell_result",
    )
    where = ("S1", "S1/a.jpg", 1.0, 2.0, 30.0, 40.0)
    assert cells == [
        (*where, "neutrophil", 0.8, "monocyte", 0.1, 1, 0),
        (*where, "erythroblast", 0.8, "monocyte", 0.1, 0, 0),
    ]
    analysis = rows(
        store,
        "SELECT width, height, decode_ms, locate_ms, classify_ms, name, bundle.sha256, kind FROM analysis "
        "JOIN field ON field.id = field_id JOIN bundle ON bundle.id = bundle_id",
    )
    assert analysis == [(640, 480, 1.0, 2.0, 3.0, "current", "b" * 64, "locate-classify")]


def test_filings_come_in_the_order_given(ledger):
    """Whatever the statuses, the filings answer the outcomes one by one."""
    outcomes = [
        counted("S1/a.jpg", "a", 1), counted("S1/b.jpg", "a", 2), refused("S1/c.jpg", "c", 3),
        Outcome(received("S2/d.jpg", "d", 4), result(assessable=False, reason="blank")),
    ]  # fmt: skip

    filings = ledger.commit(outcomes)

    expected = [
        (b"S1/a.jpg", Status.COUNTED, "S1", "", ""), (b"S1/b.jpg", Status.DUPLICATE, "S1", "", "S1/a.jpg"),
        (b"S1/c.jpg", Status.QUARANTINED, "S1", "truncated", ""),
        (b"S2/d.jpg", Status.NOT_ASSESSABLE, "S2", "blank", ""),
    ]  # fmt: skip
    assert expected == [
        (each.relative, each.status, each.slide, each.reason, each.duplicate_of) for each in filings
    ]


def test_a_filing_gives_back_the_files_identity(ledger):
    """Numbers beyond signed 64 bits, and the moment, come back as they went in."""
    outcome = counted("S1/a.jpg", "a", 2**64 - 2)

    [filing] = ledger.commit([outcome])

    names = ("relative", "slide", "sha256", "size", "device", "inode", "mtime_ns", "received_at")
    assert [getattr(outcome.received, name) for name in names] == [getattr(filing, name) for name in names]


def test_raw_names_are_kept_beside_printable_ones(ledger, store):
    """A name that is no UTF-8, and one with a newline, survive the store byte by byte."""
    name = b"S1/\xff\n.jpg"
    file = Received(name, "S1/\\xff\\n.jpg", "S1", False, "0" * 64, 1, 1, 1, 1, NOON)

    [filing] = ledger.commit([Outcome(file, None, "damaged", "name \udcff and \0")])

    assert name == filing.relative
    assert rows(store, "SELECT printable, detail FROM arrival") == [
        ("S1/\\xff\\n.jpg", "name \\udcff and \\x00")
    ]


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

    assert mark_requeued(ledger.engine, [first.arrival_id]) == 1

    [again] = ledger.commit([counted("S1/a.jpg", "a", 1)])
    assert again.status == Status.COUNTED
    assert sorted(statuses(store)) == [("S1/a.jpg", "counted"), ("S1/a.jpg", "requeued")]


def test_only_quarantined_and_moved_files_are_requeued(ledger, store):
    """A counted field, and a file still in the inbox, stay as they are."""
    filings = ledger.commit([counted("S1/a.jpg", "a", 1), refused("S1/b.jpg", "b", 2)])
    ledger.mark_filed([(filings[0].arrival_id, b"archive/S1/a.jpg")])

    marked = mark_requeued(ledger.engine, [filing.arrival_id for filing in filings])

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


def test_a_slide_named_by_default_is_flagged_once(ledger, store):
    """Two files directly in the inbox make one unassigned slide with one flag."""
    for number, content in enumerate("ab"):
        file = received(f"unassigned-2031-05-04/{content}.jpg", content, number, unassigned=True)
        ledger.commit([Outcome(file, result())])

    flags = rows(store, "SELECT name, unassigned, kind FROM flag JOIN slide ON slide.id = slide_id")
    assert flags == [("unassigned-2031-05-04", 1, "unassigned")]


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


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (result(cell("dragon")), "unknown_class"),
        (result(cell(second="dragon")), "unknown_class"),
        (result(cell(first_probability=float("nan"))), "bad_result"),
        (result(cell(second_probability=1.1)), "bad_result"),
        (result(cell(score=-0.1)), "bad_result"),
        (result(cell(box=Box(5, 5, 5, 9))), "bad_result"),
        (result(cell(box=Box(-1, 5, 6, 9))), "bad_result"),
        (result(cell(box=Box(0, 5, float("inf"), 9))), "bad_result"),
        (result(cell(unclassified=True, counts=True)), "bad_result"),
        (result(cell(), assessable=False), "bad_result"),
        (result(width=0), "bad_result"),
        (result(timings={"decode": float("nan")}), "bad_result"),
    ],
)
def test_a_result_that_cannot_be_stored_holds_up_no_other(ledger, store, bad, reason):
    """One absurd result is quarantined with its reason; its neighbours in the group are counted."""
    outcomes = [
        counted("S1/a.jpg", "a"),
        Outcome(received("S1/b.jpg", "b", 2), bad),
        counted("S1/c.jpg", "c", 3),
    ]

    filings = ledger.commit(outcomes)

    assert [filing.status for filing in filings] == [Status.COUNTED, Status.QUARANTINED, Status.COUNTED]
    assert reason == filings[1].reason
    assert rows(store, "SELECT count(*) FROM cell") == [(2,)]


def test_a_class_added_by_a_person_can_be_stored(ledger, store):
    """Classes are rows: a new one is used by the next commit."""
    rows(
        store,
        "INSERT INTO cell_class (name, label, key, role) VALUES ('hairy_cell', 'Hairy cell', 'x', 'counted')",
    )

    ledger.commit([Outcome(received("S1/a.jpg", "a", 1), result(cell("hairy_cell")))])

    assert rows(store, "SELECT class, cells, percent FROM differential WHERE cells > 0") == [
        ("hairy_cell", 1, 100.0)
    ]


def test_an_empty_group_does_nothing(ledger):
    """No outcome, no transaction."""
    assert ledger.commit([]) == []


@pytest.mark.parametrize("table", ["arrival", "field", "analysis", "cell", "flag"])
def test_a_failure_at_any_table_leaves_nothing(ledger, store, table):
    """Wherever in the group the disk gives up, not one row of it stays, and the same group goes in later."""
    outcomes = [counted("S1/a.jpg", "a", 1), counted("S2/b.jpg", "a", 2)]

    def fail(connection, cursor, statement, *others):
        if statement.startswith(f"INSERT INTO {table} "):
            raise sqlite3.OperationalError("disk I/O error")

    event.listen(ledger.engine, "before_cursor_execute", fail)
    with pytest.raises((StoreUnavailable, sqlite3.OperationalError)):
        ledger.commit(outcomes)
    event.remove(ledger.engine, "before_cursor_execute", fail)

    left = [
        rows(store, f"SELECT count(*) FROM {name}")
        for name in ("slide", "arrival", "field", "analysis", "cell")
    ]
    assert left == [[(0,)]] * 5
    assert [filing.status for filing in ledger.commit(outcomes)] == [Status.COUNTED, Status.DUPLICATE]


def test_a_full_disk_leaves_nothing_and_says_so(ledger, store, path):
    """SQLite cannot grow the file: the group is refused whole, with the remedy."""
    with ledger.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=1")
    long = Outcome(received("S1/a.jpg", "a", 1), result(*[cell()] * 5000))

    with pytest.raises(StoreUnavailable, match="disk is full"):
        ledger.commit([long])

    assert rows(store, "SELECT count(*) FROM arrival") == [(0,)]


def test_a_locked_database_is_refused_in_time_and_unharmed(ledger, store, path):
    """Another program holds the lock for longer than the patience: a clear error, and nothing written."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(StoreUnavailable, match=r"leukowatch\.db: .*busy_seconds"):
            ledger.commit([counted("S1/a.jpg", "a")])
        other.execute("ROLLBACK")

    assert statuses(store) == []
    assert ledger.commit([counted("S1/a.jpg", "a")])[0].status == Status.COUNTED


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


def test_a_rule_broken_every_time_is_reported_in_the_end(ledger, monkeypatch):
    """A group that the schema refuses three times raises, and does not loop for ever."""

    def refuse(self, outcomes):
        raise IntegrityError("INSERT", {}, sqlite3.IntegrityError("CHECK constraint failed"))

    monkeypatch.setattr(group.Group, "record", refuse)

    with pytest.raises(StoreUnavailable, match="db check"):
        ledger.commit([counted("S1/a.jpg", "a")])


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


def test_what_is_committed_and_not_moved_is_unfiled(ledger):
    """After a crash between commit and move, the same filings come again, oldest first."""
    filings = ledger.commit(
        [counted("S1/a.jpg", "a", 1), counted("S1/b.jpg", "a", 2), refused("S1/c.jpg", "c", 3)]
    )

    assert sorted(filings, key=lambda filing: filing.arrival_id) == ledger.unfiled()


@ON_BOTH
def test_marking_filed_ends_the_waiting(ledger, store):
    """Place and time of a move are kept, and a file that was gone is marked lost."""
    first, second, third = ledger.commit([counted(f"S1/{name}.jpg", name, ord(name)) for name in "abc"])

    ledger.mark_filed([(first.arrival_id, b"archive/S1/a\xff.jpg"), (second.arrival_id, None)])

    assert [third] == ledger.unfiled()
    moved = rows(store, "SELECT destination, filed_at, lost FROM arrival ORDER BY id")
    when = "2031-05-04 12:00:00.000000+00:00"
    assert [(b"archive/S1/a\xff.jpg", when, 0), (None, when, 1), (None, None, 0)] == moved


def test_marking_twice_keeps_the_first_place(ledger, store):
    """A repeated recovery does not overwrite what is recorded."""
    [filing] = ledger.commit([counted("S1/a.jpg", "a")])

    for place in (b"archive/S1/a.jpg", None):
        ledger.mark_filed([(filing.arrival_id, place)])

    assert rows(store, "SELECT destination, lost FROM arrival") == [(b"archive/S1/a.jpg", 0)]


def test_a_results_own_bundle_is_recorded(ledger, store):
    """Two bundles in one group: each analysis refers to the one that made it."""
    other = result(cell(), bundle="paper", bundle_sha256="c" * 64)

    ledger.commit([counted("S1/a.jpg", "a"), Outcome(received("S1/b.jpg", "b", 2), other)])

    used = rows(store, "SELECT name FROM bundle JOIN analysis ON bundle.id = bundle_id ORDER BY name")
    assert used == [("current",), ("paper",)]
