"""When the daemon gives a sign of life, and when it is silent so that systemd restarts it."""

import pytest

from leukowatch.service.vitality import Part, Vitals, first_pulse, next_pulse, patience_of, why_not_alive

IDLE = Part(turns=0, in_hand=0)
PATIENCE = 100.0


def vitals(*, armed=True, writing=True, workers=IDLE, writer=IDLE) -> Vitals:
    """Give the vitals of a daemon in good health, but for what is said."""
    return Vitals(armed=armed, workers=workers, writer=writer, writing=writing)


def why(*felt: tuple[float, Vitals], now: float) -> str:
    """Say what is wrong at `now` when these vitals were felt at these times, the first of them at the start."""
    (begin, first), *later = felt
    pulse = first_pulse(first, begin)
    for moment, seen in later:
        pulse = next_pulse(pulse, seen, moment)
    return why_not_alive(pulse, now, PATIENCE)


def test_a_daemon_with_nothing_to_do_is_alive_for_ever():
    """An empty inbox over a weekend is no hang."""
    assert why((0.0, vitals()), (1e6, vitals()), now=1e6) == ""


@pytest.mark.parametrize(
    ("ill", "told"),
    [
        (vitals(armed=False), "the inbox is not watched"),
        (vitals(writing=False), "the writer ended"),
    ],
)
def test_a_deaf_watch_and_an_ended_writer_are_told_at_once(ill, told):
    """Neither mends itself, and the process runs on as if nothing were wrong."""
    assert why((0.0, vitals()), (1.0, ill), now=1.0) == told


@pytest.mark.parametrize("part", ["workers", "writer"])
def test_a_part_that_stands_still_with_something_in_hand_is_told_after_the_patience(part):
    """It may take its time, but not for ever."""
    busy = vitals(**{part: Part(turns=7, in_hand=2)})
    felt = ((0.0, busy), (50.0, busy), (100.5, busy))

    assert why(*felt, now=99.0) == ""
    assert (
        why(*felt, now=100.5) == f"the {part} {'have' if part == 'workers' else 'has'} stood still for 100 s"
    )


@pytest.mark.parametrize("part", ["workers", "writer"])
def test_one_turn_gives_a_part_its_whole_patience_again(part):
    """A slow part that moves is alive, however much it has in hand."""
    felt = [(90.0 * n, vitals(**{part: Part(turns=n, in_hand=9)})) for n in range(10)]

    assert why(*felt, now=90.0 * 9 + 99.0) == ""


@pytest.mark.parametrize("part", ["workers", "writer"])
def test_work_that_comes_after_a_long_rest_is_not_held_against_a_part(part):
    """The clock of a hang starts when there is something to do."""
    rest, busy = vitals(), vitals(**{part: Part(turns=0, in_hand=1)})

    assert why((0.0, rest), (1000.0, rest), (1001.0, busy), now=1001.0) == ""


def test_a_long_deadline_for_a_field_stretches_the_patience():
    """The pool makes silent workers anew after two deadlines: the service must not be ended before that."""
    assert (patience_of(1.0), patience_of(600.0)) == (180.0, 1800.0)
