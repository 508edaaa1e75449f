"""How many fields a second a database takes, in groups as the service commits them, from one writer and from several.

Run: `python bench/commits.py --url postgresql://ROLE@HOST/EMPTY [--writers 1 2 4] [--groups 40]`; the database is to be
an empty one, for its rows stay. Without `--url` an SQLite file of its own. Fields have four cells each.
"""

import argparse
import multiprocessing
import secrets
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from leukonet.result import Box, Cell, FieldResult
from leukowatch.console.logs import configure_logs
from leukowatch.store import migrate
from leukowatch.store.database import close_writer, open_writer
from leukowatch.store.ledger import BundleRef, Ledger
from leukowatch.store.outcome import Outcome, Received

GROUP = 64
CELLS = tuple(
    Cell(Box(x, 0, x + 50, 50), 0.9, "neutrophil", 0.8, "monocyte", 0.1, False, True)
    for x in range(0, 400, 100)
)
BUNDLE = BundleRef("bench", "b" * 64, "locate-classify")


def outcomes(writer: int, group: int) -> list[Outcome]:
    """A group of fields that nobody has seen yet."""
    result = FieldResult(640, 480, True, "", CELLS, BUNDLE.name, BUNDLE.sha256, {})
    made = []
    for number in range(GROUP):
        path = f"bench-{writer}/{group}-{number}.jpg"
        file = Received(
            path.encode(), path, f"bench-{writer}", False, secrets.token_hex(32), 20_000, 1, number, 1,
            datetime.now(UTC),
        )  # fmt: skip
        made.append(Outcome(file, result))
    return made


def write(url: str, writer: int, groups: int, start: "multiprocessing.synchronize.Barrier") -> None:
    """One service's writer: commit, and note the moves."""
    configure_logs("error", terminal=False)
    engine = open_writer(url, 60)
    ledger = Ledger(engine, BUNDLE, home=f"bench-{writer}")
    work = [outcomes(writer, group) for group in range(groups)]
    ledger.commit(work.pop())
    start.wait()
    for group in work:
        filings = ledger.commit(group)
        ledger.mark_filed([(filing.arrival_id, b"archive/x") for filing in filings])
    start.wait()
    close_writer(engine)


def measure(url: str, writers: int, groups: int) -> float:
    """Fields a second, all writers together."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(writers + 1)
    processes = [
        context.Process(target=write, args=(url, number, groups + 1, barrier)) for number in range(writers)
    ]
    for process in processes:
        process.start()
    barrier.wait()
    started = time.perf_counter()
    barrier.wait()
    seconds = time.perf_counter() - started
    for process in processes:
        process.join()
    return writers * groups * GROUP / seconds


def main() -> None:
    """Measure and print a row for each number of writers."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--url", default="")
    parser.add_argument("--writers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--groups", type=int, default=40)
    asked = parser.parse_args()
    configure_logs("error", terminal=False)
    with tempfile.TemporaryDirectory() as folder:
        url = asked.url or f"sqlite:///{Path(folder) / 'bench.db'}"
        migrate.upgrade(url)
        for writers in asked.writers:
            rate = measure(url, writers, asked.groups)
            print(f"{writers} writers: {rate:7.0f} fields/s, {2 * rate / GROUP:6.1f} transactions/s")


if __name__ == "__main__":
    main()
