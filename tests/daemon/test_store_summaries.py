"""The summary rows tell what the rows tell, whoever writes, in whatever order."""

import shutil
import tempfile
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import insert, text

from handmade import BUNDLE, NOON, blank, cell, fill, outcome, seen
from leukowatch.differential.signing import Signing, amend, sign, sign_second
from leukowatch.errors import NotFound, RequestInvalid, ReviewRefused
from leukowatch.settings import Settings
from leukowatch.store import reviews
from leukowatch.store.database import close_writer, open_writer
from leukowatch.store.ledger import BundleRef, Ledger
from leukowatch.store.life import Life, lives
from leukowatch.store.migrate import upgrade
from leukowatch.store.people_tables import Account
from leukowatch.store.promotion import promote, roll_back
from leukowatch.store.queries import reading
from leukowatch.store.reanalysis import record_again
from leukowatch.store.reassign import reassign
from leukowatch.store.requeue import mark_requeued
from leukowatch.store.reviewed import review_cells
from leukowatch.store.rights import AccountRole, Actor
from leukowatch.store.set_aside import set_aside
from leukowatch.store.slide_list import list_slides
from leukowatch.store.summaries import recount, wrong_summaries
from leukowatch.store.tallies import slide as slide_row
from leukowatch.store.writing import writing
from reviewing import lab_at
from stores import ON_BOTH, ServerStore, SqliteStore, Store, fresh

OTHER = BundleRef("smear-9", "9f" * 32, "locate-classify")
LATER = NOON + timedelta(hours=1)
NAMES = ("S1", "S2", "S3")
SLIDES = st.sampled_from(NAMES)
CLASSES = ("neutrophil", "lymphocyte", "erythroblast", "artefact", "monocyte?")
RESULTS = (
    st.none()
    | st.lists(st.sampled_from(CLASSES), max_size=3).map(lambda names: seen(*map(cell, names)))
    | st.builds(blank)
)
FILES = st.lists(st.tuples(SLIDES, st.integers(0, 7), RESULTS), min_size=1, max_size=5)
WHO = st.sampled_from([1, 2])
PICKS = st.integers(0, 99)


@cache
def template() -> Path:
    """An empty store, made once."""
    path = Path(tempfile.mkdtemp(prefix="leukowatch-test-")) / "leukowatch.db"
    upgrade(f"sqlite:///{path}")
    return path


class Laboratory(RuleBasedStateMachine):
    """Services, reviewers and operators at work on a few slides; every rule is one of their acts."""

    def store(self) -> Store:
        """Give an empty store."""
        memory = Path("/dev/shm")
        self.folder = Path(
            tempfile.mkdtemp(prefix="leukowatch-test-", dir=memory if memory.is_dir() else None)
        )
        return SqliteStore(Path(shutil.copy(template(), self.folder / "leukowatch.db")))

    @initialize(second=st.booleans())
    def begin(self, second):
        """Open a store with two people."""
        self.at = self.store()
        self.engine = open_writer(self.at.url)
        self.taken = 0
        self.settings = Settings(home=Path("/nowhere"), review={"second_signature": second})
        self.people = {}
        with writing(self.engine) as connection:
            for number in (1, 2):
                name, role = f"person {number}", AccountRole.SUPERVISOR
                row = {
                    "name": name,
                    "role": role.value,
                    "password_hash": "none",
                    "active": True,
                    "created_at": NOON,
                }
                connection.execute(insert(Account), [row | {"id": number}])
                self.people[number] = Actor(name, role, number)

    @rule(files=FILES)
    def commit(self, files):
        """A service records a group, with duplicates, blanks and damaged files among it."""
        outcomes = []
        for slide, content, result in files:
            self.taken += 1
            made = outcome(slide, f"{self.taken}.jpg", content, result)
            received = replace(made.received, received_at=NOON - timedelta(seconds=content), inode=self.taken)
            outcomes.append(replace(made, received=received))
        filings = Ledger(self.engine, BUNDLE, lambda: NOON).commit(outcomes)
        Ledger(self.engine, BUNDLE, lambda: NOON).mark_filed(
            [(each.arrival_id, b"archive/x") for each in filings]
        )

    @rule(pick=PICKS, names=st.lists(st.sampled_from(CLASSES), max_size=3), bad=st.booleans())
    def reanalyse(self, pick, names, bad):
        """Another bundle looks at a field."""
        fields = [number for (number,) in self.rows("SELECT id FROM field ORDER BY id")]
        if fields:
            result = replace(
                blank() if bad else seen(*map(cell, names)), bundle=OTHER.name, bundle_sha256=OTHER.sha256
            )
            record_again(self.engine, OTHER, [(fields[pick % len(fields)], result)])

    @rule(slides=st.lists(SLIDES, max_size=2, unique=True))
    def promote(self, slides):
        """Its results become current, where that may be."""
        self.attempt(promote, self.engine, "smear-9", slides, "try", "rosa")

    @rule(slides=st.lists(SLIDES, max_size=2, unique=True))
    def roll_back(self, slides):
        """And are taken back."""
        self.attempt(roll_back, self.engine, slides, "back", "rosa")

    @rule(what=SLIDES, to=SLIDES, whole=st.booleans(), pick=PICKS)
    def reassign(self, what, to, whole, pick):
        """A slide's fields, or one field, go to another slide."""
        fields = [sha256 for (sha256,) in self.rows("SELECT sha256 FROM field ORDER BY id")]
        meant = what if whole or not fields else fields[pick % len(fields)]
        self.attempt(reassign, self.engine, meant, to, "wrong folder", "rosa")

    @rule(pick=PICKS)
    def set_aside(self, pick):
        """A supervisor judges a file in quarantine unusable."""
        held = self.rows(
            "SELECT slide.name, arrival.id FROM arrival JOIN slide ON slide.id = arrival.slide_id "
            "WHERE status = 'quarantined' ORDER BY arrival.id"
        )
        name, number = held[pick % len(held)] if held else ("S1", 1)
        self.attempt(set_aside, self.engine, self.people[1], name, number, "cut off", NOON)

    @rule()
    def requeue(self):
        """Files in quarantine are put back."""
        held = [
            number
            for (number,) in self.rows("SELECT id FROM arrival WHERE status IN ('quarantined', 'counted')")
        ]
        mark_requeued(self.engine, held, "test")

    @rule(slide=SLIDES, who=WHO, picks=st.lists(PICKS, min_size=1, max_size=3), second=st.booleans(),
          name=st.sampled_from(["band", "blast", "artefact", "neutrophil", ""]))  # fmt: skip
    def decide(self, slide, who, picks, second, name):
        """A reviewer names cells, or confirms them."""
        keys = self.keys(slide)
        chosen = [keys[pick % len(keys)] for pick in picks] if keys else ["c1"]
        act = (reviews.classify, (name,)) if name else (reviews.mark_seen, ())
        self.attempt(
            act[0], self.engine, self.people[who], slide, chosen, *act[1], second_look=second, now=LATER
        )

    @rule(slide=SLIDES, who=WHO, pick=PICKS)
    def add(self, slide, who, pick):
        """A reviewer draws a box around a cell that was missed."""
        fields = [number for (number,) in self.rows("SELECT id FROM field ORDER BY id")]
        if fields:
            there = fields[pick % len(fields)], (1, 1, 9, 9), "eosinophil"
            self.attempt(reviews.add_cell, self.engine, self.people[who], slide, *there, now=LATER)

    @rule(slide=SLIDES, who=WHO)
    def undo(self, slide, who):
        """A reviewer takes the last act back."""
        self.attempt(reviews.undo, self.engine, self.people[who], slide, now=LATER)

    @rule(slide=SLIDES, who=WHO, act=st.sampled_from([sign, sign_second, amend]), ready=st.booleans())
    def sign(self, slide, who, act, ready):
        """A person signs, second or amends, mostly after every cell was named or confirmed."""
        if ready:
            waiting = [each.key for each in self.cells(slide) if each.name is None]
            self.attempt(
                reviews.classify, self.engine, self.people[who], slide, waiting, "neutrophil", now=LATER
            )
            self.attempt(reviews.mark_seen, self.engine, self.people[who], slide, self.keys(slide), now=LATER)
        said = Signing(reason="mended" if act is amend else "", acknowledge_quarantined=True)
        self.attempt(act, self.engine, self.people[who], slide, self.settings, said, LATER)

    @rule(slide=SLIDES)
    def end(self, slide):
        """A `.done` file comes."""
        Ledger(self.engine, BUNDLE, lambda: NOON).note_ends([slide])

    @invariant()
    @precondition(lambda self: hasattr(self, "engine"))
    def summaries_are_sums(self):
        """Of every slide."""
        assert wrong_summaries(self.engine) == []

    @invariant()
    @precondition(lambda self: hasattr(self, "engine"))
    def the_list_finds_each_slide_in_its_state(self):
        """As the rows tell it, before and after the idle time."""
        for now in (NOON + timedelta(minutes=10, seconds=-3), LATER):
            with reading(self.engine) as connection:
                numbers = [number for (number,) in connection.execute(text("SELECT id FROM slide"))]
                true = {number: found.life for number, found in lives(connection, 10, now, numbers).items()}
            told = {
                line.id: life for life in Life for line in list_slides(self.engine, 10, now, life=life).slides
            }
            assert told == true

    def teardown(self):
        """Make away with the store."""
        if hasattr(self, "engine"):
            close_writer(self.engine)
            self.at.remove()
            if hasattr(self, "folder"):
                shutil.rmtree(self.folder)

    def attempt(self, act, *arguments, **named):
        """Let somebody do what the rules may refuse."""
        with suppress(NotFound, RequestInvalid, ReviewRefused):
            act(*arguments, **named)

    def cells(self, slide):
        """A slide's cells; none where there is no such slide."""
        return (
            review_cells(self.engine, slide)
            if self.rows(f"SELECT 1 FROM slide WHERE name = '{slide}'")
            else []
        )

    def keys(self, slide):
        """Their keys."""
        return [each.key for each in self.cells(slide)]

    def rows(self, query):
        """Rows of a query."""
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]


class TestSummaries(Laboratory.TestCase):
    """A few dozen sequences."""

    settings = settings(max_examples=15, stateful_step_count=20, deadline=None)


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
