"""What the service manager is told while the service runs."""

import queue
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from handmade import outcome
from lab import PATIENCE, slow_image, wait_until
from leukowatch.analysis.pool import LocalPool
from leukowatch.inbox.watch import InboxWatch
from leukowatch.service import daemon, running
from leukowatch.service.heartbeat import Heartbeat, counts
from leukowatch.service.taking import Taker
from leukowatch.service.vitality import Part, Vitals
from leukowatch.setting_tables import AnalysisSettings
from leukowatch.settings import Settings
from leukowatch.store.outcome import Status


@pytest.fixture
def manager(tmp_path, monkeypatch):
    """Give a service manager's socket that wants a sign of life every 30 seconds."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(tmp_path / "notify"))
        channel.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "60000000")
        yield channel


class Ward:
    """A daemon's parts as a test sets them, and its clock."""

    def __init__(self) -> None:
        self.now = 0.0
        self.armed = True
        self.status = "counted 0"
        self.heart = Heartbeat(self.vitals, lambda: self.status, 100.0, lambda: self.now)

    def vitals(self) -> Vitals:
        """Its vitals now: nothing in hand."""
        return Vitals(self.armed, Part(0, 0), Part(0, 0), writing=True)

    def told(self, manager: socket.socket, now: float) -> list[str]:
        """Beat at a time, and give the lines that the manager was told."""
        self.now = now
        self.heart.beat()
        lines: list[str] = []
        try:
            while True:
                lines += manager.recv(4096).decode().splitlines()
        except BlockingIOError:
            return lines


def test_a_daemon_in_good_health_gives_a_sign_of_life_each_second(manager):
    """Not at each round: rounds are many, and the manager has other services."""
    ward = Ward()

    assert ward.told(manager, 0.0) == ["WATCHDOG=1", "STATUS=counted 0"]
    assert ward.told(manager, 0.5) == []
    assert ward.told(manager, 1.0) == ["WATCHDOG=1"]


def test_an_ill_daemon_is_silent_and_its_status_says_why(manager):
    """So systemd restarts it, and a person sees the reason before that."""
    ward = Ward()
    ward.told(manager, 0.0)
    ward.armed = False

    assert ward.told(manager, 1.0) == ["STATUS=the inbox is not watched; counted 0"]
    assert ward.told(manager, 2.0) == []


def test_a_daemon_that_recovers_gives_signs_again(manager):
    """An inbox that came back in time costs no restart."""
    ward = Ward()
    ward.armed = False
    ward.told(manager, 0.0)
    ward.armed = True

    assert ward.told(manager, 1.0) == ["WATCHDOG=1", "STATUS=counted 0"]


def test_a_manager_that_reads_nothing_does_not_stop_the_daemon(manager):
    """Its queue is short; a daemon that waited for it would count nothing."""
    ward = Ward()
    for second in range(2000):
        ward.now, ward.status = float(second), f"counted {second}"
        ward.heart.beat()

    assert manager.recv(4096).startswith(b"WATCHDOG=1")


def test_the_status_counts_what_was_filed_and_what_waits():
    """One line of `systemctl status` says how far the service is; what never happened is left out."""
    assert counts({Status.COUNTED: 120, Status.QUARANTINED: 2}, 3) == "counted 120, quarantined 2, waiting 3"
    assert counts({Status.DUPLICATE: 1}, 0) == "counted 0, duplicates 1, quarantined 0, waiting 0"


@contextmanager
def heard(home, folder: Path) -> Iterator[Callable[[str], list[str]]]:
    """A service that a manager listens to; give what reads on until a line comes, and gives the lines up to it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(folder / "notify"))
        channel.settimeout(PATIENCE)

        def until(line: str) -> list[str]:
            lines: list[str] = []
            while line not in lines:
                lines += channel.recv(4096).decode().splitlines()
            return lines

        environment = home.environment(NOTIFY_SOCKET=str(folder / "notify"), WATCHDOG_USEC="1000000")
        with (folder / "log.txt").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "leukowatch", "run"], env=environment, stdout=log, stderr=log
            )
        try:
            yield until
        finally:
            process.terminate()
            process.wait(PATIENCE)


def test_a_running_service_is_ready_first_then_alive_and_tells_its_counts(home, phantoms, tmp_path):
    """As systemd hears it: no sign of life before READY, then signs and counts."""
    (home.inbox / "S").mkdir()
    (home.inbox / "S" / "f.jpg").write_bytes(phantoms[0])
    (home.inbox / "S" / "notes.jpg").write_bytes(b"no image")
    with heard(home, tmp_path) as until:
        before = until("READY=1")
        after = until("STATUS=counted 1, quarantined 1, waiting 0")

    assert "WATCHDOG=1" not in before
    assert "WATCHDOG=1" in after


def test_ready_is_told_after_migration_self_test_armed_watch_and_first_listing(tmp_path, monkeypatch):
    """Whoever starts after it may count on the schema and drop images: none is missed, none is seen by bad networks."""
    told: list[str] = []

    def noting(owner: object, name: str) -> None:
        real = getattr(owner, name)
        monkeypatch.setattr(
            owner, name, lambda *given, **named: (real(*given, **named), told.append(name))[0]
        )

    for owner, name in (
        (daemon, "open_writer"),
        (InboxWatch, "start"),
        (Taker, "rescan"),
        (LocalPool, "prove"),
    ):
        noting(owner, name)
    monkeypatch.setattr("leukowatch.service.systemd.notify", lambda *states, **_: told.extend(states))
    (tmp_path / "home" / "inbox").mkdir(parents=True)
    stopping = threading.Event()
    stopping.set()
    running.serve(Settings(home=tmp_path / "home", analysis=AnalysisSettings(workers=1)), stopping)

    before = told[: told.index("READY=1")]
    assert {"open_writer", "start", "rescan", "prove"} <= {*before}


def test_the_pulse_is_that_of_the_watch_the_workers_and_the_writer(tmp_path):
    """Whichever of them stands still while something is in hand, or ends, is what the signs of life depend on."""
    inbox, answers = tmp_path / "home" / "inbox", queue.SimpleQueue()
    inbox.mkdir(parents=True)
    settings = Settings(home=tmp_path / "home", analysis=AnalysisSettings(workers=1))
    with running.running(settings) as service:
        rest = service.vitals()
        service._pool.submit(slow_image(), answers.put)
        working = service.vitals()
        answers.get(timeout=PATIENCE)
        answered = service.vitals()
        service._writer.put(outcome("S", "a.jpg", 1, None))
        wait_until(lambda: service.vitals().writer.turns > rest.writer.turns)
        service._writer.finish()
        service._writer.join()
        inbox.rename(tmp_path / "elsewhere")
        ended = service.vitals()

    assert (rest.armed, rest.writing, rest.workers.in_hand, rest.writer.in_hand) == (True, True, 0, 0)
    assert working.workers.in_hand == 1
    assert (answered.workers.in_hand, answered.workers.turns > rest.workers.turns) == (0, True)
    assert (ended.armed, ended.writing) == (False, False)


def test_a_service_whose_inbox_went_away_gives_no_sign_of_life_until_it_is_back(home, tmp_path):
    """A deaf service is no service; once the inbox is there again it goes on by itself."""
    with heard(home, tmp_path) as until:
        until("WATCHDOG=1")
        home.inbox.rename(home.folder / "elsewhere")
        until("STATUS=the inbox is not watched; counted 0, quarantined 0, waiting 0")
        (home.folder / "elsewhere").rename(home.inbox)
        back = until("WATCHDOG=1")

    assert "STATUS=counted 0, quarantined 0, waiting 0" in back
