"""The few lines of systemd's notification protocol (sd_notify(3)) that the service needs."""

import os
import socket
from contextlib import suppress

PATIENCE = 5.0
"""Seconds that a busy service manager is waited for."""


def notify(*states: str, patience: float = PATIENCE) -> None:
    """Tell the service manager something, as `READY=1` or `STATUS=...`; without one, do nothing.

    Args:
        states: told together.
        patience: seconds to wait for a manager that is busy; then it is not told.
    """
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):  # a name in the abstract namespace
        address = "\0" + address[1:]
    kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC
    with suppress(OSError), socket.socket(socket.AF_UNIX, kind) as channel:  # a stale address stops nobody
        channel.settimeout(patience)
        channel.sendto("\n".join(states).encode(), address)


def watchdog_seconds() -> float | None:
    """How often the manager wants a sign of life: half of `WatchdogSec`; None where it wants none."""
    microseconds = os.environ.get("WATCHDOG_USEC")
    return int(microseconds) / 2_000_000 if microseconds else None
