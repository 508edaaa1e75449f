"""How many fields a second a database takes, in groups as the service commits them, from one writer and from several.

Run: `python bench/commits.py --url postgresql://ROLE@HOST/EMPTY [--writers 1 2 4] [--groups 40] [--size 64]`; that
database must be empty, as its rows stay. Without `--url` an SQLite file of its own. Fields have four cells each.
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

CELLS = tuple(
    Cell(Box(x, 0, x + 50, 50), 0.9, "neutrophil", 0.8, "monocyte", 0.1, False, True)
    for x in range(0, 400, 100)
)
BUNDLE = BundleRef("bench", "b" * 64, "locate-classify")


def outcomes(writer: int, group: int, size: int) -> list[Outcome]:
    """A group of so many fields that nobody has seen yet."""
    result = FieldResult(640, 480, True, "", CELLS, BUNDLE.name, BUNDLE.sha256, {})
    made = []
    for number in range(size):
        path = f"bench-{writer}/{group}-{number}.jpg"
        file = Received(
            path.encode(), path, f"bench-{writer}", False, secrets.token_hex(32), 20_000, 1, number, 1,
            datetime.now(UTC),
        )  # fmt: skip
        made.append(Outcome(file, result))
    return made


def write(
    url: str, writer: int, groups: int, size: int, start: "multiprocessing.synchronize.Barrier",
    spent: "multiprocessing.sharedctypes.SynchronizedArray[float]",
) -> None:  # fmt: skip
    """One service's writer: commit, and note the moves; tell the processor's seconds that it took."""
    configure_logs("error", terminal=False)
    engine = open_writer(url, 60)
    ledger = Ledger(engine, BUNDLE, home=f"bench-{writer}")
    work = [outcomes(writer, group, size) for group in range(groups)]
    ledger.commit(work.pop())
    start.wait()
    begun = time.process_time()
    for group in work:
        filings = ledger.commit(group)
        ledger.mark_filed([(filing.arrival_id, b"archive/x") for filing in filings])
    spent[writer] = time.process_time() - begun
    start.wait()
    close_writer(engine)


def measure(url: str, writers: int, groups: int, size: int) -> tuple[float, float]:
    """Fields a second, all writers together, and a writer's milliseconds of the processor a field."""
    context = multiprocessing.get_context("spawn")
    barrier, spent = context.Barrier(writers + 1), context.Array("d", writers)
    processes = [
        context.Process(target=write, args=(url, number, groups + 1, size, barrier, spent))
        for number in range(writers)
    ]
    for process in processes:
        process.start()
    barrier.wait()
    started = time.perf_counter()
    barrier.wait()
    seconds = time.perf_counter() - started
    for process in processes:
        process.join()
    fields = writers * groups * size
    return fields / seconds, 1000 * sum(spent) / fields


def main() -> None:
    """Measure and print a row for each number of writers."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--url", default="")
    parser.add_argument("--writers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--groups", type=int, default=40)
    parser.add_argument("--size", type=int, default=64, help="fields in a group")
    asked = parser.parse_args()
    configure_logs("error", terminal=False)
    with tempfile.TemporaryDirectory() as folder:
        url = asked.url or f"sqlite:///{Path(folder) / 'bench.db'}"
        migrate.upgrade(url)
        for writers in asked.writers:
            rate, spent = measure(url, writers, asked.groups, asked.size)
            told = f"{2 * rate / asked.size:6.1f} transactions/s, {spent:6.2f} ms of the processor a field"
            print(f"{writers} writers: {rate:7.0f} fields/s, {told}")


if __name__ == "__main__":
    main()
