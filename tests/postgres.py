"""A real PostgreSQL server in a temporary folder, for tests of what services do with one."""

import os
import shutil
import socket
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg

from leukowatch.store import migrate

PROGRAMS = Path("/usr/lib/postgresql/15/bin")
USER = "postgres"
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "unix_socket_directories": "''",
    "listen_addresses": "127.0.0.1",
    "max_connections": "50",
    "shared_buffers": "32MB",
}
TEMPLATE = "leukowatch_empty"


def why_no_server() -> str:
    """Give the reason for skipping, or nothing where the server can be started."""
    return "" if (PROGRAMS / "initdb").exists() else f"no PostgreSQL in {PROGRAMS}: apt install postgresql-15"


class Server:
    """A server of its own, on loopback; root starts it as the user that Debian made for it."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="leukowatch-postgresql-"))
        self._data = self._folder / "data"
        if os.geteuid() == 0:
            shutil.chown(self._folder, USER)
        self._run(
            "initdb", "-D", str(self._data), "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "-N"
        )
        self._port = _free_port()
        self._made = 0
        self.start()
        self.database(TEMPLATE)
        migrate.upgrade(self.url(TEMPLATE))

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        options = " ".join(f"-c {key}={value}" for key, value in SETTINGS.items())
        log = str(self._folder / "log")
        self._run(
            "pg_ctl", "-D", str(self._data), "-l", log, "-o", f"-p {self._port} {options}", "-w", "start"
        )

    def kill(self) -> None:
        """End it as a power cut would, with no farewell to its clients."""
        self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "-w", "stop")

    def remove(self) -> None:
        """End it for good."""
        with suppress(subprocess.CalledProcessError):
            self.kill()
        shutil.rmtree(self._folder)

    def database(self, name: str = "", template: str = "template0") -> str:
        """Make a database and give its name."""
        self._made += 1
        name = name or f"leukowatch_{self._made}"
        self.execute("postgres", f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever still uses it."""
        self.execute("postgres", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def url(self, name: str) -> str:
        """Give the URL of a database, as `store.url` has it."""
        return f"postgresql://{USER}@127.0.0.1:{self._port}/{name}"

    def execute(self, name: str, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement as another program would, and give its rows."""
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def _run(self, program: str, *arguments: str) -> None:
        who = USER if os.geteuid() == 0 else None
        subprocess.run(
            [str(PROGRAMS / program), *arguments],
            check=True, user=who, cwd="/", stdout=subprocess.DEVNULL, timeout=120,
        )  # fmt: skip


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
