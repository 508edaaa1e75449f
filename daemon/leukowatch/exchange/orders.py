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


def read_worklist(data: bytes, name: str) -> list[WorklistRow]:
    """Read a worklist.

    Args:
        data: UTF-8, with a head that names the columns: `order_id` and `slide` (a name, or a pattern with `*` and
            `?`), and where they are known `age` (years), `sex` (`female`, `male`, `f`, `m`) and `leucocytes`
            (10^9 a litre). Commas, semicolons or tabs part them.
        name: of the file, for messages.

    Raises:
        RequestInvalid: names the file, the line and what is wrong; nothing of the file is to be taken.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise RequestInvalid(f"{name}, line {line}: is no UTF-8; save the file anew in UTF-8") from error
    rows: list[WorklistRow] = []
    seen: dict[str, int] = {}
    try:
        for line, values in _lines(text, name):
            row = _row(values, f"{name}, line {line}")
            if row.slide in seen:
                raise RequestInvalid(
                    f"{name}, line {line}: {row.slide} has an order in line {seen[row.slide]}"
                )
            seen[row.slide] = line
            rows.append(row)
    except csv.Error as error:
        raise RequestInvalid(f"{name}: is no CSV ({error})") from error
    return rows


def _lines(text: str, name: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Give each line's number and its values by column."""
    head = text.partition("\n")[0]
    parted = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=parted, strict=True)
    columns = [column.strip() for column in next(reader, [])]
    unknown = [column for column in columns if column not in COLUMNS]
    if unknown or not set(NEEDED) <= set(columns) or len(set(columns)) < len(columns):
        raise RequestInvalid(f"{name}, line 1: {columns} are no columns; there are {', '.join(COLUMNS)}")
    for values in reader:
        if not any(value.strip() for value in values):
            continue
        if len(values) != len(columns):
            raise RequestInvalid(
                f"{name}, line {reader.line_num}: {len(values)} values, {len(columns)} wanted"
            )
        yield reader.line_num, dict(zip(columns, (value.strip() for value in values), strict=True))


def _row(values: dict[str, str], where: str) -> WorklistRow:
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
