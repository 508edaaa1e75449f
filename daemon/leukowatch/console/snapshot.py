"""What the live view reads: one look at the database, one at the inbox."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from leukonet.cells import CellClass
from leukowatch.differential.counts import shown
from leukowatch.inbox.listing import list_files
from leukowatch.store.queries import class_records, fields_of, problems, throughput
from leukowatch.store.rows import Problem, SlideRow
from leukowatch.store.tallies import number_of_slides, slides

MINUTE = 60.0
"""Seconds over which the speed is taken."""
PROBLEMS = 5
SLIDES = 10
_HASH_DIGITS = 8


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The store at one moment."""

    slides: tuple[SlideRow, ...]
    """Those that last received a file, newest first."""
    more: int
    """Slides beyond these."""
    classes: tuple[CellClass, ...]
    bundle: str
    """Name and first digits of the hash of the bundle that looked at the newest slide; empty if none did."""
    fields_per_second: float
    problems: tuple[Problem, ...]
    """Newest first."""


def read_snapshot(engine: Engine, now: datetime) -> Snapshot:
    """Read the store.

    Args:
        engine: of `open_reader`.
        now: aware; the end of the minute over which the speed is taken.

    Raises:
        StoreUnavailable: the database cannot be read.
    """
    found = slides(engine, SLIDES)
    return Snapshot(
        slides=tuple(found),
        more=max(0, number_of_slides(engine) - SLIDES),
        classes=shown(class_records(engine), (slide.counts for slide in found)),
        bundle=_bundle(engine, found[0].name) if found else "",
        fields_per_second=throughput(engine, MINUTE, now),
        problems=tuple(problems(engine, PROBLEMS)),
    )


def _bundle(engine: Engine, slide: str) -> str:
    fields = fields_of(engine, slide)
    return f"{fields[-1].bundle} {fields[-1].bundle_sha256[:_HASH_DIGITS]}" if fields else ""


def count_waiting(inbox: Path) -> int:
    """Count the files in the inbox that are to be taken.

    Raises:
        OSError: the inbox cannot be listed.
    """
    return sum(1 for _ in list_files(inbox, lambda _path, _what: None))
