"""Shows what it brings to raise the stain of pale fields and cells before the networks look: the choice is a person's.

A bundle that left sources out is judged on these, so that the others choose for each; one that left none out on fields
that it was trained on, where a stain that is raised may only cost.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from leukonet.bundle import Bundle
from leukonet.labels import LabelledField
from leukonet.training.evaluate import evaluate
from leukonet.training.left_out import left_out_fields

PARTS = (0.0, 0.5, 0.7, 0.85, 1.0)
"""Of the way to the usual stain."""
KNOWN = ("bccd", "chula")
"""Pale sets, on which a bundle that left none out is judged."""


def tune(data: Path, bundle: Bundle) -> Iterator[str]:
    """Judge a bundle with pale stain raised further and further.

    Args:
        data: folder of the labelled sets.
        bundle: of kind `locate-classify`.

    Yields:
        A head, then a line a set and part of the way: right end to end, balanced, missed, false cells. What a set
        tests with is left out.

    Raises:
        DataError: data are missing.
    """
    yield f"{'set':<10}{'raised':>7}{'cells':>7}{'right':>8}{'balanced':>10}{'missed':>8}{'false':>7}"
    for name, fields in left_out_fields(data, bundle.provenance["left_out"] or KNOWN).items():
        for part in PARTS:
            yield _line(name, fields, replace(bundle, raised=part))


def _line(name: str, fields: Sequence[LabelledField], bundle: Bundle) -> str:
    figures = evaluate(fields, bundle).figures()
    return (
        f"{name:<10}{bundle.raised:>7.2f}{figures['n']:>7}{figures['accuracy']:>8.1%}"
        f"{figures['balanced_accuracy']:>10.1%}{figures['missed']:>8}{figures['false_cells']:>7}"
    )
