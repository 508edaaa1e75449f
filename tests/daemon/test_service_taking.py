"""How soon the inbox's side of the service takes the next file: when there is room, not when it next looks."""

import threading

import pytest

from lab import PATIENCE, wait_until
from leukonet.result import FieldResult
from leukowatch.inbox.gate import Gate
from leukowatch.inbox.watch import InboxWatch
from leukowatch.service.taking import AHEAD, Taker
from leukowatch.service.writing import Fate
from leukowatch.settings import Settings

ANSWER = FieldResult(640, 480, True, "", (), "smear-1", "0" * 64, {})


class Held:
    """A pool of one worker that answers when it is told to."""

    workers = 1

    def __init__(self):
        self.waiting = []

    def in_hand(self):
        """Fields without an answer."""
        return len(self.waiting)

    def submit(self, data, deliver, place):
        """Keep a field."""
        self.waiting.append(deliver)

    def answer(self):
        """Answer the oldest field."""
        self.waiting.pop(0)(ANSWER)


@pytest.fixture
def pool():
    """Give a pool that holds what it gets."""
    return Held()


@pytest.fixture
def listing(tmp_path, pool):
    """Give what makes a taker that hears of no event, only lists, and whose clock stands still."""
    settings = Settings(home=tmp_path)
    settings.inbox_folder.mkdir()

    def made(*, polling):
        watch = InboxWatch(settings.inbox_folder, 1000, polling=polling)
        return Taker(settings, watch, pool, print, print, Gate(settings, []), clock=lambda: 0.0)

    return made


def in_a_new_folder(taker, data):
    """Put a file into a folder that is made for it."""
    folder = taker._folder / "NEW"
    folder.mkdir()
    (folder / "f.jpg").write_bytes(data)
    return folder / "f.jpg"


def listed_and_considered(taker):
    """List the inbox, consider what is due, and say how many files are in hand."""
    taker.rescan()
    for key in taker._stability.due():
        taker._consider(key)
    return taker.in_hand()


def test_a_file_that_was_there_before_its_folder_was_watched_is_taken_at_once(listing, phantoms):
    """Each slide's first file may come so: it was looked at again only after `inbox.quiet_seconds`, two seconds."""
    taker = listing(polling=False)
    in_a_new_folder(taker, phantoms[0])

    assert listed_and_considered(taker) == 1


def test_a_whole_file_that_is_only_listed_waits_for_its_writer(listing, phantoms):
    """Who has it open may still change it."""
    taker = listing(polling=False)
    with in_a_new_folder(taker, phantoms[0]).open("ab"):
        taken = listed_and_considered(taker)

    assert taken == 0


def test_a_file_that_is_only_listed_waits_where_other_machines_may_write(listing, phantoms):
    """Of their writers this machine's kernel knows nothing, and therefore the inbox is polled."""
    taker = listing(polling=True)
    in_a_new_folder(taker, phantoms[0])

    assert listed_and_considered(taker) == 0


@pytest.fixture
def taker(tmp_path, phantoms, pool):
    """Give a taker on an inbox with more files than there is room for, of which it has taken what it may."""
    settings = Settings(home=tmp_path, inbox={"quiet_seconds": 0.05}, store={"group": 1})
    (settings.inbox_folder / "S").mkdir(parents=True)
    for number, data in enumerate(phantoms):
        (settings.inbox_folder / "S" / f"{number:02}.jpg").write_bytes(data)
    watch = InboxWatch(settings.inbox_folder, 1000, polling=False)
    watch.start()
    done = []
    taker = Taker(settings, watch, pool, done.append, done.append, Gate(settings, []))
    taker.done = done
    wait_until(lambda: taker.round(0.05) or taker.in_hand() == AHEAD)
    yield taker
    watch.stop()


def resting(taker):
    """Begin a round that waits for room, however long, in a thread of its own."""
    thread = threading.Thread(target=taker.round, args=(10 * PATIENCE,), daemon=True)
    thread.start()
    wait_until(lambda: taker._resting)
    return thread


def test_an_answer_ends_the_rest_and_the_next_file_is_taken(taker, pool):
    """Else the workers have nothing to do until the next look: a third of a burst was lost so."""
    thread = resting(taker)
    pool.answer()
    thread.join(PATIENCE)

    assert not thread.is_alive()
    assert (taker.in_hand(), len(pool.waiting)) == (AHEAD + 1, AHEAD)


def test_a_file_that_is_filed_makes_room_too(taker, pool):
    """Where the writer is the slower one, files in hand are what there is no more room for."""
    for _ in range(2):  # two groups of one result wait for the writer
        pool.answer()
        taker.round(0.0)
    pool.answer()
    taker.round(0.0)
    full = (taker.in_hand(), len(pool.waiting))
    thread = resting(taker)
    taker.settled(taker.done[0].received.relative, Fate.FILED)
    thread.join(PATIENCE)

    assert full == (AHEAD + 2, AHEAD - 1)
    assert not thread.is_alive()
    assert len(pool.waiting) == AHEAD


def test_an_answer_just_before_the_rest_is_not_missed(taker, pool, monkeypatch):
    """It comes after the room was reckoned and before the wait begins."""
    reckoned = taker._patience

    def late(timeout):
        patience = reckoned(timeout)
        pool.answer()
        return patience

    monkeypatch.setattr(taker, "_patience", late)
    thread = threading.Thread(target=taker.round, args=(10 * PATIENCE,), daemon=True)
    thread.start()
    thread.join(PATIENCE)

    assert not thread.is_alive()
    assert len(pool.waiting) == AHEAD


def test_answers_to_a_taker_at_work_wake_nobody(taker, pool):
    """Hints have a queue of bounded size, which answers must not fill."""
    for _ in range(AHEAD):
        pool.answer()

    assert taker._watch._hints.qsize() == 0
