"""Writes what a bundle saw of fields: analyses, their cells, and the bundle with the classes that it can tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, insert, select

from leukowatch.store.review_tables import BundleClass
from leukowatch.store.tables import Analysis, Bundle, Cell, CellClass

if TYPE_CHECKING:
    from leukonet.result import Box, FieldResult

_CLASSES = select(CellClass.name, CellClass.id)
_BUNDLES = select(Bundle.sha256, Bundle.id).where(Bundle.sha256.in_(bindparam("wanted", expanding=True)))
_ADD_CELLS = insert(Cell)
_TOLD = select(BundleClass.class_id).where(BundleClass.bundle_id == bindparam("bundle"))
"""Statements are made once: making them anew was most of what a small group cost."""


@dataclass(frozen=True, slots=True)
class BundleRef:
    """What the store keeps of a bundle."""

    name: str
    sha256: str
    """Of its manifest, 64 hexadecimal digits."""
    kind: str
    """`locate-classify` or `field`."""
    classes: tuple[str, ...] = ()
    """Names of the classes that it can tell."""


class Analyses:
    """Writes analyses in one transaction.

    Args:
        connection: in the caller's write transaction.
        bundle: the one that this process looks with.
        now: time of the new rows, aware.
    """

    def __init__(self, connection: Connection, bundle: BundleRef, now: datetime) -> None:
        self._connection = connection
        self._bundle = bundle
        self._now = now
        self.classes = self._mapping(_CLASSES)
        """Name → id of every class that the store has."""

    def write(self, results: Sequence[tuple[int, "FieldResult"]], *, current: bool = True) -> None:
        """Write results with their cells.

        Args:
            results: each `(field's id, result)`.
            current: whether they are the ones that count, or stand beside those.
        """
        bundles = self._bundles([result for _, result in results])
        numbers = inserted(self._connection, Analysis, [
            {"field_id": number, "bundle_id": bundles[result.bundle_sha256], "is_current": current,
             "assessable": result.assessable, "reason": result.reason, "analysed_at": self._now,
             **{f"{step}_ms": result.timings.get(step, 0.0) for step in ("decode", "locate", "classify")}}
            for number, result in results
        ])  # fmt: skip
        cells = [
            row
            for number, (_, result) in zip(numbers, results, strict=True)
            for row in self._cell_rows(number, result)
        ]
        if cells:
            self._connection.execute(_ADD_CELLS, cells)

    def _cell_rows(self, analysis: int, result: "FieldResult") -> list[dict[str, Any]]:
        return [
            {"analysis_id": analysis, **_box(cell.box), "score": cell.score,
             "first_class_id": self.classes[cell.first], "first_probability": cell.first_probability,
             "second_class_id": self.classes[cell.second], "second_probability": cell.second_probability,
             "unclassified": cell.unclassified, "counts": cell.counts}
            for cell in result.cells
        ]  # fmt: skip

    def _bundles(self, results: Sequence["FieldResult"]) -> dict[str, int]:
        """Give the id of each bundle that the results name, by hash, making those that are new."""
        names = {result.bundle_sha256: result.bundle for result in results}
        known = self._mapping(_BUNDLES, {"wanted": list(names)})
        new = [
            {"name": names[sha256], "sha256": sha256, "kind": self._bundle.kind, "first_used_at": self._now}
            for sha256 in names
            if sha256 not in known
        ]
        numbers = inserted(self._connection, Bundle, new)
        known |= {str(row["sha256"]): number for row, number in zip(new, numbers, strict=True)}
        self._note_classes(known.get(self._bundle.sha256))
        return known

    def _note_classes(self, bundle: int | None) -> None:
        """Keep what this process' bundle can tell, as far as that is not known yet."""
        if bundle is None or not self._bundle.classes:
            return
        new = {self.classes[name] for name in self._bundle.classes if name in self.classes}
        new -= set(self._connection.execute(_TOLD, {"bundle": bundle}).scalars())
        if new:
            self._connection.execute(
                insert(BundleClass), [{"bundle_id": bundle, "class_id": number} for number in sorted(new)]
            )

    def _mapping(self, statement: Any, given: dict[str, Any] | None = None) -> dict[str, int]:
        return {str(name): int(number) for name, number in self._connection.execute(statement, given or {})}


def inserted(connection: Connection, table: Any, rows: Sequence[dict[str, Any]]) -> list[int]:
    """Insert rows, all with the same columns, and give their ids in the same order."""
    if not rows:
        return []
    return list(connection.execute(_inserting(table), rows).scalars())


@cache
def _inserting(table: Any) -> Any:
    return insert(table).returning(table.id, sort_by_parameter_order=True)


def _box(box: "Box") -> dict[str, float]:
    return {f"box_{side}": value for side, value in box._asdict().items()}
