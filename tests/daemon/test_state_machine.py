"""Any sequence of drops, takes, commits, moves and crashes: each file in one state, each content counted once.

Real files, a real database, the service's own writer and filer; what is drawn is the order, and where it is cut.
"""

import hashlib
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import text

from handmade import BUNDLE, cell, seen
from leukowatch.errors import NotFound
from leukowatch.inbox import carrying, filing, returning
from leukowatch.inbox.filing import Filer
from leukowatch.inbox.intake import received, take
from leukowatch.service.writing import Writer
from leukowatch.store.database import close_writer, open_writer
from leukowatch.store.group import Group
from leukowatch.store.ledger import Ledger
from leukowatch.store.migrate import upgrade
from leukowatch.store.outcome import Filing, Outcome
from leukowatch.store.requeue import mark_requeued

SHARED_MEMORY = Path("/dev/shm")
SLIDES = st.sampled_from(["S1", "S2"])
NAMES = st.sampled_from(["a.jpg", "b.jpg"])
CONTENTS = st.sampled_from([b"good 1", b"good 2", b"good 3", b"bad 1", b"bad 2"])
CRASHES = st.none() | st.tuples(st.integers(0, 10), st.booleans())
"""Nothing, or after how many steps the power goes, and whether the last of them is still done."""
STEPS = [
    (Group, "_write_arrivals"), (Group, "_write_fields"), (Group, "_flag_elsewhere"), (Ledger, "mark_filed"),
    (filing, "make_folder"), (filing, "_sync_all"), (carrying, "rename_new"), (carrying, "copy_new"),
    (carrying, "write_new"), (carrying.Source, "renamed"), (carrying.Source, "remove"),
    (returning, "make_folder"), (returning, "rename_free"),
]  # fmt: skip
"""Where the power can go."""


class PowerCut(BaseException):
    """Nothing catches it, as nothing catches SIGKILL; what is open is closed, transactions are undone."""


@contextmanager
def power(crash: tuple[int, bool] | None) -> Iterator[None]:
    """Let the power go at a step inside the block."""
    left = crash[0] if crash else -1

    def cut(step):
        def wrapped(*arguments, **named):
            nonlocal left
            left -= 1
            if left == -1 and crash and not crash[1]:
                raise PowerCut
            done = step(*arguments, **named)
            if left == -1 and crash:
                raise PowerCut
            return done

        return wrapped

    with ExitStack() as stack:
        for place, name in STEPS if crash else []:
            stack.enter_context(patch.object(place, name, cut(getattr(place, name))))
        yield


@cache
def template() -> Path:
    """An empty store, made once."""
    path = Path(tempfile.mkdtemp()) / "leukowatch.db"
    upgrade(f"sqlite:///{path}")
    return path


class Service(RuleBasedStateMachine):
    """The service's steps one by one, with people and microscopes in between."""

    @initialize(apart=st.booleans())
    def begin(self, apart):
        """Make a home; its archive and quarantine may lie on another disk."""
        self.base = Path(tempfile.mkdtemp(dir=SHARED_MEMORY if SHARED_MEMORY.is_dir() else None))
        self.far = Path(tempfile.mkdtemp()) if apart else self.base
        self.inbox, self.archive, self.quarantine = (
            self.base / "inbox", self.far / "archive", self.far / "quarantine",
        )  # fmt: skip
        self.inbox.mkdir()
        self.database = shutil.copy(template(), self.base / "leukowatch.db")
        self.dropped: Counter[bytes] = Counter()
        self.names = 0
        self.engine = None
        self.start(None)

    @rule(crash=CRASHES)
    @precondition(lambda self: self.engine is None)
    def start(self, crash):
        """Finish what an earlier run left."""
        self.engine = open_writer(f"sqlite:///{self.database}", 1.0)
        self.ledger = Ledger(self.engine, BUNDLE)
        filer = Filer(self.inbox, self.archive, self.quarantine)
        self.writer = Writer(self.ledger, filer, self.base, 64, lambda key, fate: None)
        self.in_hand: list[Outcome] = []
        self.committed: list[Filing] = []
        with self.surviving(crash):
            self.writer.recover()

    @rule(files=st.lists(st.tuples(SLIDES, NAMES, CONTENTS), min_size=1, max_size=3))
    def drop(self, files):
        """Files come; one that has such a name goes under another name before."""
        for slide, name, content in files:
            path = self.inbox / slide / name
            path.parent.mkdir(exist_ok=True)
            if path.exists():
                path.rename(path.with_name(f"displaced-{self.number()}.jpg"))
            path.write_bytes(content)
            self.dropped[content] += 1

    @rule(slide=SLIDES)
    @precondition(lambda self: self.waiting())
    def rename(self, slide):
        """Somebody renames a slide's folder."""
        with suppress(FileNotFoundError):
            (self.inbox / slide).rename(self.inbox / f"{slide}-{self.number()}")

    @rule(most=st.integers(1, 4))
    @precondition(lambda self: self.engine is not None and set(self.waiting()) - self.held())
    def take(self, most):
        """Take files that are not in hand, and look at them."""
        for key in sorted(set(self.waiting()) - self.held())[:most]:
            now = datetime.now(UTC)
            arrival = take(self.inbox, key, 1000, "", now)
            good = arrival.data.startswith(b"good")
            outcome = (seen(cell("neutrophil")),) if good else (None, "damaged", "it does not decode")
            self.in_hand.append(Outcome(received(arrival, now), *outcome))

    @rule(crash=CRASHES)
    @precondition(lambda self: self.engine is not None and self.in_hand)
    def commit(self, crash):
        """Record what is in hand."""
        with self.surviving(crash):
            self.committed += self.writer._committed(self.in_hand)
            self.in_hand = []

    @rule(crash=CRASHES)
    @precondition(lambda self: self.engine is not None and self.committed)
    def move(self, crash):
        """Move what is recorded, and note it."""
        with self.surviving(crash):
            self.writer._move(self.committed)
            self.committed = []

    @rule(crash=CRASHES)
    @precondition(lambda self: self.engine is not None and self.waiting())
    def work(self, crash):
        """All of that in one go, as it mostly happens."""
        with self.surviving(crash):
            self.take(9)
            self.committed += self.writer._committed(self.in_hand)
            self.writer._move(self.committed)
            self.in_hand, self.committed = [], []

    @rule(choice=st.integers(0, 9), crash=CRASHES)
    @precondition(lambda self: self.engine is not None and self.quarantined())
    def requeue(self, choice, crash):
        """Somebody puts a quarantined file back, and says so again where that was cut short."""
        held = self.quarantined()
        number, relative, destination = held[choice % len(held)]
        place = Path(os.path.normpath(self.base / os.fsdecode(destination)))
        with suppress(PowerCut), power(crash):
            self.writer._filer.give_back(place, relative)
        with suppress(NotFound):  # as it is back already
            self.writer._filer.give_back(place, relative)
        mark_requeued(self.engine, [number], "test")

    @invariant()
    def nothing_is_lost_and_nothing_is_double(self):
        """Every content is there as often as it was dropped; a cut copy may be there twice until the next start."""
        found = Counter(path.read_bytes() for path in self.images())
        if self.engine is None:
            assert found >= self.dropped
        else:
            assert found == self.dropped

    @invariant()
    def a_content_counts_once(self):
        """No content has two fields, and none that is no image has one."""
        found = [sha256 for (sha256,) in self.query("SELECT sha256 FROM field")]

        assert len(found) == len(set(found))
        assert set(found) <= self.good()

    def teardown(self):
        """Let the service come to rest: every file filed, its row naming it, every image counted."""
        if not hasattr(self, "base"):
            return
        if self.engine is None:
            self.start(None)
        while self.waiting() or self.in_hand or self.committed:
            if self.in_hand:
                self.commit(None)
            if self.committed:
                self.move(None)
            self.take(9)
        self.nothing_is_lost_and_nothing_is_double()
        assert self.good() == {sha256 for (sha256,) in self.query("SELECT sha256 FROM field")}
        assert {bytes(path) for path in self.images()} == self.named()
        cards = {path.with_suffix("") for path in self.quarantine.rglob("*.json")}
        assert cards == {path for path in self.images() if path.is_relative_to(self.quarantine)}
        close_writer(self.engine)
        shutil.rmtree(self.base)
        shutil.rmtree(self.far, ignore_errors=True)

    def named(self) -> set[bytes]:
        """Paths that rows name, each one row its own."""
        rows = self.query(
            "SELECT destination FROM arrival WHERE status <> 'requeued' AND filed_at IS NOT NULL AND NOT lost"
        )
        named = {os.fsencode(os.path.normpath(self.base / os.fsdecode(name))) for (name,) in rows}
        assert len(rows) == len(named)
        return named

    @contextmanager
    def surviving(self, crash):
        """Do a step; where the power goes, all that was in memory is gone."""
        try:
            with power(crash):
                yield
        except PowerCut:
            self.engine.dispose()
            self.engine = None

    def waiting(self) -> list[bytes]:
        """Raw paths of the inbox's files; those that are set aside while they are copied left out."""
        paths = (path for path in self.inbox.rglob("[!.]*") if path.is_file())
        return [os.fsencode(path.relative_to(self.inbox)) for path in paths]

    def held(self) -> set[bytes]:
        """Raw paths of the files in hand."""
        return {o.received.relative for o in self.in_hand} | {f.relative for f in self.committed}

    def images(self) -> list[Path]:
        """Every file of inbox, archive and quarantine; JSON and copies in the making left out."""
        rooms = (self.inbox, self.archive, self.quarantine)
        paths = (path for room in rooms for path in room.rglob("*") if path.is_file())
        return [path for path in paths if path.suffix not in {".json", ".part"}]

    def quarantined(self) -> list[tuple]:
        """Files that can be put back: number, raw path in the inbox, place."""
        return self.query(
            "SELECT id, relative, destination FROM arrival WHERE status = 'quarantined' AND destination IS NOT NULL"
        )

    def good(self) -> set[str]:
        """SHA-256 of every image that was dropped."""
        return {hashlib.sha256(data).hexdigest() for data in self.dropped if data.startswith(b"good")}

    def query(self, sql: str) -> list[tuple]:
        """Rows, read through a connection of its own."""
        engine = open_writer(f"sqlite:///{self.database}", 1.0) if self.engine is None else self.engine
        try:
            with engine.connect() as connection:
                return [tuple(row) for row in connection.execute(text(sql))]
        finally:
            if self.engine is None:
                engine.dispose()

    def number(self) -> int:
        """A number that was not used."""
        self.names += 1
        return self.names


class TestService(Service.TestCase):
    """A few dozen sequences."""

    settings = settings(max_examples=15, stateful_step_count=20, deadline=None)


@pytest.mark.slow
class TestServiceForLong(Service.TestCase):
    """Hundreds of longer ones."""

    settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
