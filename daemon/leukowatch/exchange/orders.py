"""Reads the laboratory's worklist, a CSV file that says which slide is of which order."""

import csv
import io
import re
from collections.abc import Iterator

from leukowatch.errors import RequestInvalid
from leukowatch.store.worklist import OLDEST, SEXES, WorklistRow

NEEDED = ("order_id", "slide")
COLUMNS = (*NEEDED, "age", "sex", "leucocytes")
_SHORT = {"f": "female", "m": "male"}
_NAMED = 10
"""Wrong lines that a message names at most; `reasons` has them all."""


class WorklistInvalid(RequestInvalid):
    """A worklist has lines that cannot be taken.

    Args:
        reasons: a sentence for each, which names the line.
    """

    def __init__(self, reasons: list[str]) -> None:
        more = f"; and {len(reasons) - _NAMED} lines more" if len(reasons) > _NAMED else ""
        super().__init__("; ".join(reasons[:_NAMED]) + more)
        self.reasons = reasons


def read_worklist(data: bytes, name: str) -> list[WorklistRow]:
    """Read a worklist.

    Args:
        data: UTF-8, with a head that names the columns: `order_id` and `slide` (a name, or a pattern with `*` and
            `?`), and where they are known `age` (years), `sex` (`female`, `male`, `f`, `m`) and `leucocytes`
            (10^9 a litre). Commas, semicolons or tabs part them.
        name: of the file, for messages.

    Raises:
        WorklistInvalid: names the file and, each wrong line with its reason; nothing is to be taken.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise WorklistInvalid([f"{name}, line {line}: is no UTF-8; save the file anew in UTF-8"]) from error
    rows: list[WorklistRow] = []
    wrong: list[str] = []
    seen: dict[str, int] = {}
    try:
        for line, columns, values in _lines(text, name):
            where = f"{name}, line {line}"
            try:
                row = _row(columns, values, where)
            except RequestInvalid as error:
                wrong.append(str(error))
                continue
            if row.slide in seen:
                wrong.append(f"{where}: {row.slide} has an order in line {seen[row.slide]}")
            seen.setdefault(row.slide, line)
            rows.append(row)
    except csv.Error as error:
        wrong.append(f"{name}: is no CSV ({error})")
    if wrong:
        raise WorklistInvalid(wrong)
    return rows


def _lines(text: str, name: str) -> Iterator[tuple[int, list[str], list[str]]]:
    """Give each line's number, the columns and its values."""
    head = text.partition("\n")[0]
    parted = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=parted, strict=True)
    columns = [column.strip() for column in next(reader, [])]
    unknown = [column for column in columns if column not in COLUMNS]
    if unknown or not set(NEEDED) <= set(columns) or len(set(columns)) < len(columns):
        raise WorklistInvalid([f"{name}, line 1: {columns} are no columns; there are {', '.join(COLUMNS)}"])
    for values in reader:
        if any(value.strip() for value in values):
            yield reader.line_num, columns, values


def _row(columns: list[str], parts: list[str], where: str) -> WorklistRow:
    if len(parts) != len(columns):
        raise RequestInvalid(f"{where}: {len(parts)} values, {len(columns)} wanted")
    values = dict(zip(columns, (part.strip() for part in parts), strict=True))
    for column in NEEDED:
        if not values[column]:
            raise RequestInvalid(f"{where}: {column} is empty")
    sex = values.get("sex", "").lower()
    sex = _SHORT.get(sex, sex)
    if sex not in SEXES:
        raise RequestInvalid(f"{where}: sex {sex!r} is neither female, male, f, m nor empty")
    return WorklistRow(
        slide=values["slide"],
        order_id=values["order_id"],
        age_years=_number(values.get("age", ""), OLDEST, f"{where}: age"),
        sex=sex,
        leucocytes=_number(values.get("leucocytes", ""), 10_000.0, f"{where}: leucocytes"),
    )


def _number(text: str, most: float, what: str) -> float | None:
    """Read a number from 0 to `most`; None where there is none."""
    if not text:
        return None
    if not re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text) or float(text) > most:
        raise RequestInvalid(f"{what} {text!r} is no number from 0 to {most:g}")
    return float(text)
