"""Stopped, doubled, cut off from its output or hung: what was in hand is filed or stays, and counts once later."""

import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from faults.accounts import Account, account, counted, settled
from lab import PATIENCE, wait_until

pytestmark = pytest.mark.slow


def gated(data, gate):
    """Give an image that a worker keeps in hand until the gate is open."""
    return data + b"gate:" + os.fsencode(gate)


def in_hand(home, phantoms, gate):
    """Drop two images, and wait until a worker has each in hand."""
    (home.inbox / "S").mkdir()
    for number in range(2):
        (home.inbox / "S" / f"{number}.jpg").write_bytes(gated(phantoms[number], gate))
    wait_until(lambda: len(list(gate.parent.glob("gate.*"))) == 2)


def test_stop_waits_for_what_is_in_hand_and_takes_nothing_more(home, phantoms, gate):
    """SIGTERM with two images in workers: both are filed before the end, what comes meanwhile stays."""
    with home.service() as process:
        in_hand(home, phantoms, gate)
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: '"stopping"' in (home.folder / "log.txt").read_text())
        (home.inbox / "S" / "late.jpg").write_bytes(phantoms[2])
        gate.touch()
        code = process.wait(PATIENCE)
        found = account(home, "S")
    home.command("scan")

    assert 0 == code
    assert (
        Account({f"{n}.jpg": ["counted"] for n in range(2)}, ["late.jpg"], ["0.jpg", "1.jpg"], fields=2)
        == found
    )
    assert counted("0.jpg", "1.jpg", "late.jpg") == account(home, "S")


@pytest.mark.parametrize("way", ["second SIGTERM", "past its deadline"])
def test_stop_that_is_cut_short_leaves_the_images_in_the_inbox(home, phantoms, gate, way):
    """A second SIGTERM ends at once, the deadline in time: nothing is recorded by halves, the next run counts all."""
    if way == "past its deadline":
        home._variables["LEUKOWATCH_SERVICE__STOP_SECONDS"] = "0.5"
    with home.service() as process:
        in_hand(home, phantoms, gate)
        process.send_signal(signal.SIGTERM)
        if way == "second SIGTERM":
            wait_until(lambda: '"stopping"' in (home.folder / "log.txt").read_text())
            process.send_signal(signal.SIGTERM)
        code = process.wait(PATIENCE)
        left = account(home, "S")
    gate.touch()
    home.command("scan")

    assert (128 + signal.SIGTERM if way == "second SIGTERM" else 0) == code
    assert Account(inbox=["0.jpg", "1.jpg"]) == left
    assert counted("0.jpg", "1.jpg") == account(home, "S")


def test_of_daemons_started_at_once_one_works(home, phantoms):
    """Four of them on one home, with images waiting: one serves, the others end with code 4, each image counts once."""
    (home.inbox / "S").mkdir()
    for number in range(6):
        (home.inbox / "S" / f"{number}.jpg").write_bytes(phantoms[number])
    with (home.folder / "log.txt").open("ab") as log:
        daemons = [
            subprocess.Popen(
                [sys.executable, *home.program, "run"], env=home.environment(), stdout=log, stderr=log
            )
            for _ in range(4)
        ]
    try:
        found = settled(home, "S", 6)
        wait_until(lambda: sum(each.poll() is not None for each in daemons) == 3)
    finally:
        for each in daemons:
            each.terminate()
        codes = sorted(each.wait(PATIENCE) for each in daemons)

    assert [0, 4, 4, 4] == codes
    assert counted(*(f"{number}.jpg" for number in range(6))) == found


@pytest.mark.parametrize(
    "closed", [">&-", ">&- 2>&-", "2>&1 | true"], ids=["out", "out and error", "reader gone"]
)
def test_closed_output_stops_nobody(home, phantoms, closed):
    """Started without standard output, as by some supervisors, or with its reader gone: images are counted."""
    (home.inbox / "S").mkdir()
    with home.service("sh", "-c", f'"$@" {closed}', "sh") as process:
        (home.inbox / "S" / "a.jpg").write_bytes(phantoms[0])
        (home.inbox / "S" / "bad.jpg").write_bytes(b"no image")
        found = settled(home, "S", 2)
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(PATIENCE)

    rows = {"a.jpg": ["counted"], "bad.jpg": ["quarantined: not_an_image"]}
    assert Account(rows, archive=["a.jpg"], quarantine=["bad.jpg"], fields=1) == found


def test_watchdog_of_the_manager_ends_a_hung_daemon_and_the_next_one_goes_on(home, phantoms, gate):
    """Signs of life come while it lives and stop when it hangs; killed as by systemd, it loses nothing."""
    address = f"\0leukowatch-watchdog-{os.getpid()}"
    (home.inbox / "S").mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(address)
        channel.settimeout(PATIENCE)
        daemon = subprocess.Popen(
            [sys.executable, *home.program, "run"],
            env=home.environment(NOTIFY_SOCKET="@" + address[1:], WATCHDOG_USEC="2000000"),
            stderr=subprocess.DEVNULL,
        )
        try:
            while b"WATCHDOG=1" not in channel.recv(4096):
                pass
            (home.inbox / "S" / "a.jpg").write_bytes(gated(phantoms[0], gate))
            wait_until(lambda: list(gate.parent.glob("gate.*")))
            daemon.send_signal(signal.SIGSTOP)
            silent = silence(channel, 2.0)
        finally:
            daemon.send_signal(signal.SIGABRT)
            daemon.kill()
        code = daemon.wait(PATIENCE)
    left = account(home, "S")
    gate.touch()
    home.command("scan")

    assert silent
    assert code in {-signal.SIGABRT, -signal.SIGKILL}
    assert Account(inbox=["a.jpg"]) == left
    assert counted("a.jpg") == account(home, "S")


def silence(channel: socket.socket, seconds: float) -> bool:
    """Whether a manager that waits so long for a sign of life would give up, once what was sent is read."""
    channel.settimeout(seconds)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            channel.recv(4096)
        except TimeoutError:
            return True
    return False
