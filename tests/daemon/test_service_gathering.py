"""Results in quick succession share a commit, and one that comes alone waits for nothing; time is simulated."""

import queue
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leukowatch.service.gathering import COMPANY_SECONDS, Gathering

END = "end"


class Arrivals:
    """A queue in which each thing comes at its moment; waiting for it moves the clock, and takes no time."""

    def __init__(self, *coming: tuple[float, object]) -> None:
        self.now = 0.0
        self._coming = list(coming)

    def clock(self):
        """Simulated seconds."""
        return self.now

    def get(self, block=True, timeout=None):
        """Go to the next thing's moment, or to the end of the patience."""
        moment = self._coming[0][0] if self._coming else float("inf")
        if timeout is not None and moment > self.now + timeout:
            self.now += timeout
            raise queue.Empty
        self.now = max(self.now, moment)
        return self._coming.pop(0)[1]


def groups(*coming, most=64, takes=0.0):
    """Gather until the end; give each group with the moment at which it was whole. Dealing with one takes a while."""
    arrivals = Arrivals(*coming, (1e6, END))
    gathering, found = Gathering(arrivals, most, END, arrivals.clock), []
    while not found or END not in found[-1][1]:
        group = gathering.gather(None)
        found.append((pytest.approx(arrivals.now), group))
        arrivals.now += takes
        gathering.done()
    return found[:-1]


def test_what_comes_alone_waits_for_nothing():
    """A field a second is committed the moment it is there, the first too."""
    assert groups((1.0, "a"), (2.0, "b"), (3.0, "c")) == [(1.0, ["a"]), (2.0, ["b"]), (3.0, ["c"])]


def test_what_comes_in_quick_succession_shares_a_group():
    """After the first, the rest of a fifth of a second together: six fields cost two commits and not six."""
    coming = [(1.0 + number / 50, number) for number in range(6)]

    assert groups(*coming) == [(1.0, [0]), (1.0 + COMPANY_SECONDS, [1, 2, 3, 4, 5])]


def test_nothing_waits_longer_than_the_rule_says():
    """What comes right after a group is committed with the next, at the latest a fifth of a second on."""
    assert groups((1.0, "a"), (1.01, "b")) == [(1.0, ["a"]), (1.0 + COMPANY_SECONDS, ["b"])]


def test_a_slow_disk_is_company_enough():
    """While a group took longer than the rule's time, what came meanwhile goes at once, and together."""
    found = groups((1.0, "a"), (1.1, "b"), (1.4, "c"), takes=0.5)

    assert found == [(1.0, ["a"]), (1.5, ["b", "c"])]


def test_a_full_group_goes_at_once():
    """A burst is bound by the disk, not by the rule."""
    assert groups((1.0, "a"), *[(1.0, each) for each in "bcde"], most=2) == [
        (1.0, ["a", "b"]), (1.0, ["c", "d"]), (1.0 + COMPANY_SECONDS, ["e"]),
    ]  # fmt: skip


def test_the_end_waits_for_no_company():
    """A service that stops is not to wait for what cannot come."""
    arrivals = Arrivals((1.0, "a"), (1.05, END))
    gathering = Gathering(arrivals, 64, END, arrivals.clock)

    assert [gathering.gather(None), gathering.gather(None)] == [["a"], [END]]
    assert arrivals.now == 1.05


def test_patience_ends_a_wait_for_the_first_thing():
    """Moves that failed are to be tried again though nothing comes."""
    arrivals = Arrivals((9.0, "late"))
    gathering = Gathering(arrivals, 64, END, arrivals.clock)

    assert (gathering.gather(1.5), arrivals.now) == ([], 1.5)


def test_it_is_busy_from_the_first_thing_until_it_is_dealt_with():
    """Else a stop or a health check could take a result that is neither queued nor written for nothing."""
    things, seen = queue.Queue(), []
    gathering = Gathering(things, 2, END, lambda: 0.0)
    before = gathering.busy
    thread = threading.Thread(target=lambda: seen.append(gathering.gather(None)))
    thread.start()
    things.put("a")
    things.put("b")
    thread.join()
    during = gathering.busy
    gathering.done()

    assert (before, seen, during, gathering.busy) == (False, [["a", "b"]], True, False)


@given(
    st.lists(st.floats(0, 3), max_size=40).map(sorted),
    st.integers(1, 8),
    st.floats(0, 0.5),
)
def test_everything_is_gathered_once_in_order_and_soon(moments, most, takes):
    """Whenever things come: each in one group, in their order, and each group within the rule's time of the last."""
    found = groups(*[(moment, number) for number, moment in enumerate(moments)], most=most, takes=takes)

    assert [each for _, group in found for each in group] == list(range(len(moments)))
    assert all(0 < len(group) <= most for _, group in found)
    free = 0.0
    for whole, group in found:
        assert whole.expected <= max(free, moments[group[0]]) + COMPANY_SECONDS + 1e-9
        free = whole.expected + takes
