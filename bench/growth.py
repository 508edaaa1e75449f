"""Whether reading stays as quick as the store grows: reports, lists, console and page, in stores of different sizes.

Beside the time stands the processor's, which other programs' load changes little.
Run: `python bench/growth.py [--cells 10000 1000000 10000000] [--rounds 40] [--keep FOLDER]`; needs the extras
`review` and `dev`. A slide has 100 cells. With `--keep` the stores stay in the folder, and are filled once (1.5 GB at
ten million).
"""

import argparse
import io
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filled import CELLS, FIELDS, fill
from rich.console import Console
from service import processor_seconds
from sqlalchemy import Engine

from leukowatch.console.live import LiveView
from leukowatch.console.report import build_report
from leukowatch.console.tables import report_text, slides_table
from leukowatch.differential.listing import Listing, listing
from leukowatch.settings import Settings
from leukowatch.store.life import Life
from leukowatch.store.opened import reader
from review import review_some, served

PAGES = {
    "page: slides": "/slides",
    "page: list, first page": "/api/v1/slides",
    "page: list, searched": "/api/v1/slides?search=SLIDE-77",
    "page: list, to review": "/api/v1/slides?status=to+review",
    "page: list, signed": "/api/v1/slides?status=signed",
    "page: list, page 100": "/api/v1/slides?page=100",
    "page: slide": "/slides/{slide}",
    "page: slide's result": "/api/v1/slides/{slide}",
    "page: slide's cells": "/api/v1/slides/{slide}/cells",
    "page: report": "/slides/{slide}/report",
    "page: model against reviewers": "/record",
}


def terminal(engine: Engine, settings: Settings) -> dict[str, Callable[[int], object]]:
    """What commands and console ask for, each for a slide's number."""
    paper = Console(width=120, height=50, file=io.StringIO())
    live = LiveView(settings, engine)
    now = datetime(2121, 1, 1, tzinfo=UTC)

    def listed(**wanted: Any) -> Listing:
        return listing(engine, settings, now, **wanted)

    return {
        "report of a slide": lambda slide: report_text(build_report(engine, f"SLIDE-{slide}"), paper),
        "slides, the latest 50": lambda _: listed(),
        "slides, the latest 50, printed": lambda _: paper.print(slides_table(listed())),
        "slides, searched": lambda slide: listed(search=f"e-{slide}"),
        "slides, to review": lambda _: listed(life=Life.TO_REVIEW),
        "slides, reading": lambda _: listed(life=Life.READING),
        "console refresh": lambda _: paper.print(live.render()),
    }


def measure(home: Path, slides: int, rounds: int) -> Iterator[tuple[str, list[float], float]]:
    """Milliseconds of each question, over slides here and there; and of the processor that answers, a question."""
    draw = random.Random(2)

    def timed(ask: Callable[[int], object], process: int) -> tuple[list[float], float]:
        found = []
        ask(1)  # what is prepared once is no part of it
        spent = processor_seconds(process)
        for _ in range(rounds):
            slide = draw.randint(1, slides)
            begun = time.perf_counter()
            ask(slide)
            found.append(1000 * (time.perf_counter() - begun))
        return found, 1000 * (processor_seconds(process) - spent) / rounds

    settings = Settings(home=home)
    settings.inbox_folder.mkdir(exist_ok=True)
    with reader(settings) as engine:
        for what, ask in terminal(engine, settings).items():
            yield what, *timed(ask, os.getpid())
    with served(home) as service:
        client = service.client
        if not client.get("/api/v1/slides?status=signed").json()["total"]:
            review_some(client, slides)
        for what, route in PAGES.items():

            def page(slide: int, route: str = route) -> object:
                return client.get(route.format(slide=slide)).raise_for_status()

            yield what, *timed(page, service.pid)


def filled(folder: Path, cells: int) -> Path:
    """Give a home with so many cells, filled where it is not there yet."""
    home = folder / f"cells-{cells}"
    if not home.exists():
        draft = folder / f"filling-{cells}"
        draft.mkdir(parents=True, exist_ok=True)
        (draft / "leukowatch.db").unlink(missing_ok=True)
        fill(draft / "leukowatch.db", cells // FIELDS // CELLS)
        draft.rename(home)
    return home


def main() -> None:
    """Fill, ask, print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cells", type=int, nargs="+", default=[10_000, 1_000_000, 10_000_000])
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--keep", type=Path)
    asked = parser.parse_args()
    table: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for cells in asked.cells:
            home = filled(asked.keep or Path(folder), cells)
            for what, found, spent in measure(home, cells // FIELDS // CELLS, asked.rounds):
                high = statistics.quantiles(found, n=20, method="inclusive")[-1]
                table.setdefault(what, []).append(f"{statistics.median(found):6.1f} {high:7.1f} {spent:7.1f}")
    print(
        f"milliseconds, median and 95% of {asked.rounds}, and of the processor, mean; {os.cpu_count()} cores, load "
        f"{os.getloadavg()[0]:.1f}"
    )
    print(f"{'cells':32}" + "".join(f"{cells:>26,}" for cells in asked.cells))
    for what, columns in table.items():
        print(f"{what:32}" + "".join(f"{each:>26}" for each in columns))


if __name__ == "__main__":
    main()
