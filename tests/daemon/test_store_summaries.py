"""The summary rows tell what the rows tell, whoever writes, in whatever order."""

from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import text

from handmade import BUNDLE, NOON, cell, fill, outcome, seen
from laboratory import OTHER, Laboratory, template
from leukowatch.differential.signing import Signing, amend, sign
from leukowatch.store import reviews
from leukowatch.store.database import close_writer, open_writer
from leukowatch.store.ledger import Ledger
from leukowatch.store.promotion import promote, roll_back
from leukowatch.store.queries import reading
from leukowatch.store.reanalysis import record_again
from leukowatch.store.reassign import reassign
from leukowatch.store.requeue import mark_requeued
from leukowatch.store.summaries import recount, wrong_summaries
from leukowatch.store.tallies import slide as slide_row
from reviewing import LATER, lab_at
from stores import ON_BOTH, ServerStore, SqliteStore, fresh


class TestSummaries(Laboratory.TestCase):
    """A few dozen sequences."""

    settings = settings(max_examples=8, stateful_step_count=20, deadline=None)


@pytest.mark.slow
class TestSummariesForLong(Laboratory.TestCase):
    """More and longer ones."""

    settings = settings(max_examples=50, stateful_step_count=40, deadline=None)


@pytest.mark.slow
def test_summaries_are_sums_on_postgresql_too(postgresql_server):
    """The same acts over a server."""

    class OnServer(Laboratory):
        def store(self):
            return ServerStore(postgresql_server)

    run_state_machine_as_test(
        OnServer, settings=settings(max_examples=8, stateful_step_count=25, deadline=None)
    )


def test_each_writer_keeps_the_summary(tmp_path):
    """One after another, each with something to change, so that none hides behind what chance draws."""
    with lab_at(tmp_path / "leukowatch.db", ["neutrophil", "lymphocyte", "monocyte?"]) as lab:
        engine, anna, cleo = lab.engine, lab.people["anna"], lab.people["cleo"]
        ledger = Ledger(engine, BUNDLE, lambda: NOON)
        held = ledger.commit([outcome("S1", "2.jpg", 2, None)])
        ledger.mark_filed([(held[0].arrival_id, b"quarantine/x")])
        other = replace(seen(cell("eosinophil")), bundle=OTHER.name, bundle_sha256=OTHER.sha256)
        record_again(engine, OTHER, [(1, other)])
        for act in (
            lambda: mark_requeued(engine, [held[0].arrival_id], "test"),
            lambda: promote(engine, "smear-9", ["S1"], "try", "rosa"),
            lambda: roll_back(engine, ["S1"], "back", "rosa"),
            lambda: reviews.classify(engine, anna, "S1", ["c3"], "band", now=LATER),
            lambda: reviews.undo(engine, anna, "S1", now=LATER),
            lambda: reviews.classify(engine, anna, "S1", ["c3"], "band", now=LATER),
            lambda: reviews.add_cell(engine, anna, "S1", 1, (1, 1, 9, 9), "basophil", now=LATER),
            lab.see_all,
            lambda: sign(engine, anna, "S1", lab.settings, Signing(), LATER),
            lambda: lab.arrive("S1", 4, "neutrophil"),
            lab.see_all,
            lambda: amend(engine, cleo, "S1", lab.settings, Signing(reason="a field more"), LATER),
            lambda: reassign(engine, "S1/4.jpg", "S2", "wrong folder", "rosa"),
        ):
            before = _rows(engine)
            act()

            assert (wrong_summaries(engine), _rows(engine) != before) == ([], True)


def _rows(engine):
    """All summary rows."""
    with reading(engine) as connection:
        return [
            tuple(row)
            for table in ("slide_tally", "slide_count")
            for row in connection.execute(text(f"SELECT * FROM {table} ORDER BY 1, 2"))
        ]


@pytest.fixture
def store(request, tmp_path):
    """A store with two slides, of which something is wrong in the summary."""
    store = fresh(request, template(), tmp_path)
    engine = open_writer(store.url)
    Ledger(engine, BUNDLE, lambda: NOON).commit(
        [
            outcome("S1", "1.jpg", 1, seen(cell("neutrophil"))),
            outcome("S2", "2.jpg", 2, seen(cell("monocyte?"))),
        ]
    )
    close_writer(engine)
    yield store
    store.remove()


WRONG = {
    "a count": "UPDATE slide_count SET cells = cells + 1 WHERE slide_id = 1",
    "what was looked at": "UPDATE slide_count SET reviewed = 1 WHERE slide_id = 1",
    "a field": "UPDATE slide_tally SET fields = 7 WHERE slide_id = 1",
    "a file": "UPDATE slide_tally SET quarantined = 1 WHERE slide_id = 1",
    "a time": "UPDATE slide_tally SET last_received = NULL WHERE slide_id = 1",
    "a stage": "UPDATE slide_tally SET stage = 'signed' WHERE slide_id = 1",
    "all of a slide": "DELETE FROM slide_tally WHERE slide_id = 1",
}


@ON_BOTH
@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_summary_is_found_and_made_anew(store, wrong):
    """Whatever of it is wrong, the slide is named with the remedy, and the remedy helps."""
    engine = open_writer(store.url)
    before = slide_row(engine, "S1")
    engine.dispose()
    with engine.begin() as connection:
        connection.execute(text(wrong))

    [told] = wrong_summaries(engine)
    assert "1 slides differs from their rows (S1)" in told
    assert wrong_summaries(engine, newest=1) == []
    assert recount(engine) == 2
    assert (wrong_summaries(engine), slide_row(engine, "S1")) == ([], before)
    close_writer(engine)


def test_the_commands_find_and_mend_a_wrong_summary(home):
    """`doctor` and `db check` name the slide, `db recount` makes its summary anew."""
    fill(home.folder / "leukowatch.db", [outcome("S1", "1.jpg", 1, seen(cell("neutrophil")))])
    SqliteStore(home.folder / "leukowatch.db").rows("UPDATE slide_count SET cells = 8")

    found = home.command("db", "check")
    assert (found.returncode, "(S1): `leukowatch db recount`" in found.stderr) == (14, True)
    assert "BAD summaries: the summary of 1 slides" in home.command("doctor").stdout
    assert home.command("db", "recount").stdout == "1 slides were counted anew\n"
    assert home.command("db", "check").returncode == 0
