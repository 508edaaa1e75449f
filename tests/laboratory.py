"""People and services at work on two slides, drawn by chance: each act may change what the summary rows sum up."""

import shutil
import tempfile
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import insert, text

from handmade import BUNDLE, NOON, blank, cell, outcome, seen
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
from leukowatch.store.summaries import wrong_summaries
from leukowatch.store.writing import writing
from stores import SqliteStore, Store

OTHER = BundleRef("smear-9", "9f" * 32, "locate-classify")
LATER = NOON + timedelta(hours=1)
NAMES = ("S1", "S2")
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
RARELY = st.sampled_from([False, False, True])
FIELDS_OF = (
    "SELECT field.id, field.sha256 FROM field JOIN slide ON slide.id = slide_id "
    "WHERE slide.name = '{}' ORDER BY field.id"
)
HELD = "SELECT id FROM arrival WHERE status = 'quarantined' ORDER BY id"
"""Files that can be put back."""
UNUSED = """
SELECT slide.name, arrival.id FROM arrival JOIN slide ON slide.id = arrival.slide_id
WHERE status = 'quarantined' AND set_aside_id IS NULL ORDER BY arrival.id
"""
"""Files that can be set aside, and their slides."""
STANDING = """
SELECT DISTINCT done.account_id, slide.name FROM decision AS done
JOIN field ON field.id = done.field_id JOIN slide ON slide.id = field.slide_id
WHERE done.kind <> 'undo' AND NOT EXISTS (SELECT 1 FROM decision AS later WHERE later.undoes_id = done.id)
ORDER BY 1, 2
"""
"""Who can take something back, and on which slide."""
PROMOTABLE = """
SELECT slide.name FROM slide JOIN field ON field.slide_id = slide.id
LEFT JOIN (
    SELECT analysis.field_id, max(analysis.id) AS id FROM analysis JOIN bundle ON bundle.id = analysis.bundle_id
    WHERE bundle.name = 'smear-9' GROUP BY analysis.field_id
) AS newest ON newest.field_id = field.id
LEFT JOIN analysis AS seen ON seen.id = newest.id
WHERE slide.id NOT IN (SELECT slide_id FROM signature)
GROUP BY slide.name HAVING count(*) = count(seen.id) AND sum(CASE WHEN seen.is_current THEN 0 ELSE 1 END) > 0
ORDER BY 1
"""
"""Slides that the other bundle has seen whole, and whose result it is not."""
SIGNED = "SELECT 1 FROM signature JOIN slide ON slide.id = slide_id WHERE slide.name = '{}'"
PROMOTED = """
SELECT DISTINCT substr(subject, 7) FROM audit WHERE act = 'promote'
AND substr(subject, 7) NOT IN (SELECT name FROM slide JOIN signature ON slide_id = slide.id) ORDER BY 1
"""
"""Slides on which that may be taken back."""


@cache
def template() -> Path:
    """An empty store, made once."""
    path = Path(tempfile.mkdtemp(prefix="leukowatch-test-")) / "leukowatch.db"
    upgrade(f"sqlite:///{path}")
    return path


class Laboratory(RuleBasedStateMachine):
    """Services, reviewers and operators at work on two slides; every rule is one of their acts.

    Most acts are drawn from what can be done now, so that few are refused and nearly all change something.
    """

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
        self.commit(
            [("S1", 1, seen(cell("neutrophil"), cell("monocyte?"))), ("S2", 2, seen(cell("lymphocyte")))]
        )

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

    @rule(slide=SLIDES, names=st.lists(st.sampled_from(CLASSES), max_size=3), bad=st.booleans())
    def reanalyse(self, slide, names, bad):
        """Another bundle looks at a slide."""
        result = replace(
            blank() if bad else seen(*map(cell, names)), bundle=OTHER.name, bundle_sha256=OTHER.sha256
        )
        record_again(self.engine, OTHER, [(number, result) for number, _ in self.fields(slide)])

    @precondition(lambda self: self.rows(PROMOTABLE))
    @rule(pick=PICKS)
    def promote(self, pick):
        """Its results become current, where that may be."""
        (slide,) = self.drawn(PROMOTABLE, pick)
        promote(self.engine, "smear-9", [slide], "try", "rosa")

    @precondition(lambda self: self.rows(PROMOTED))
    @rule(pick=PICKS)
    def roll_back(self, pick):
        """And are taken back."""
        (slide,) = self.drawn(PROMOTED, pick)
        self.attempt(roll_back, self.engine, [slide], "back", "rosa")

    @rule(what=SLIDES, whole=st.booleans(), pick=PICKS)
    def reassign(self, what, whole, pick):
        """A slide's fields, or one field, go to the other slide."""
        fields = self.fields(what)
        if fields:
            meant = what if whole else fields[pick % len(fields)][1]
            reassign(self.engine, meant, "S1" if what == "S2" else "S2", "wrong folder", "rosa")

    @precondition(lambda self: self.rows(HELD))
    @rule(some=st.booleans())
    def requeue(self, some):
        """Files in quarantine are put back; of others the act knows nothing."""
        held = [number for (number,) in self.rows(HELD)]
        mark_requeued(self.engine, [*held[: 1 if some else None], 1], "test")

    @precondition(lambda self: self.rows(UNUSED))
    @rule(pick=PICKS)
    def set_aside(self, pick):
        """A supervisor judges a file in quarantine unusable."""
        slide, number = self.drawn(UNUSED, pick)
        self.attempt(set_aside, self.engine, self.people[1], slide, number, "cut off", NOON)

    @rule(slide=SLIDES, who=WHO, picks=st.lists(PICKS, min_size=1, max_size=3), second=RARELY,
          name=st.sampled_from(["band", "blast", "artefact", "neutrophil", ""]))  # fmt: skip
    def decide(self, slide, who, picks, second, name):
        """A reviewer names cells, or confirms them."""
        keys = self.keys(slide)
        if keys:
            chosen = [keys[pick % len(keys)] for pick in picks]
            act = (reviews.classify, (name,)) if name else (reviews.mark_seen, ())
            self.attempt(
                act[0], self.engine, self.people[who], slide, chosen, *act[1], second_look=second, now=LATER
            )

    @rule(slide=SLIDES, who=WHO, pick=PICKS)
    def add(self, slide, who, pick):
        """A reviewer draws a box around a cell that was missed."""
        fields = self.fields(slide)
        if fields:
            there = fields[pick % len(fields)][0], (1, 1, 9, 9), "eosinophil"
            reviews.add_cell(self.engine, self.people[who], slide, *there, now=LATER)

    @precondition(lambda self: self.rows(STANDING))
    @rule(pick=PICKS)
    def undo(self, pick):
        """A reviewer takes the last act back."""
        who, slide = self.drawn(STANDING, pick)
        reviews.undo(self.engine, self.people[who], slide, now=LATER)

    @rule(
        slide=SLIDES,
        who=WHO,
        again=st.sampled_from([sign, sign_second, amend]),
        hasty=RARELY,
    )
    def sign(self, slide, who, again, hasty):
        """A person signs, or signs anew what is signed, mostly after every cell was named or confirmed."""
        act = again if self.rows(SIGNED.format(slide)) else sign
        if not hasty:
            waiting = [each.key for each in self.cells(slide) if each.name is None]
            self.attempt(
                reviews.classify, self.engine, self.people[who], slide, waiting, "neutrophil", now=LATER
            )
            self.attempt(reviews.mark_seen, self.engine, self.people[who], slide, self.keys(slide), now=LATER)
        said = Signing(reason="mended" if act is amend else "")
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

    def drawn(self, query, pick):
        """One of the rows of a query."""
        found = self.rows(query)
        return found[pick % len(found)]

    def fields(self, slide):
        """Id and hash of a slide's fields."""
        return self.rows(FIELDS_OF.format(slide))

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
