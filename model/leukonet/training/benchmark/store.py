"""A part of the benchmark as one JSON file: its tables, its answers cell by cell, and how it was made."""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from leukonet.errors import DataError
from leukonet.result import Box, Cell
from leukonet.training.benchmark.record import Part, Table
from leukonet.training.evaluate import Answer

FORMAT = 1
"""Raised when files of before can no longer be read."""


@dataclass(frozen=True, slots=True)
class Written:
    """A part as it was read back, and how it was made."""

    name: str
    """The file's name without its ending: the part's."""
    part: Part
    command: str
    """As it was typed."""
    seed: int
    seconds: float
    """How long it took."""
    processors: int
    """Of the machine that made it."""


def write_part(part: Part, path: Path, *, command: str, seed: int, seconds: float, data: Path) -> None:
    """Write a part, whole or not at all, replacing what was there.

    Args:
        part: what was measured.
        path: of the JSON file; its folder is made if need be.
        command: that made it, as people would type it again.
        seed: of every random choice.
        seconds: how long it took.
        data: folder of the labelled sets. Paths of images are written from there on, and as bare names where they
            lie elsewhere: a machine's folders are nobody's business.

    Raises:
        DataError: the file cannot be written.
    """
    content = {
        "format": FORMAT,
        "command": command,
        "seed": seed,
        "seconds": round(seconds, 1),
        "processors": os.cpu_count() or 1,
        "tables": [table_record(table) for table in part.tables],
        "answers": {
            name: [_record(answer, data) for answer in answers] for name, answers in part.answers.items()
        },
    }
    draft = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(json.dumps(content, default=_plain) + "\n", encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror}); name another folder") from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def read_part(path: Path, data: Path = Path()) -> Written:
    """Read a part.

    Args:
        path: of the JSON file.
        data: put before the paths of images, to find them again.

    Raises:
        DataError: the file is missing, or no part of this format.
    """
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise DataError(f"{path}: of format {content['format']}, not {FORMAT}; run its command again")
        part = Part(
            tables=[Table(each["title"], each["rows"], each["notes"]) for each in content["tables"]],
            answers={
                name: [_answer(record, data) for record in records]
                for name, records in content["answers"].items()
            },
        )
        made = {key: content[key] for key in ("command", "seed", "seconds", "processors")}
        return Written(name=path.stem, part=part, **made)
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror}); run the benchmark's part first"
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path}: no part of the benchmark ({error!r}); run its command again") from error


def table_record(table: Table) -> dict[str, Any]:
    """A table as plain values."""
    return {
        "title": table.title,
        "rows": [dict(row) for row in table.rows],
        "notes": list(table.notes),
    }


def _record(answer: Answer, data: Path) -> dict[str, Any]:
    """One answer as plain values; no cell where it was missed."""
    path, folder = answer.path.absolute(), data.absolute()
    told = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name
    cell = {**asdict(answer.cell), "box": list(answer.cell.box)} if answer.cell else None
    return {"path": told, "group": answer.group, "truth": answer.truth, "cell": cell}


def _answer(record: Mapping[str, Any], data: Path) -> Answer:
    """The reverse."""
    told = record["cell"]
    cell = Cell(**{**told, "box": Box(*told["box"])}) if told else None
    return Answer(data / record["path"], record["group"], record["truth"], cell)


def _plain(value: object) -> object:
    """NumPy's numbers as Python's: a table that took an hour must not fail at being written."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{value!r} is no plain value")
