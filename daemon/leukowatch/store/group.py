"""Records one group of outcomes inside the ledger's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, insert, select

from leukowatch.store.outcome import Outcome, Received, Status
from leukowatch.store.recounting import count_in
from leukowatch.store.review_tables import BundleClass
from leukowatch.store.slides import DUPLICATE_ELSEWHERE, add_flags, slide_ids
from leukowatch.store.soundness import storable
from leukowatch.store.tables import Analysis, Arrival, Bundle, Cell, CellClass, Field, Slide

if TYPE_CHECKING:
    from leukonet.result import Box, FieldResult

_IDENTITY = (Arrival.relative, Arrival.device, Arrival.inode, Arrival.size, Arrival.mtime_ns, Arrival.sha256)
"""What tells that a file taken again is the same one."""
_UNFILED = select(Arrival.id, *_IDENTITY).where(
    Arrival.home == bindparam("of"),
    Arrival.filed_at.is_(None),
    Arrival.relative.in_(bindparam("wanted", expanding=True)),
)
_ORIGINALS = (
    select(Field.sha256, Field.arrival_id, Arrival.printable, Field.slide_id, Slide.name)
    .join(Arrival, Arrival.id == Field.arrival_id)
    .join(Slide, Slide.id == Field.slide_id)
    .where(Field.sha256.in_(bindparam("wanted", expanding=True)))
)
_CLASSES = select(CellClass.name, CellClass.id)
_BUNDLES = select(Bundle.sha256, Bundle.id).where(Bundle.sha256.in_(bindparam("wanted", expanding=True)))
_TOLD = select(BundleClass.class_id).where(BundleClass.bundle_id == bindparam("bundle"))
"""Statements are made once: making them anew was most of what a small group cost."""


@dataclass(frozen=True, slots=True)
class BundleRef:
    """What the ledger keeps of a bundle."""

    name: str
    sha256: str
    """Of its manifest, 64 hexadecimal digits."""
    kind: str
    """`locate-classify` or `field`."""
    classes: tuple[str, ...] = ()
    """Names of the classes that it can tell."""


@dataclass(frozen=True, slots=True)
class _Original:
    """A content's field, as a duplicate needs to know it."""

    arrival_id: int
    printable: str
    slide_id: int
    slide: str


class Group:
    """One transaction's work: looks up what is known, then writes table by table."""

    def __init__(self, connection: Connection, bundle: BundleRef, now: datetime, home: str = "") -> None:
        self._connection = connection
        self._bundle = bundle
        self._now = now
        self._home = home
        self._classes = self._mapping(_CLASSES)

    def record(self, outcomes: Sequence[Outcome]) -> list[int]:
        """Write the outcomes.

        Returns:
            The id of each outcome's arrival, in the same order.
        """
        sound = [storable(outcome, self._classes) for outcome in outcomes]
        places = self._still_unfiled(sound)
        fresh: dict[tuple[Any, ...], Outcome] = {}
        for each in sound:
            if _identity(each.received) not in places:
                fresh.setdefault(_identity(each.received), each)
        first, repeated = _split(list(fresh.values()), self._originals(sound))
        slides = slide_ids(self._connection, _slides([*first, *repeated]), self._now)

        written = self._write_arrivals(first, [_arrival_row(each, slides) for each in first])
        places |= written
        fields = self._write_fields([each for each in first if each.result is not None], places, slides)

        originals = self._originals(repeated)
        rows = [_duplicate_row(each, slides, originals) for each in repeated]
        again = self._write_arrivals(repeated, rows)
        self._flag_elsewhere([each.received for each in repeated], slides, originals)
        count_in(self._connection, fields, [*written.values(), *again.values()])
        places |= again
        return [places[_identity(each.received)] for each in sound]

    def _still_unfiled(self, outcomes: Sequence[Outcome]) -> dict[tuple[Any, ...], int]:
        """Find the files that are recorded and wait for their move: identity → arrival's id."""
        wanted = [outcome.received.relative for outcome in outcomes]
        rows = self._connection.execute(_UNFILED, {"of": self._home, "wanted": wanted})
        return {tuple(row[1:]): row.id for row in rows}

    def _write_arrivals(
        self, outcomes: Sequence[Outcome], rows: Sequence[dict[str, Any]]
    ) -> dict[tuple[Any, ...], int]:
        numbers = self._insert(Arrival, [row | {"home": self._home} for row in rows])
        return {_identity(each.received): number for each, number in zip(outcomes, numbers, strict=True)}

    def _originals(self, outcomes: Sequence[Outcome]) -> dict[str, _Original]:
        """Find the fields that have the group's contents, by hash."""
        wanted = {outcome.received.sha256 for outcome in outcomes if outcome.result is not None}
        if not wanted:
            return {}
        rows = self._connection.execute(_ORIGINALS, {"wanted": list(wanted)})
        return {row[0]: _Original(*row[1:]) for row in rows}

    def _write_fields(
        self, outcomes: Sequence[Outcome], places: dict[tuple[Any, ...], int], slides: dict[str, int]
    ) -> list[int]:
        """Write fields, their first analyses and cells, of outcomes whose arrivals are written; give their ids."""
        pairs = [
            (places[_identity(each.received)], each.received, each.result) for each in outcomes if each.result
        ]
        bundles = self._bundles([result for _, _, result in pairs])
        numbers = self._insert(Field, [
            {"arrival_id": number, "slide_id": slides[received.slide], "sha256": received.sha256,
             "width": result.width, "height": result.height}
            for number, received, result in pairs
        ])  # fmt: skip
        self._write_analyses(
            [(number, result) for number, (_, _, result) in zip(numbers, pairs, strict=True)], bundles
        )
        return numbers

    def record_again(self, results: Sequence[tuple[int, "FieldResult"]]) -> None:
        """Write further analyses, each `(field's id, result)`, beside those that are current."""
        self._write_analyses(results, self._bundles([result for _, result in results]), current=False)

    def _write_analyses(
        self, results: Sequence[tuple[int, "FieldResult"]], bundles: dict[str, int], *, current: bool = True
    ) -> None:
        analyses = self._insert(Analysis, [
            {"field_id": number, "bundle_id": bundles[result.bundle_sha256], "is_current": current,
             "assessable": result.assessable, "reason": result.reason, "analysed_at": self._now,
             **{f"{step}_ms": result.timings.get(step, 0.0) for step in ("decode", "locate", "classify")}}
            for number, result in results
        ])  # fmt: skip
        cells = [
            row
            for number, (_, result) in zip(analyses, results, strict=True)
            for row in self._cell_rows(number, result)
        ]
        if cells:
            self._connection.execute(insert(Cell), cells)

    def _cell_rows(self, analysis: int, result: "FieldResult") -> list[dict[str, Any]]:
        return [
            {"analysis_id": analysis, **_box(cell.box), "score": cell.score,
             "first_class_id": self._classes[cell.first], "first_probability": cell.first_probability,
             "second_class_id": self._classes[cell.second], "second_probability": cell.second_probability,
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
        numbers = self._insert(Bundle, new)
        known |= {str(row["sha256"]): number for row, number in zip(new, numbers, strict=True)}
        self._note_classes(known.get(self._bundle.sha256))
        return known

    def _note_classes(self, bundle: int | None) -> None:
        """Keep what this daemon's bundle can tell, as far as that is not known yet."""
        if bundle is None or not self._bundle.classes:
            return
        new = {self._classes[name] for name in self._bundle.classes if name in self._classes}
        new -= set(self._connection.execute(_TOLD, {"bundle": bundle}).scalars())
        if new:
            self._connection.execute(
                insert(BundleClass), [{"bundle_id": bundle, "class_id": number} for number in sorted(new)]
            )

    def _flag_elsewhere(
        self, repeated: Sequence[Received], slides: dict[str, int], originals: dict[str, _Original]
    ) -> None:
        """Flag both slides of each content that came under two."""
        flags = []
        for received in repeated:
            original = originals[str(received.sha256)]
            if original.slide_id == slides[received.slide]:
                continue
            said = f"{received.printable} (slide {received.slide}) has the same content as"
            detail = f"{said} {original.printable} (slide {original.slide}), which is the one counted"
            flags += [
                (slide, DUPLICATE_ELSEWHERE, detail) for slide in (original.slide_id, slides[received.slide])
            ]
        add_flags(self._connection, flags, self._now)

    def _insert(self, table: Any, rows: Sequence[dict[str, Any]]) -> list[int]:
        """Insert rows and give their ids in the same order."""
        if not rows:
            return []
        return list(self._connection.execute(_inserting(table), rows).scalars())

    def _mapping(self, statement: Any, given: dict[str, Any] | None = None) -> dict[str, int]:
        return {str(name): int(number) for name, number in self._connection.execute(statement, given or {})}


@cache
def _inserting(table: Any) -> Any:
    return insert(table).returning(table.id, sort_by_parameter_order=True)


def _box(box: "Box") -> dict[str, float]:
    return {f"box_{side}": value for side, value in box._asdict().items()}


def _identity(received: Received) -> tuple[Any, ...]:
    return tuple(getattr(received, column.key) for column in _IDENTITY)


def _slides(outcomes: Sequence[Outcome]) -> dict[str, bool]:
    """Name the group's slides; one is unassigned only where every file of it came so."""
    named: dict[str, bool] = {}
    for outcome in outcomes:
        file = outcome.received
        named[file.slide] = named.get(file.slide, True) and file.unassigned
    return named


def _split(
    outcomes: Sequence[Outcome], originals: dict[str, _Original]
) -> tuple[list[Outcome], list[Outcome]]:
    """Part the outcomes into the first of each content, with what is quarantined, and the repeated."""
    seen: set[str | None] = set(originals)
    first, repeated = [], []
    for outcome in outcomes:
        if outcome.result is None:
            first.append(outcome)
        elif outcome.received.sha256 in seen:
            repeated.append(outcome)
        else:
            first.append(outcome)
            seen.add(outcome.received.sha256)
    return first, repeated


def _arrival_row(outcome: Outcome, slides: dict[str, int]) -> dict[str, Any]:
    received, result = outcome.received, outcome.result
    if result is None:
        status, reason = Status.QUARANTINED, outcome.reason
    else:
        status = Status.COUNTED if result.assessable else Status.NOT_ASSESSABLE
        reason = result.reason
    return {
        "slide_id": slides[received.slide], "relative": received.relative, "printable": received.printable,
        "sha256": received.sha256, "size": received.size, "device": received.device, "inode": received.inode,
        "mtime_ns": received.mtime_ns, "received_at": received.received_at,
        "status": status.value, "reason": reason, "detail": outcome.detail, "duplicate_of_id": None,
    }  # fmt: skip


def _duplicate_row(
    outcome: Outcome, slides: dict[str, int], originals: dict[str, _Original]
) -> dict[str, Any]:
    original = originals[str(outcome.received.sha256)]
    row = _arrival_row(replace(outcome, result=None, reason="", detail=""), slides)
    return row | {"status": Status.DUPLICATE.value, "duplicate_of_id": original.arrival_id}
