"""The comparison of what was dropped with files and rows."""

import hashlib
import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chaos.drops import Drop

DATABASE = "leukowatch.db"


@dataclass(frozen=True, slots=True)
class Row:
    """An arrival in the database."""

    sha256: str
    status: str
    reason: str
    slide: str
    destination: str | None
    lost: bool
    filed: bool


def is_drained(home: Path) -> bool:
    """Whether the inbox holds no file and every recorded file is where it belongs."""
    if any(path.is_file() for path in (home / "inbox").rglob("*")):
        return False
    return query(home, "SELECT count(*) FROM arrival WHERE filed_at IS NULL") == [(0,)]


def query(home: Path, sql: str) -> list[tuple[Any, ...]]:
    """Rows of a query on the home's database."""
    with closing(sqlite3.connect(f"file:{home / DATABASE}?mode=ro", uri=True, timeout=30)) as connection:
        return connection.execute(sql).fetchall()


def discrepancies(home: Path, dropped: Sequence[Drop]) -> list[str]:
    """Name everything that is lost, double, miscounted or left behind; empty where all is right."""
    files = {
        path: hashlib.sha256(path.read_bytes()).hexdigest()
        for room in ("inbox", "archive", "quarantine")
        for path in (home / room).rglob("*")
        if path.is_file()
    }
    cards = {path for path in files if path.parts[len(home.parts)] == "quarantine" and path.suffix == ".json"}
    images = {path: sha256 for path, sha256 in files.items() if path not in cards}
    rows = list(_rows(home))
    return [
        *_multiset("files", dropped, Counter(images.values())),
        *_multiset("rows", dropped, Counter(row.sha256 for row in rows if not row.lost)),
        *_places(home, images, rows),
        *_counts(home, dropped),
        *_cards(home, cards, images),
        *_states(dropped, rows),
    ]


def _rows(home: Path) -> Iterator[Row]:
    for sha256, status, reason, slide, destination, lost, filed in query(
        home,
        "SELECT a.sha256, a.status, a.reason, s.name, a.destination, a.lost, a.filed_at FROM arrival a "
        "JOIN slide s ON s.id = a.slide_id",
    ):
        yield Row(
            sha256, status, reason, slide, destination and destination.decode(), bool(lost), bool(filed)
        )


def _multiset(what: str, dropped: Sequence[Drop], found: Counter[str]) -> Iterator[str]:
    """Each content must be there as often as it was dropped."""
    wanted = Counter(drop.sha256 for drop in dropped)
    named = {drop.sha256: f"{drop.slide}/{drop.name} ({drop.way})" for drop in dropped}
    for sha256 in wanted.keys() | found.keys():
        if wanted[sha256] != found[sha256]:
            name = named.get(sha256, "nobody's")
            yield f"{what}: {name} dropped {wanted[sha256]} times, found {found[sha256]} times ({sha256[:12]})"


def _places(home: Path, images: dict[Path, str], rows: Sequence[Row]) -> Iterator[str]:
    """Each row that is not lost must name a file of its own that has its content."""
    taken: Counter[str] = Counter()
    for row in rows:
        if not row.filed:
            yield f"row without its move: {row}"
        if row.destination is not None:
            taken[row.destination] += 1
            if images.get(home / row.destination) != row.sha256:
                yield f"row names a file that is another or none: {row}"
    yield from (f"{count} rows name one file: {name}" for name, count in taken.items() if count > 1)


def _counts(home: Path, dropped: Sequence[Drop]) -> Iterator[str]:
    """Each good content must have one field with one current analysis, each other one none."""
    found = query(
        home,
        "SELECT f.sha256, s.name, count(a.id) FROM field f JOIN slide s ON s.id = f.slide_id "
        "LEFT JOIN analysis a ON a.field_id = f.id AND a.is_current GROUP BY f.id",
    )
    fields = Counter(sha256 for sha256, _, _ in found)
    slides: defaultdict[str, set[str]] = defaultdict(set)
    for drop in dropped:
        slides[drop.sha256].add(drop.slide)
        fields.setdefault(drop.sha256, 0)
    good = {drop.sha256 for drop in dropped if drop.good}
    for sha256, count in fields.items():
        if count != (sha256 in good):
            yield f"content {sha256[:12]} counted {count} times, dropped into {slides[sha256]}"
    for sha256, slide, analyses in found:
        if slide.partition("r")[0] not in slides[sha256] or analyses != 1:
            yield f"field {sha256[:12]} of slide {slide} with {analyses} analyses, dropped into {slides[sha256]}"


def _states(dropped: Sequence[Drop], rows: Sequence[Row]) -> Iterator[str]:
    """A content that is no image must be quarantined, an image never."""
    good = {drop.sha256 for drop in dropped if drop.good}
    for row in rows:
        if (row.status == "quarantined") == (row.sha256 in good):
            yield f"wrong state: {row}"


def _cards(home: Path, cards: set[Path], images: dict[Path, str]) -> Iterator[str]:
    """Each quarantined file must have a JSON beside it that speaks of it, and each JSON its file."""
    quarantined = {path for path in images if path.parts[len(home.parts)] == "quarantine"}
    for path in quarantined:
        card = path.with_name(f"{path.name}.json")
        if card not in cards:
            yield f"no JSON beside {path.relative_to(home)}"
        elif json.loads(card.read_bytes())["sha256"] != images[path]:
            yield f"another file's JSON beside {path.relative_to(home)}"
    for card in cards:
        if card.with_suffix("") not in quarantined:
            yield f"a JSON without its file: {card.relative_to(home)}"
