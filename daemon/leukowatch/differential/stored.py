"""A result as the store keeps it with a signature: JSON, read back as it was."""

import hashlib
import json
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from leukowatch.differential.result import Signature, SlideResult, State
from leukowatch.errors import StoreUnavailable
from leukowatch.store.signatures import SignatureRow

_ADAPTER = TypeAdapter(SlideResult)


def as_text(result: SlideResult) -> str:
    """Write a result, without what the rows of signatures tell."""
    return _ADAPTER.dump_json(replace(result, signatures=())).decode()


def same_content(text: str, result: SlideResult) -> bool:
    """Whether a stored result says the same of its slide as another, whenever either was made.

    A class that the site has added or retired in between says nothing of a slide without such cells.
    """
    first, second = _timeless(text), _timeless(as_text(result))
    alone = _empty(first) ^ _empty(second)
    return _without(first, alone) == _without(second, alone)


def proof_of(basis: str, result: SlideResult) -> str:
    """Name a result and what it rests on, whenever it was made: 32 hexadecimal digits."""
    content = json.dumps([basis, _timeless(as_text(result))], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def _timeless(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found | {"made_at": None}


def _empty(found: dict[str, Any]) -> set[str]:
    """Give the labels of the classes that no cell has."""
    return {each["label"] for each in found["classes"] if not each["count"]}


def _without(found: dict[str, Any], labels: Collection[str]) -> dict[str, Any]:
    return found | {
        "classes": [each for each in found["classes"] if each["count"] or each["label"] not in labels],
        "blind_to": [label for label in found["blind_to"] if label not in labels],
    }


def signed_result(rows: list[SignatureRow], version: int) -> SlideResult:
    """Give a version's result as it was signed, with its signatures.

    Args:
        rows: the slide's signatures, oldest first.
        version: one that was released.

    Raises:
        StoreUnavailable: what the database keeps is no result: it was changed behind the store's back.
    """
    of_version = [row for row in rows if row.version == version]
    released = next(row for row in reversed(of_version) if row.released)
    try:
        content = _ADAPTER.validate_json(released.result)
    except ValidationError as error:
        raise StoreUnavailable(
            f"signature {released.id}: its result cannot be read; run leukowatch audit verify"
        ) from error
    earlier = [row for row in rows if row.version < version and _counts_for(row, rows)]
    own = [row for row in of_version if row.basis == released.basis and row.id <= released.id]
    return replace(
        content,
        state=State.FINAL if version == 1 else State.AMENDED,
        version=version,
        made_at=released.at,
        signatures=tuple(_signature(row) for row in (*earlier, *own)),
    )


def _counts_for(row: SignatureRow, rows: list[SignatureRow]) -> bool:
    """Whether a signature belongs to a version that was released."""
    return any(other.released and (other.version, other.basis) == (row.version, row.basis) for other in rows)


def _signature(row: SignatureRow) -> Signature:
    said = row.reason if row.kind == "amend" else row.comment
    return Signature(row.who, row.role, row.kind, row.at, said, row.seal)
