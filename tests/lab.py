"""A real service in a process of its own, for tests that look at it from outside."""

import io
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

PATIENCE = 60.0
"""Seconds after which a test gives up waiting; generous, as test machines are shared."""


def wait_until(what: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """Ask again until the answer is true, and return it; fail after `patience` seconds."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.02)
    message = f"not true within {patience:g} s: {getattr(what, '__doc__', None) or what}"
    raise AssertionError(message)


def slow_image(side: int = 8_000) -> bytes:
    """Give a small file of so many pixels across and down; it takes a second or more to decode."""
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((side, side, 3), np.uint8)).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


class Home:
    """A home folder in a temporary place, and the commands that work on it."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.inbox = folder / "inbox"
        self.archive = folder / "archive"
        self.quarantine = folder / "quarantine"
        self.program = ["-m", "leukowatch"]
        """What Python runs; a test of faults puts another script there."""
        self.inbox.mkdir(parents=True)
        quick = {"INBOX__QUIET_SECONDS": "0.2", "INBOX__TRUNCATED_SECONDS": "0.6", "ANALYSIS__WORKERS": "2"}
        self._variables = {f"LEUKOWATCH_{key}": value for key, value in (quick | settings).items()}

    def environment(self, **more: str) -> dict[str, str]:
        """The process environment of a command on this home."""
        return {**os.environ, **self._variables, "LEUKOWATCH_HOME": str(self.folder), **more}

    def command(
        self, *arguments: str, timeout: float = PATIENCE, stdin: str = "", before: Sequence[str] = ()
    ) -> "subprocess.CompletedProcess[str]":
        """Run one `leukowatch` command to its end; `before` is as for `service`."""
        return subprocess.run(
            [*before, sys.executable, *self.program, *arguments],
            env=self.environment(COLUMNS="200"),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query, read as a person with sqlite3 would."""
        path = self.folder / "leukowatch.db"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as connection:
            return connection.execute(sql).fetchall()

    def states(self) -> dict[str, tuple[str, str]]:
        """Status and reason of every file taken, by printable path."""
        if not (self.folder / "leukowatch.db").exists():
            return {}
        return {file: (status, reason) for file, status, reason in self.query(
            "SELECT file, status, reason FROM field_status"
        )}  # fmt: skip

    def left(self) -> list[str]:
        """Regular files that are still in the inbox."""
        return sorted(str(path.relative_to(self.inbox)) for path in self.inbox.rglob("*") if path.is_file())

    def filed(self) -> list[str]:
        """Files in the archive."""
        return sorted(
            str(path.relative_to(self.archive)) for path in self.archive.rglob("*") if path.is_file()
        )

    @contextmanager
    def service(self, *before: str) -> Iterator["subprocess.Popen[bytes]"]:
        """`leukowatch run`, ready; killed at the end where the test has not stopped it.

        Args:
            before: a program that starts it, with its arguments, as `setpriv`.
        """
        address = f"\0leukowatch-test-{os.getpid()}-{time.monotonic_ns()}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.bind(address)
            channel.settimeout(PATIENCE)
            with (self.folder / "log.txt").open("ab") as log:
                process = subprocess.Popen(
                    [*before, sys.executable, *self.program, "run"],
                    env=self.environment(NOTIFY_SOCKET="@" + address[1:]),
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            try:
                while b"READY=1" not in channel.recv(4096):
                    pass
                yield process
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def read_despite_kills(self, after: Sequence[int], total: int) -> None:
        """Have the inbox read by services of which each is killed by SIGKILL, but for the last.

        Args:
            after: files in the archive at which the kills come.
            total: files in the archive, and noted as filed, at the end.
        """
        for count in after:
            with self.service() as process:
                wait_until(lambda: len(self.filed()) >= count)  # noqa: B023  asked before the next turn
                process.kill()
        with self.service():
            wait_until(lambda: len(self.filed()) == total)
            wait_until(lambda: self.query("SELECT count(*) FROM arrival WHERE filed_at IS NULL") == [(0,)])

    def stop(self, process: "subprocess.Popen[bytes]") -> int:
        """Ask a service to stop, and give its exit code."""
        process.send_signal(signal.SIGTERM)
        return process.wait(PATIENCE)
