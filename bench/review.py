"""How long each page and each question of the API takes over a full store: the median and the 95th percentile.

Filled with 10,000 slides of 10 fields of 10 cells; some twenty are reviewed and signed over the API by a real service.
Beside what a person waits for stands what the service's process works for it: on a busy machine only that compares.
Run: `python bench/review.py [--slides 10000] [--rounds 20]`; needs the `review` and `dev` extras.
"""

import argparse
import os
import random
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
from filled import CELLS, FIELDS, fill

from leukowatch.console.logs import configure_logs
from leukowatch.errors import RequestInvalid
from leukowatch.settings import Settings
from leukowatch.store.accounts import add_account
from leukowatch.store.opened import writer
from leukowatch.store.rights import AccountRole, operator

PASSWORD = "a password of the bench"  # noqa: S105  of an account that lives as long as this script
ROUTES = (
    "/slides", "/slides/{slide}", "/slides/{slide}/second-look", "/slides/{slide}/report",
    "/slides/{slide}/comparison", "/record", "/worklist", "/audit", "/accounts", "/classes",
    "/api/v1/slides", "/api/v1/slides?search=SLIDE-77", "/api/v1/slides?search=O-77",
    "/api/v1/slides?status=to+review", "/api/v1/slides?status=signed", "/api/v1/slides?page=150",
    "/api/v1/slides/{slide}", "/api/v1/slides/{slide}/cells", "/api/v1/slides/{slide}/signing",
    "/api/v1/slides/{slide}/export?format=fhir", "/api/v1/slides/{slide}/export?format=pdf",
    "/api/v1/worklist", "/api/v1/worklist?search=O-77", "/api/v1/audit", "/api/v1/audit/verification",
)  # fmt: skip
KEEPERS = ("/accounts", "/classes")
"""Pages of an administrator alone."""


@dataclass(frozen=True, slots=True)
class Served:
    """A running service."""

    client: httpx.Client
    """A supervisor who is logged in."""
    keeper: httpx.Client
    """An administrator."""
    pid: int

    @property
    def worked(self) -> float:
        """Milliseconds that the service's threads have run on a processor so far."""
        tasks = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e6


@contextmanager
def served(home: Path) -> Iterator[Served]:
    """A service over the home."""
    Settings(home=home).inbox_folder.mkdir(exist_ok=True)
    with writer(Settings(home=home)) as engine, suppress(RequestInvalid):  # a kept store has the accounts
        add_account(engine, operator("bench"), "bench", AccountRole.SUPERVISOR, PASSWORD)
        add_account(engine, operator("bench"), "keeper", AccountRole.ADMINISTRATOR, PASSWORD)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "leukowatch", "review", "--home", str(home)],
        env={**os.environ, "LEUKOWATCH_REVIEW__PORT": str(port)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        with logged_in(port, "bench") as client, logged_in(port, "keeper") as keeper:
            yield Served(client, keeper, process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


@contextmanager
def logged_in(port: int, name: str) -> Iterator[httpx.Client]:
    """Somebody at the service."""
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=600) as client:
        token = re.search(r'name="token" value="([^"]+)"', client.get("/login").text)
        assert token is not None
        client.post("/login", data={"name": name, "password": PASSWORD, "token": token[1]})
        page = client.get("/slides").text
        client.headers["X-CSRF-Token"] = re.findall(r'csrf-token" content="([^"]+)"', page)[0]
        yield client


def order_some(client: httpx.Client, slides: int) -> None:
    """Give every other slide an order, and a pattern to a tenth of the others."""
    lines = [f"O-{number},SLIDE-{number}" for number in range(1, slides + 1, 2)]
    table = "\n".join(["order_id,slide", *lines, "O-0,SLIDE-*8", ""])
    answer = client.post("/api/v1/worklist", content=table, headers={"Content-Type": "text/csv"})
    answer.raise_for_status()


def review_some(client: httpx.Client, slides: int) -> None:
    """Confirm or name every cell of some slides, and sign them, as people would."""
    for slide in range(1, slides + 1, max(1, slides // 20)):
        path = f"/api/v1/slides/{slide}"
        cells = client.get(f"{path}/cells").json()["cells"]
        waiting = [cell["key"] for cell in cells if cell["name"] is None]
        named = [cell["key"] for cell in cells if cell["name"] is not None]
        if waiting:
            client.post(f"{path}/decisions", json={"cells": waiting, "name": "monocyte"})
        client.post(f"{path}/decisions", json={"cells": named, "kind": "seen"})
        client.post(f"{path}/signature", json={}).raise_for_status()


def timed(service: Served, route: str, slides: int, rounds: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each round, waited and worked, over slides here and there."""
    draw = random.Random(2)
    waited, worked = [], []
    asks = service.keeper if route in KEEPERS else service.client
    for _ in range(rounds):
        path = route.replace("{slide}", str(draw.randint(1, slides)))
        before, begun = service.worked, time.perf_counter()
        asks.get(path).raise_for_status()
        waited.append(1000 * (time.perf_counter() - begun))
        worked.append(service.worked - before)
    return waited, worked


def summed(found: list[float]) -> str:
    """The median and the 95th percentile."""
    return f"{statistics.median(found):10.0f}{statistics.quantiles(found, n=20, method='inclusive')[-1]:8.0f}"


def main() -> None:
    """Fill, serve, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slides", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=20)
    asked = parser.parse_args()
    configure_logs("error", terminal=False)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        fill(home / "leukowatch.db", asked.slides)
        size = (home / "leukowatch.db").stat().st_size / 1e6
        print(f"{asked.slides} slides, {asked.slides * FIELDS * CELLS} cells, {size:.0f} MB")
        print(f"{'ms, waited and worked':40}{'median':>10}{'95%':>8}{'median':>10}{'95%':>8}")
        with served(home) as service:
            order_some(service.client, asked.slides)
            review_some(service.client, asked.slides)
            for route in ROUTES:
                waited, worked = timed(service, route, asked.slides, asked.rounds)
                print(f"{route:40}{summed(waited)}{summed(worked)}", flush=True)


if __name__ == "__main__":
    main()
