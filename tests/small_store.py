"""A small store made by hand, whose every figure can be told by counting on one's fingers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from leukonet.cells import CELL_CLASSES
from leukonet.result import Box, Cell, FieldResult
from leukowatch.store.database import close_writer, open_writer
from leukowatch.store.ledger import BundleRef, Ledger
from leukowatch.store.outcome import Outcome, Received

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
BUNDLE = BundleRef("current", "b" * 64, "locate-classify")
BLANK = FieldResult(640, 480, False, "blank", (), BUNDLE.name, BUNDLE.sha256, {})
PEOPLES = ("blast", "promyelocyte", "myelocyte", "metamyelocyte", "band", "reactive_lymphocyte", "plasma_cell",
           "smudge", "other")  # fmt: skip
ZEROS = dict.fromkeys((*(each.name for each in CELL_CLASSES), *PEOPLES), 0)


def cell(first, *, unclassified=False) -> Cell:
    """A cell that counts where its class does."""
    counts = not unclassified and first not in {"erythroblast", "artefact"}
    return Cell(Box(1, 2, 30, 40), 0.9, first, 0.8, "monocyte", 0.1, unclassified, counts)


def outcome(path, inode, result, reason="") -> Outcome:
    """A file of one folder; its inode is its content, and its minute."""
    slide, _, name = path.partition("/")
    file = Received(path.encode(), path, slide, slide.startswith("unassigned"), f"{inode:064x}", 9, 1,
                    len(name), 1, NOON + timedelta(minutes=inode))  # fmt: skip
    return Outcome(file, result, reason, reason and f"it is {reason}")


def seen(*classes) -> FieldResult:
    """An analysis with cells of these classes; a question mark makes one unclassified."""
    cells = tuple(cell(name.rstrip("?"), unclassified=name.endswith("?")) for name in classes)
    return replace(BLANK, assessable=True, reason="", cells=cells)


def fill(url):
    """Commit three slides: one rich, one blank, one unassigned with nothing but a broken file."""
    engine = open_writer(url, upgrade=True)
    ledger = Ledger(engine, BUNDLE, lambda: NOON)
    filings = ledger.commit(
        [
            outcome(
                "S1/a.jpg", 1, seen("neutrophil", "neutrophil", "lymphocyte", "monocyte?", "erythroblast")
            ),
            outcome("S1/b.jpg", 2, seen("artefact", "artefact?")),
            outcome("S1/c.jpg", 3, BLANK),
            outcome("S2/a.jpg", 4, BLANK),
            outcome("S2/copy.jpg", 1, seen("neutrophil")),
            outcome("unassigned-2031-05-04/x.jpg", 6, None, "truncated"),
        ]
    )
    ledger.mark_filed([(filings[0].arrival_id, b"archive/S1/a.jpg"), (filings[3].arrival_id, None)])
    close_writer(engine)
