"""The ledger in trouble: all or nothing is recorded, and one bad result holds up no other."""

import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError

from leukonet.result import Box
from leukowatch.errors import StoreUnavailable
from leukowatch.store import group
from leukowatch.store.outcome import Outcome, Status
from outcomes import cell, counted, received, result


def rows(store, query):
    """What another program reads there."""
    return store.rows(query)


def statuses(store):
    """Each file taken and its state."""
    return rows(store, "SELECT file, status FROM field_status ORDER BY file")


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


def test_a_rule_broken_every_time_is_reported_in_the_end(ledger, monkeypatch):
    """A group that the schema refuses three times raises, and does not loop for ever."""

    def refuse(self, outcomes):
        raise IntegrityError("INSERT", {}, sqlite3.IntegrityError("CHECK constraint failed"))

    monkeypatch.setattr(group.Group, "record", refuse)

    with pytest.raises(StoreUnavailable, match="db check"):
        ledger.commit([counted("S1/a.jpg", "a")])
