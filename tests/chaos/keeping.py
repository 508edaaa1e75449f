"""The keeper: starts the service and starts it again whenever it ends, as systemd does."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import psutil

from leukowatch.errors import StoreUnavailable, WorkersFail

PAUSE = 0.2
"""Seconds before a restart."""
SETTINGS = {
    "INBOX__QUIET_SECONDS": "0.5",
    "INBOX__TRUNCATED_SECONDS": "15",
    "INBOX__RESCAN_SECONDS": "5",
    "INBOX__EMPTY_FOLDER_SECONDS": "2",
    "ANALYSIS__WORKERS": "2",
    "INBOX__MIN_FREE_MEGABYTES": "0",
    "ANALYSIS__ATTEMPTS": "20",
}
"""Quick, and patient with fields whose workers are killed: one that is refused would have to be requeued."""
FORESEEN = {-signal.SIGKILL, StoreUnavailable.exit_code, WorkersFail.exit_code}
"""How the service may end: killed, no room for the database at its start, workers killed again and again."""


class Keeper(threading.Thread):
    """Keeps one service running on a home until told to stop.

    Args:
        home: the service's.
        log: file that gets what it says.
    """

    def __init__(self, home: Path, log: Path) -> None:
        super().__init__(name="keeper")
        self.ends: Counter[int] = Counter()
        """How often the service ended with which code."""
        self.reasons: Counter[str] = Counter()
        """What it said last where it ended with an error, and how often."""
        self.environment = {
            **{key: value for key, value in os.environ.items() if key != "LEUKOWATCH_CONFIG"},
            **{f"LEUKOWATCH_{key}": value for key, value in SETTINGS.items()},
            "LEUKOWATCH_HOME": str(home),
        }
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()

    def run(self) -> None:
        """The thread's life."""
        while not self._stopping.is_set():
            with self._log.open("ab") as log:
                process = subprocess.Popen(
                    [sys.executable, "-m", "leukowatch", "run"],
                    env=self.environment, stdout=log, stderr=log, start_new_session=True,
                )  # fmt: skip
            self._process = process
            if self._stopping.is_set():
                process.terminate()
            code = process.wait()
            self.ends[code] += 1
            if code > 0:
                self.reasons[_last_line(self._log)] += 1
            with suppress(ProcessLookupError):  # what is left of it, as KillMode=mixed has it
                os.killpg(process.pid, signal.SIGKILL)
            time.sleep(PAUSE)

    def service(self) -> psutil.Process | None:
        """The service's process, where there is one."""
        process = self._process
        if process is None or process.poll() is not None:
            return None
        try:
            found = psutil.Process(process.pid)
            return None if found.status() == psutil.STATUS_ZOMBIE else found
        except psutil.NoSuchProcess:
            return None

    def workers(self) -> list[psutil.Process]:
        """The service's worker processes."""
        service = self.service()
        try:
            return [child for child in service.children() if _is_worker(child)] if service else []
        except psutil.NoSuchProcess:
            return []

    def stop(self) -> None:
        """Ask the service to end, and start it no more."""
        self._stopping.set()
        service = self.service()
        if service:
            service.terminate()
        self.join()

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command on the home."""
        return subprocess.run(
            [sys.executable, "-m", "leukowatch", *arguments],
            env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="backslashreplace").splitlines()
    return lines[-1] if lines else ""


def _is_worker(child: psutil.Process) -> bool:
    try:
        return any("spawn_main" in word for word in child.cmdline())
    except psutil.NoSuchProcess:
        return False
