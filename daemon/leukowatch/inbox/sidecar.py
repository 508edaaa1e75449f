"""The small JSON beside a quarantined file: what it was, why it is there, and since when."""

import json
from datetime import UTC
from pathlib import Path

from leukowatch.inbox.naming import NAME_MAX, printable
from leukowatch.store.outcome import Filing

_SUFFIX = ".json"
LONGEST_NAME = NAME_MAX - len(_SUFFIX)
"""Bytes that a quarantined file's name may have, so that its sidecar's name still fits."""


def sidecar_of(quarantined: Path) -> Path:
    """Path of the JSON that belongs to a quarantined file."""
    return quarantined.with_name(quarantined.name + _SUFFIX)


def sidecar_content(filing: Filing) -> bytes:
    """Give the JSON's bytes, the same each time for the same filing.

    Keys: `reason` (a word), `error` (a sentence), `time` (ISO 8601, UTC), `sha256` (null where the file was
    never read), `size` (bytes), `original` (printable path below the inbox), `original_hex` (its raw bytes),
    `arrival` (its number in the ledger).
    """
    fields = {
        "reason": filing.reason,
        "error": filing.detail,
        "time": filing.received_at.astimezone(UTC).isoformat(),
        "sha256": filing.sha256,
        "size": filing.size,
        "original": printable(filing.relative),
        "original_hex": filing.relative.hex(),
        "arrival": filing.arrival_id,
    }
    return json.dumps(fields, indent=2).encode() + b"\n"
