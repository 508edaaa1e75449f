"""Whether it knows when it does not know: what is no smear yields no counted cell, and what is one is not refused."""

from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from leukonet.analysis import analyse
from leukonet.bundle import Bundle
from leukonet.labels import LabelledField
from leukonet.result import FieldResult
from leukonet.training.benchmark.record import Part, Table
from leukonet.training.datasets import read_dataset
from leukonet.training.not_smears import Picture, out_of_focus, testing

REAL = (("bccd", "test"), ("pbc", "val"), ("chula", "all"), ("txl_pbc", "val"), ("txl_pbc", "test"))
"""Sets and parts of which no field should be refused. The limits were set on all of Chula, and on no other of these."""
BLURRED = (("bccd", "test"), ("txl_pbc", "test"))
"""Sets and parts that are put out of focus."""


def measure(data: Path, bundle: Bundle) -> Part:
    """Analyse the testing list of `not_smears`, real fields out of focus, and real fields as they are.

    Args:
        data: folder of the labelled sets.
        bundle: that counts.

    Raises:
        DataError: a set or a package with photographs is missing.
    """
    blurred = [field for name, part in BLURRED for field in read_dataset(data, name, part)]
    return Part(
        [
            Table(
                "Pictures that are no usable smear",
                [*_by_kind(testing(), bundle), *_by_kind(out_of_focus(blurred), bundle)],
                [
                    "Generated pictures and photographs of the testing list, on which no limit was set.",
                    "Out of focus: BCCD's and TXL-PBC's test parts, blurred by a Gaussian of 8 pixels in 640.",
                ],
            ),
            Table(
                "Real fields that are refused",
                [_refused(name, part, read_dataset(data, name, part), bundle) for name, part in REAL],
                ["The limits were set on all of Chula as well; the other parts decided nothing."],
            ),
        ]
    )


def _by_kind(pictures: Iterable[Picture], bundle: Bundle) -> list[dict[str, Any]]:
    """A row a kind, in the order in which the kinds come, and one of all where there are several."""
    found: dict[str, list[FieldResult]] = {}
    for picture in pictures:
        found.setdefault(picture.kind, []).append(_analysed(picture, bundle))
    rows = [_row(kind, results) for kind, results in found.items()]
    return rows if len(rows) < 2 else [*rows, _row("all", [each for some in found.values() for each in some])]


def _row(kind: str, results: list[FieldResult]) -> dict[str, Any]:
    return {
        "kind of picture": kind,
        "pictures": len(results),
        "assessable": sum(result.assessable for result in results),
        "with a counted cell": sum(any(cell.counts for cell in result.cells) for result in results),
    }


def _analysed(picture: Picture, bundle: Bundle) -> FieldResult:
    """Through a file, as a field comes."""
    file = BytesIO()
    picture.image.save(file, "PNG")
    return analyse(file.getvalue(), bundle)


def _refused(name: str, part: str, fields: list[LabelledField], bundle: Bundle) -> dict[str, Any]:
    reasons = list(_reasons(fields, bundle))
    told = sorted({reason for reason in reasons if reason})
    return {
        "set": name,
        "part": part,
        "fields": len(reasons),
        "refused": sum(reason != "" for reason in reasons),
        "reasons": ", ".join(told),
    }


def _reasons(fields: list[LabelledField], bundle: Bundle) -> Iterator[str]:
    for field in fields:
        yield analyse(field.path.read_bytes(), bundle).reason
