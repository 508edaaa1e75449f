"""A real review page in a process of its own over a home of scanned phantoms, and people who log in to it."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from lab import PATIENCE, Home
from leukonet.phantom import field_bytes
from leukowatch.settings import Settings
from leukowatch.store.accounts import add_account
from leukowatch.store.opened import writer
from leukowatch.store.rights import AccountRole, operator
from leukowatch.store.tokens import add_token

PEOPLE = {
    "rea": AccountRole.READER,
    "ada": AccountRole.TECHNOLOGIST,
    "sam": AccountRole.SUPERVISOR,
    "adm": AccountRole.ADMINISTRATOR,
}
"""One of each role; nobody real."""
PASSWORD = "correct horse battery"
SLIDE = "S1"
SPOILT = "S2"
"""A slide whose files a test may spoil: nobody else looks at its pictures."""
MARKUP = '<img src=x onerror=alert(1)>"&'
"""A slide's name that would be markup, were it not escaped."""
MARKUP_FILE = b"<script>alert(1)<\xffscript>'.jpg"
CELLS = ("neutrophil", "lymphocyte", "monocyte")


def scan_phantoms(folder: Path) -> Home:
    """Make a home with three slides of fields of three cells, one of them with names that are markup; and people."""
    home = Home(folder, ANALYSIS__WORKERS="1")
    fields = [(SLIDE, f"field-{seed}.jpg".encode(), seed) for seed in range(4)]
    fields += [(SPOILT, f"field-{seed}.jpg".encode(), seed) for seed in (10, 11, 12)]
    for slide, file, seed in [*fields, (MARKUP, MARKUP_FILE, 9)]:
        place = home.inbox / slide
        place.mkdir(exist_ok=True)
        (place / os.fsdecode(file)).write_bytes(field_bytes(seed, CELLS))
    done = home.command("scan")
    assert done.returncode == 0, done.stderr
    with writer(Settings(home=folder)) as engine:
        for name, role in PEOPLE.items():
            add_account(engine, operator("test"), name, role, PASSWORD)
    return home


class Desk:
    """A page that is being served."""

    def __init__(self, home: Path, url: str) -> None:
        self.home = home
        self.url = url

    def stranger(self) -> httpx.Client:
        """Somebody who has not logged in."""
        return httpx.Client(base_url=self.url, timeout=PATIENCE)

    @contextmanager
    def person(self, name: str) -> Iterator[httpx.Client]:
        """Somebody who has logged in by the page's form, and sends the session's CSRF token."""
        with self.stranger() as client:
            answer = log_in(client, name)
            assert answer.status_code == 303, answer.text
            page = client.get("/slides").text
            client.headers["X-CSRF-Token"] = re.search(r'name="csrf-token" content="([^"]+)"', page)[1]
            yield client

    def program(self, name: str, role: AccountRole) -> httpx.Client:
        """A program with a new token in a person's name."""
        with writer(Settings(home=self.home)) as engine:
            token = add_token(engine, operator("test"), name, "test", role)
        return httpx.Client(base_url=self.url, timeout=PATIENCE, headers={"Authorization": f"Bearer {token}"})

    def slide(self, name: str = SLIDE) -> int:
        """Give a slide's number."""
        with self.person("rea") as reader:
            (found,) = [s for s in reader.get("/api/v1/slides").json()["slides"] if s["name"] == name]
        return int(found["id"])


def spoil(desk: Desk) -> None:
    """Have a file that is cut off come to the slide, and go to quarantine."""
    folder = desk.home / "inbox" / SLIDE
    folder.mkdir(exist_ok=True)
    (folder / "spoilt.jpg").write_bytes(field_bytes(5, CELLS)[:4000])
    quick = {"LEUKOWATCH_INBOX__QUIET_SECONDS": "0.2", "LEUKOWATCH_INBOX__TRUNCATED_SECONDS": "0.6"}
    scanning = [sys.executable, "-m", "leukowatch", "scan", "--home", str(desk.home)]
    subprocess.run(scanning, env=os.environ | quick, check=True, capture_output=True)


def log_in(client: httpx.Client, name: str, password: str = PASSWORD) -> httpx.Response:
    """Fill in the login form and send it."""
    form = client.get("/login").text
    token = re.search(r'name="token" value="([^"]+)"', form)[1]
    return client.post("/login", data={"name": name, "password": password, "token": token})


@contextmanager
def served(folder: Path, **settings: str) -> Iterator[Desk]:
    """Serve the page over a home, ready as it tells systemd, until the block ends; `settings` as `REVIEW__PORT`."""
    port = _free_port()
    given = {"REVIEW__PORT": str(port), "REVIEW__IDLE_MINUTES": "0"} | settings
    variables = {f"LEUKOWATCH_{key}": value for key, value in given.items()}
    address = f"\0leukowatch-review-{port}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(address)
        channel.settimeout(PATIENCE)
        with (folder / "review.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "leukowatch", "review", "--home", str(folder)],
                env=os.environ | variables | {"NOTIFY_SOCKET": "@" + address[1:]}, stdout=log, stderr=log,
            )  # fmt: skip
        try:
            while b"READY=1" not in channel.recv(4096):
                pass
            yield Desk(folder, f"http://127.0.0.1:{port}")
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
