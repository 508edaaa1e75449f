"""A real Dask scheduler and real workers, as processes on loopback."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil

from lab import PATIENCE, wait_until
from leukonet.bundle import DEFAULT

SLOW = 4 * PATIENCE
"""Seconds for some starts of Python with Dask, one after another, on a machine that does much else."""


class Cluster:
    """A scheduler and any number of `leukowatch worker` commands; `remove` ends them all."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self._port = listener.getsockname()[1]
        self._log = (folder / "cluster.log").open("ab")
        self._commands: list[subprocess.Popen[bytes]] = []
        self.address = f"tcp://127.0.0.1:{self._port}"
        self.start_scheduler()

    def start_scheduler(self) -> None:
        """Start it, anew at the same address where it was killed; one death of a worker is enough to tell."""
        patience = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}
        arguments = ("dask", "scheduler", "--host", "127.0.0.1", "--port", str(self._port), "--no-dashboard")
        self._scheduler = self._run(*arguments, **patience)
        wait_until(self._is_listening, SLOW)

    def start_workers(self, number: int = 1, bundle: str = DEFAULT) -> "subprocess.Popen[bytes]":
        """Offer workers of this machine."""
        return self._run("leukowatch", "worker", self.address, "--workers", str(number), "--bundle", bundle)

    def kill_scheduler(self) -> None:
        """End it without farewell."""
        self._scheduler.kill()
        self._scheduler.wait(PATIENCE)

    def kill_worker(self, command: "subprocess.Popen[bytes]") -> None:
        """End one process that looks at fields, below its nanny."""
        found = wait_until(lambda: _working(command.pid), SLOW)
        os.kill(found[0], signal.SIGKILL)

    def remove(self) -> None:
        """End everything."""
        for command in self._commands:
            below = _family(command.pid)
            for pid in [command.pid, *below]:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            command.wait(PATIENCE)
        self._log.close()

    def _run(self, *arguments: str, **variables: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", *arguments]
        started = subprocess.Popen(
            command, env={**os.environ, **variables}, stdout=self._log, stderr=self._log
        )
        self._commands.append(started)
        return started

    def _is_listening(self) -> bool:
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self._port)) == 0


def _family(pid: int) -> list[int]:
    with suppress(psutil.NoSuchProcess):
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    return []


def _working(pid: int) -> list[int]:
    """Processes that a nanny spawned to look at fields."""
    with suppress(psutil.NoSuchProcess):
        below = psutil.Process(pid).children(recursive=True)
        return [child.pid for child in below if "spawn_main" in " ".join(child.cmdline())]
    return []
