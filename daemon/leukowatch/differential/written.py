"""How numbers and names are written into tables and documents that other programs read."""

from typing import Any

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""With one of these a spreadsheet takes text for a formula."""


def two(value: float | None) -> float | None:
    """Round to two decimals."""
    return None if value is None else round(value, 2)


def harmless(value: Any) -> Any:
    """Put an apostrophe before text that a spreadsheet would calculate; leave everything else as it is."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value
