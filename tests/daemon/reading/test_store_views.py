"""The three views for people with no more than `sqlite3` or `psql`."""

from leukowatch.store.ledger import Ledger
from small_store import BUNDLE, outcome, seen
from stores import ON_BOTH


@ON_BOTH
def test_the_view_differential(store):
    """Five rows for each slide with an assessable field, zeros included; per cent of counted leucocytes."""
    assert store.rows("SELECT * FROM differential") == [
        ("S1", "neutrophil", 2, 66.7, 0),
        ("S1", "eosinophil", 0, 0.0, 0),
        ("S1", "basophil", 0, 0.0, 0),
        ("S1", "lymphocyte", 1, 33.3, 0),
        ("S1", "monocyte", 0, 0.0, 0),
    ]


def test_the_view_differential_has_no_per_cent_of_nothing(store, writer):
    """A slide with an assessable field and no counted cell has zeros and nulls."""
    Ledger(writer, BUNDLE).commit([outcome("S3/a.jpg", 9, seen("artefact"))])

    found = store.rows("SELECT cells, percent FROM differential WHERE slide = 'S3'")

    assert found == [(0, None)] * 5


def test_the_view_differential_counts_current_analyses_only(store):
    """An earlier analysis of the same field adds nothing."""
    store.rows("UPDATE analysis SET is_current = false WHERE id = 1")

    assert store.rows("SELECT sum(cells) FROM differential WHERE slide = 'S1'") == [(0,)]
    assert store.rows("SELECT count(*) FROM cell_result WHERE field = 'S1/a.jpg'") == [(0,)]


def test_the_view_cell_result(store):
    """A row per cell, counted or not, under its field's path."""
    assert store.rows("SELECT * FROM cell_result LIMIT 1 OFFSET 3") == [
        ("S1", "S1/a.jpg", 1.0, 2.0, 30.0, 40.0, "monocyte", 0.8, "monocyte", 0.1, None, 0, 0, 1)
    ]


def test_the_view_field_status(store):
    """A row per file taken, in every state."""
    assert store.rows("SELECT field, slide, file, status, reason FROM field_status ORDER BY file") == [
        (1, "S1", "S1/a.jpg", "counted", ""),
        (2, "S1", "S1/b.jpg", "counted", ""),
        (3, "S1", "S1/c.jpg", "not_assessable", "blank"),
        (4, "S2", "S2/a.jpg", "not_assessable", "blank"),
        (None, "S2", "S2/copy.jpg", "duplicate", "same content as S1/a.jpg"),
        (None, "unassigned-2031-05-04", "unassigned-2031-05-04/x.jpg", "quarantined", "truncated"),
    ]
    found = store.rows("SELECT sha256, received_at FROM field_status WHERE file = 'S1/a.jpg'")
    assert found == [(f"{1:064x}", "2031-05-04 12:01:00.000000+00:00")]
