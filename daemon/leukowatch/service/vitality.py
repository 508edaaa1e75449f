"""Decides whether the daemon is alive: its watch hears, and its workers and its writer get on with what they have.

A process that merely runs is not alive in this sense: a watch that lost its inbox hears nothing, and a writer stuck in
a system call files nothing.
"""

from dataclasses import dataclass

LEAST_PATIENCE = 180.0
"""Seconds; a group of fields may be copied to another disk meanwhile."""
DEADLINES = 3
"""Of a field: the pool makes silent workers anew after two, and the third shows whether that helped."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the daemon at one moment."""

    turns: int
    """How often it has moved since the start; a try that was refused is a move, as it hangs nowhere."""
    in_hand: int
    """What it has still to do."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """The daemon at one moment."""

    armed: bool
    """Observer and emitters run, and the inbox is the folder that they watch."""
    workers: Part
    writer: Part
    writing: bool
    """The writer's thread runs."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """The latest vitals, and when each part was last seen to move or to have nothing to do."""

    vitals: Vitals
    workers_at: float
    """Monotonic seconds."""
    writer_at: float
    """Monotonic seconds."""


def first_pulse(vitals: Vitals, now: float) -> Pulse:
    """Begin: every part has just been started."""
    return Pulse(vitals, now, now)


def next_pulse(pulse: Pulse, vitals: Vitals, now: float) -> Pulse:
    """Feel again.

    Args:
        pulse: the one before.
        vitals: of now.
        now: monotonic seconds.
    """
    before = pulse.vitals
    return Pulse(
        vitals,
        now if _gets_on(before.workers, vitals.workers) else pulse.workers_at,
        now if _gets_on(before.writer, vitals.writer) else pulse.writer_at,
    )


def why_not_alive(pulse: Pulse, now: float, patience: float) -> str:
    """Say what stands still; an empty string where nothing does.

    Args:
        pulse: the latest.
        now: monotonic seconds.
        patience: seconds that a part may have something in hand without moving.
    """
    if not pulse.vitals.armed:
        return "the inbox is not watched"
    if not pulse.vitals.writing:
        return "the writer ended"
    if now - pulse.workers_at > patience:
        return f"the workers have stood still for {now - pulse.workers_at:.0f} s"
    if now - pulse.writer_at > patience:
        return f"the writer has stood still for {now - pulse.writer_at:.0f} s"
    return ""


def patience_of(deadline: float) -> float:
    """Seconds that a part may stand still where one field may take `deadline` seconds."""
    return max(LEAST_PATIENCE, DEADLINES * deadline)


def _gets_on(before: Part, now: Part) -> bool:
    """Whether a part moved, or has nothing to move."""
    return now.turns != before.turns or now.in_hand == 0
