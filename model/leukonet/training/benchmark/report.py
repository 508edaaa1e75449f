"""Assembles the benchmark's report from its parts: Markdown for people, one JSON object for programs."""

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from leukonet.errors import DataError
from leukonet.training.benchmark.record import Table
from leukonet.training.benchmark.store import Written, read_part, table_record

ORDER = (
    "production",
    "seeds",
    "unseen",
    "bccd-folds",
    "chula-folds",
    "locating",
    "smears",
    "ablation",
    "tried",
    "longer",
    "rivals",
    "paper",
)
"""The report's order of parts; any other stands behind them, by its name."""
SHARES = ("accuracy", "balanced", "coverage", "precision", "recall")
"""Where a column's name holds one of these words, a fraction is shown as per cent."""
LOW, HIGH = "low", "high"
"""Columns that are shown as one, in the place of the first."""
LIMITS = "95% limits"
ABSENT = "–"  # noqa: RUF001  an en dash is meant


def read_parts(folder: Path, data: Path = Path()) -> list[Written]:
    """Read every part of a folder, in the report's order.

    Raises:
        DataError: there is none, or one cannot be read.
    """
    parts = [read_part(path, data) for path in sorted(folder.glob("*.json"))]
    if not parts:
        raise DataError(f"{folder}: no part of the benchmark here; run one first")
    return in_order(parts)


def in_order(parts: Iterable[Written]) -> list[Written]:
    """Parts as the report has them, whatever order they came in."""
    places = {name: place for place, name in enumerate(ORDER)}
    return sorted(parts, key=lambda each: (places.get(each.name, len(ORDER)), each.name))


def as_json(parts: Iterable[Written]) -> dict[str, Any]:
    """The report for programs: every part's tables and how it was made, without the answers cell by cell."""
    return {
        "parts": {
            each.name: {
                "command": each.command,
                "seed": each.seed,
                "seconds": each.seconds,
                "processors": each.processors,
                "tables": [table_record(table) for table in each.part.tables],
            }
            for each in in_order(parts)
        }
    }


def markdown(parts: Iterable[Written]) -> str:
    """The report for people: each part's heading, how it was made, its tables and their notes."""
    return "\n".join(_section(each) for each in in_order(parts))


def _section(written: Written) -> str:
    """One part."""
    name = written.name.replace("_", " ").replace("-", " ")
    made = (
        f"`{written.command}`\n\n"
        f"Seed {written.seed}; took {_duration(written.seconds)} on a machine with {written.processors} processors."
    )
    tables = "\n".join(_table(table) for table in written.part.tables)
    return f"## {name[:1].upper()}{name[1:]}\n\n{made}\n\n{tables}"


def _duration(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def _table(table: Table) -> str:
    """One table, its title above and its notes below."""
    lines = [f"### {table.title}", ""]
    rows = [_joined(row) for row in table.rows]
    if rows:
        columns = list(rows[0])
        numeric = [
            all(_is_number(row.get(name)) or row.get(name) is None for row in rows) for name in columns
        ]
        lines.append(_line(columns))
        lines.append("|" + "|".join("---:" if right else "---" for right in numeric) + "|")
        lines += [_line(shown(column, row.get(column)) for column in columns) for row in rows]
    else:
        lines.append("Nothing was measured.")
    for note in table.notes:
        lines += ["", note]
    return "\n".join([*lines, ""])


def _joined(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row with its two limits as one."""
    if not row.keys() >= {LOW, HIGH}:
        return dict(row)
    low, high = row[LOW], row[HIGH]
    both = f"{low:.1%} to {high:.1%}" if _is_number(low) and _is_number(high) else None
    return {
        (LIMITS if column == LOW else column): (both if column == LOW else value)
        for column, value in row.items()
        if column != HIGH
    }


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)


def shown(column: str, value: object) -> str:
    """One value of a table as people read it."""
    match value:
        case None:
            return ABSENT
        case int():
            return f"{value:,}"
        case float():
            return _shown_float(column, value)
        case _:
            return str(value)


def _shown_float(column: str, value: float) -> str:
    """Per cent where the column is a share (or by how much two differ), else as many digits as its size deserves."""
    if not math.isfinite(value):
        return ABSENT
    if -1 <= value <= 1 and any(word in column.lower() for word in SHARES):
        return f"{value:.1%}"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:,.1f}"


def _line(cells: Iterable[str]) -> str:
    """A row of Markdown; a bar or a line's end in a value would tear the table."""
    told = (" ".join(cell.replace("|", r"\|").split()) for cell in cells)
    return f"| {' | '.join(told)} |"
