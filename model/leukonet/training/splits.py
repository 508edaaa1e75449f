"""Splits by group, made before any augmentation, the same on every machine."""

import hashlib
from collections import Counter
from collections.abc import Sequence

from leukonet.labels import LabelledField


def hold_out(
    fields: Sequence[LabelledField], share: float, seed: int
) -> tuple[list[LabelledField], list[LabelledField]]:
    """Part fields into `(kept, held out)` so that no group is on both sides.

    Args:
        fields: from any number of sets.
        share: about this part of the groups is held out, 0 to 1.
        seed: another seed holds out other groups.
    """
    kept: list[LabelledField] = []
    held: list[LabelledField] = []
    for field in fields:
        (held if _draw(field, seed) < share else kept).append(field)
    return kept, held


def folds(fields: Sequence[LabelledField], count: int) -> list[list[LabelledField]]:
    """Part fields into `count` folds of about equal size, whole groups together.

    The largest group goes first, each to the fold that has the fewest fields, ties by name.
    """
    sizes = Counter(f"{field.source}/{field.group}" for field in fields)
    filled = [0] * count
    home: dict[str, int] = {}
    for group, size in sorted(sizes.items(), key=lambda item: (-item[1], item[0])):
        home[group] = filled.index(min(filled))
        filled[home[group]] += size
    return [
        [field for field in fields if home[f"{field.source}/{field.group}"] == fold] for fold in range(count)
    ]


def draw(key: str) -> float:
    """A number from 0 to 1 that looks random and depends on the key alone."""
    digest = hashlib.sha256(key.encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def _draw(field: LabelledField, seed: int) -> float:
    """A number from 0 to 1 that depends on the group and the seed alone."""
    return draw(f"{seed}/{field.source}/{field.group}")
