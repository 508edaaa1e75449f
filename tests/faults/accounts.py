"""What is left after a fault: rows, files and counts of one slide, in a form that a test can compare."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab import Home, wait_until


@dataclass(frozen=True)
class Account:
    """Everything that the service knows and keeps of a slide; each file by its name below the slide's folder."""

    rows: dict[str, list[str]] = field(default_factory=dict)
    """State of each file that was taken, with the reason of a quarantined one; in the order of taking."""
    inbox: list[str] = field(default_factory=list)
    archive: list[str] = field(default_factory=list)
    quarantine: list[str] = field(default_factory=list)
    """Without the JSON beside each file, of which `account` makes sure."""
    fields: int = 0
    """Contents that are counted, each once."""


def account(home: Home, slide: str) -> Account:
    """Look at rows, files and counts of a slide.

    Raises:
        AssertionError: a quarantined file has no JSON beside it, or a content has two fields.
    """
    rows: dict[str, list[str]] = {}
    for name, status, reason, lost, filed in _rows(home, slide):
        told = f"{status}: {reason}" if status == "quarantined" else status
        rows.setdefault(name, []).append(told + (" and lost" if lost else "" if filed else " and waiting"))
    held = _files(home.quarantine / slide)
    cards = [name for name in held if name.endswith(".json")]
    assert sorted(f"{name}.json" for name in held if not name.endswith(".json")) == cards
    [(fields, contents)] = home.query(
        "SELECT count(*), count(DISTINCT f.sha256) FROM field f JOIN slide s ON s.id = f.slide_id "
        f"WHERE s.name = '{slide}'"
    )
    assert fields == contents
    return Account(
        rows,
        _files(home.inbox / slide),
        _files(home.archive / slide),
        [name for name in held if name not in cards],
        fields,
    )


def gated(data: bytes, gate: Path) -> bytes:
    """Give the image with which a worker waits at a gate."""
    return data + b"gate:" + os.fsencode(gate)


def at(gate: Path) -> int:
    """How many workers wait at a gate, or did."""
    return len(list(gate.parent.glob(f"{gate.name}.*")))


def card(quarantined: Path) -> dict[str, Any]:
    """Read the JSON beside a quarantined file."""
    content: dict[str, Any] = json.loads(quarantined.with_name(f"{quarantined.name}.json").read_text())
    return content


def counted(*names: str) -> Account:
    """Give the account of a slide on which nothing went wrong: these files, counted and archived."""
    return Account({name: ["counted"] for name in names}, archive=sorted(names), fields=len(names))


def settled(home: Home, slide: str, files: int) -> Account:
    """Wait until so many files of a slide were taken and have left the inbox, then look at all of it."""
    wait_until(lambda: sum(bool(filed) for *_, filed in _rows(home, slide)) >= files)
    return account(home, slide)


def _rows(home: Home, slide: str) -> list[tuple[str, str, str, bool, str | None]]:
    if not (home.folder / "leukowatch.db").exists() or not home.query(
        "SELECT name FROM sqlite_master WHERE name = 'field_status'"
    ):
        return []
    rows = home.query(
        "SELECT a.printable, a.status, a.reason, a.lost, a.filed_at FROM arrival a "
        f"JOIN slide s ON s.id = a.slide_id WHERE s.name = '{slide}' ORDER BY a.id"
    )
    return [(printable.removeprefix(f"{slide}/"), *rest) for printable, *rest in rows]


def _files(folder: Path) -> list[str]:
    return sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()
    )
