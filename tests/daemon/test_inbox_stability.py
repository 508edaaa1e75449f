"""Stability: nothing unfinished is released, everything is released in the end, and only once."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leukowatch.inbox.arrival import Identity
from leukowatch.inbox.stability import Sign, Stability
from leukowatch.inbox.whole import Wholeness

KEY = b"S1/a.jpg"
FILE = Identity(device=1, inode=2, size=3, mtime_ns=4)
LONGER = replace(FILE, size=30)


class Clock:
    """A clock that moves when told."""

    now = 1000.0

    def __call__(self):
        """Give the time."""
        return self.now


@pytest.fixture
def clock():
    """A clock at rest."""
    return Clock()


@pytest.fixture
def files(clock):
    """A tracker with 2 and 60 seconds."""
    return Stability(clock, quiet_seconds=2.0, truncated_seconds=60.0)


def released_after(files, clock, identity, wholeness):
    """Seconds until the only file, looked at whenever it is due, is released."""
    start = clock.now
    while True:
        clock.now = files.next_look()
        (key,) = files.due()
        if files.observe(key, identity, wholeness):
            return clock.now - start


@pytest.mark.parametrize("sign", [Sign.CLOSED, Sign.MOVED])
def test_whole_file_is_ready_at_once_when_its_writer_is_done(files, sign):
    """A JPEG or PNG with its end marker, closed or renamed in, does not wait."""
    files.hint(KEY, sign)

    assert files.due() == [KEY]
    assert files.observe(KEY, FILE, Wholeness.WHOLE)


def test_whole_file_that_nobody_writes_to_is_ready_without_an_event(files):
    """In a folder that was made a moment ago, its close or rename may have been before the watch could hear it."""
    files.hint(KEY, Sign.SEEN)

    assert files.due() == [KEY]
    assert files.observe(KEY, FILE, Wholeness.WHOLE, closed=True)


@pytest.mark.parametrize(
    ("sign", "wholeness", "seconds"),
    [
        (Sign.SEEN, Wholeness.WHOLE, 2.0),
        (Sign.SEEN, Wholeness.FITS, 2.0),
        (Sign.CLOSED, Wholeness.FITS, 2.0),
        (Sign.MOVED, Wholeness.UNKNOWN, 2.0),
        (Sign.SEEN, Wholeness.CUT, 60.0),
        (Sign.CLOSED, Wholeness.CUT, 60.0),
        (Sign.CLOSED, Wholeness.HOLLOW, 60.0),
    ],
)
def test_file_without_proof_must_be_unchanged_for_a_while(files, clock, sign, wholeness, seconds):
    """Without event or end marker the quiet time decides; without its end, the longer time."""
    files.hint(KEY, sign)

    assert released_after(files, clock, FILE, wholeness) == seconds


def test_change_starts_the_quiet_time_anew(files, clock):
    """A file that grows between two looks waits its full time again."""
    files.hint(KEY, Sign.SEEN)
    files.due()
    files.observe(KEY, FILE, Wholeness.FITS)
    clock.now += 2
    files.due()

    assert not files.observe(KEY, LONGER, Wholeness.FITS)
    assert files.next_look() == clock.now + 2


def test_close_before_a_change_proves_nothing(files, clock):
    """A writer that closed a cut file, opened it again and writes on is not done."""
    files.hint(KEY, Sign.CLOSED)
    files.due()
    files.observe(KEY, FILE, Wholeness.CUT)
    clock.now += 5
    files.due()

    assert not files.observe(KEY, LONGER, Wholeness.WHOLE)


def test_second_close_makes_a_continued_file_ready(files, clock):
    """When such a writer closes again, the file is ready at once."""
    files.hint(KEY, Sign.CLOSED)
    files.due()
    files.observe(KEY, FILE, Wholeness.CUT)
    files.hint(KEY, Sign.CLOSED)

    assert files.due() == [KEY]
    assert files.observe(KEY, LONGER, Wholeness.WHOLE)


def test_rescan_does_not_release_twice(files):
    """A file in hand that a rescan finds again is not released again."""
    files.hint(KEY, Sign.MOVED)
    files.due()
    files.observe(KEY, FILE, Wholeness.WHOLE)
    files.hint(KEY, Sign.SEEN)

    assert files.due() == []
    assert files.next_look() is None


def test_late_close_does_not_release_twice(files):
    """A close event that comes after the release of the same content changes nothing."""
    files.hint(KEY, Sign.MOVED)
    files.due()
    files.observe(KEY, FILE, Wholeness.WHOLE)
    files.hint(KEY, Sign.CLOSED)
    files.due()

    assert not files.observe(KEY, FILE, Wholeness.WHOLE)
    assert files.next_look() is None


def test_new_content_under_a_released_name_is_released(files):
    """Another file renamed over one in hand is a new file."""
    files.hint(KEY, Sign.MOVED)
    files.due()
    files.observe(KEY, FILE, Wholeness.WHOLE)
    files.hint(KEY, Sign.MOVED)
    files.due()

    assert files.observe(KEY, LONGER, Wholeness.WHOLE)


def test_filed_name_can_come_again(files):
    """After a file was filed and forgotten, the next one of its name is released."""
    for _ in range(2):
        files.hint(KEY, Sign.MOVED)
        files.due()
        assert files.observe(KEY, FILE, Wholeness.WHOLE)
        files.forget(KEY)


def test_retry_waits_before_the_next_look(files, clock):
    """A file that could not be taken is looked at again, not at once."""
    files.hint(KEY, Sign.MOVED)
    files.due()
    files.observe(KEY, FILE, Wholeness.WHOLE)
    files.retry(KEY)

    assert files.due() == []
    assert released_after(files, clock, FILE, Wholeness.WHOLE) == 4.0


@pytest.mark.parametrize("name", [b"a.jpg.part", b".a.jpg", b"a.jpg~", b"Thumbs.db"])
def test_temporary_names_are_never_looked_at(files, name):
    """They wait for their rename."""
    files.hint(b"S1/" + name, Sign.CLOSED)

    assert len(files) == 0
    assert files.next_look() is None


def test_deleted_files_drop_out(files):
    """Neither a deletion event nor a look that found nothing leaves a trace."""
    files.hint(KEY, Sign.SEEN)
    files.hint(b"other", Sign.SEEN)
    files.due()
    files.hint(KEY, Sign.GONE)
    files.forget(b"other")

    assert len(files) == 0
    assert files.next_look() is None


def test_looks_are_handed_out_in_portions(files):
    """A limit keeps the rest for the next time."""
    for number in range(5):
        files.hint(b"%d" % number, Sign.SEEN)

    assert [len(files.due(limit=2)) for _ in range(4)] == [2, 2, 1, 0]


def test_waiting_names_what_is_not_ready(files):
    """Files in hand are no longer waiting."""
    files.hint(KEY, Sign.MOVED)
    files.hint(b"late", Sign.SEEN)
    files.due()
    files.observe(KEY, FILE, Wholeness.WHOLE)

    assert list(files.waiting()) == [b"late"]


def test_cut_file_is_looked_at_ever_less_often(files, clock):
    """A thousand files that wait for their end do not keep the service busy."""
    files.hint(KEY, Sign.SEEN)
    looks = 0
    while files.next_look() < 1060:
        clock.now = files.next_look()
        files.due()
        files.observe(KEY, FILE, Wholeness.CUT)
        looks += 1

    assert looks < 15


steps = st.lists(
    st.tuples(
        st.sampled_from([*Sign, None]), st.floats(0, 100), st.integers(0, 3), st.sampled_from(list(Wholeness))
    ),
    max_size=40,
)


@given(steps)
def test_no_content_is_released_twice_and_none_is_forgotten(history):
    """Whatever comes in whatever order: each state is released once at most, and in the end always."""
    clock = Clock()
    files = Stability(clock, quiet_seconds=2.0, truncated_seconds=60.0)
    in_hand = None
    for sign, seconds, size, wholeness in history:
        clock.now += seconds
        if sign is not None:
            files.hint(KEY, sign)
        if sign is Sign.GONE:
            in_hand = None
        for key in files.due():
            identity = replace(FILE, size=size)
            if files.observe(key, identity, wholeness):
                assert identity != in_hand
                in_hand = identity
            elif identity != in_hand:
                in_hand = None

    if KEY in files.waiting():
        clock.now += 1000
        while files.next_look() is not None:
            clock.now = files.next_look()
            files.due()
            files.observe(KEY, FILE, Wholeness.CUT)

    assert list(files.waiting()) == []
