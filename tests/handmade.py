"""A store filled by hand through the ledger, for tests of what people are shown."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from leukonet.result import Box, Cell, FieldResult
from leukowatch.store.database import close_writer, open_writer
from leukowatch.store.ledger import BundleRef, Ledger
from leukowatch.store.outcome import Filing, Outcome, Received

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
BUNDLE = BundleRef("smear-1", "1a2b3c4d" * 8, "locate-classify")
UNCOUNTED = {"immature_granulocyte", "erythroblast", "artefact"}
SIZE = (640, 480)


def cell(first: str, box: tuple[float, float, float, float] = (10, 20, 60, 70)) -> Cell:
    """Make a cell; a question mark behind its class makes it unclassified."""
    name, unclassified = first.rstrip("?"), first.endswith("?")
    counts = not unclassified and name not in UNCOUNTED
    return Cell(Box(*box), 0.9, name, 0.8, "monocyte", 0.1, unclassified, counts)


def seen(*cells: Cell) -> FieldResult:
    """Make an analysis with these cells."""
    return FieldResult(*SIZE, True, "", cells, BUNDLE.name, BUNDLE.sha256, {})


def blank() -> FieldResult:
    """Make an analysis of a field that is no smear."""
    return FieldResult(*SIZE, False, "blank", (), BUNDLE.name, BUNDLE.sha256, {})


def outcome(slide: str, name: str, number: int, result: FieldResult | None) -> Outcome:
    """Make what became of a file: its number is its content and its second; None quarantines it."""
    path = f"{slide}/{name}"
    file = Received(
        path.encode(), path, slide, slide.startswith("unassigned"), f"{number:064x}", 9, 1, number, 1,
        NOON + timedelta(seconds=number),
    )  # fmt: skip
    return Outcome(file, result, *(() if result else ("truncated", "the image's end is missing")))


@contextmanager
def ledger_at(path: Path) -> Iterator[Ledger]:
    """Open a store for writing, made where it is absent; every analysis is of noon."""
    engine = open_writer(f"sqlite:///{path}", 0.2, upgrade=True)
    try:
        yield Ledger(engine, BUNDLE, lambda: NOON)
    finally:
        close_writer(engine)


def fill(path: Path, outcomes: Sequence[Outcome]) -> list[Filing]:
    """Commit these to the store at `path`."""
    with ledger_at(path) as ledger:
        return ledger.commit(outcomes)
