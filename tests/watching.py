"""Waiting for what a watch tells, with a deadline."""

import time

DEADLINE = 10.0


def hints_until(watch, last):
    """All hints up to and with `last`."""
    hints, end = [], time.monotonic() + DEADLINE
    while last not in hints:
        assert time.monotonic() < end, hints
        hints += watch.take_hints(limit=1, timeout=0.1)
    return hints


def until(condition):
    """Wait for a condition, with a deadline."""
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def listed(watch):
    """Raw paths of a scan."""
    return sorted(file.relative for file in watch.scan())
