"""The ledger: a group's rows are all there after its commit, and its moves are noted."""

from leukowatch.store.outcome import Outcome, Received, Status
from leukowatch.store.requeue import mark_requeued
from outcomes import NOON, cell, counted, received, refused, result
from stores import ON_BOTH


def rows(store, query):
    """What another program reads there."""
    return store.rows(query)


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


def test_a_slide_named_by_default_is_flagged_once(ledger, store):
    """Two files directly in the inbox make one unassigned slide with one flag."""
    for number, content in enumerate("ab"):
        file = received(f"unassigned-2031-05-04/{content}.jpg", content, number, unassigned=True)
        ledger.commit([Outcome(file, result())])

    flags = rows(store, "SELECT name, unassigned, kind FROM flag JOIN slide ON slide.id = slide_id")
    assert flags == [("unassigned-2031-05-04", 1, "unassigned")]


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


def test_place_is_named_by_the_row_of_a_file_of_the_same_content(ledger):
    """What lies at a place is another row's, unless the row itself asks, or its content is another."""
    asking, other, third = ledger.commit(
        [refused("S1/a.jpg", "a"), refused("S1/b.jpg", "a", 2), refused("S1/c.jpg", "c", 3)]
    )
    ledger.mark_filed([(other.arrival_id, b"quarantine/S1/a.jpg")])

    found = [ledger.is_named(filing, b"quarantine/S1/a.jpg") for filing in (asking, other, third)]
    assert [True, False, False] == found
    assert not ledger.is_named(asking, b"quarantine/S1/b.jpg")


def test_row_of_a_file_that_left_its_place_names_it_no_more(ledger):
    """A requeued file is in the inbox again, and another may have its place."""
    asking, other = ledger.commit([refused("S1/a.jpg", "a"), refused("S1/b.jpg", "a", 2)])
    ledger.mark_filed([(other.arrival_id, b"quarantine/S1/a.jpg")])
    mark_requeued(ledger.engine, [other.arrival_id], "test")

    assert not ledger.is_named(asking, b"quarantine/S1/a.jpg")
