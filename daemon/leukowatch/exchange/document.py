"""Results as one JSON object."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from leukowatch.differential.result import SlideResult
from leukowatch.exchange.wording import NOTE


def slides_json(results: Sequence[SlideResult]) -> bytes:
    """Give `{"note": ..., "slides": [...]}`; each slide has the keys of `SlideResult`.

    Numbers have two decimals at most, times are ISO 8601 in UTC.
    """
    whole = json.dumps(
        [asdict(replace(each, bundles=dict(each.bundles))) for each in results], default=_plain
    )
    slides = json.loads(whole, parse_float=lambda digits: round(float(digits), 2))
    return json.dumps({"note": NOTE, "slides": slides}, indent=2, ensure_ascii=False).encode() + b"\n"


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{value!r} is nothing that a result has")
