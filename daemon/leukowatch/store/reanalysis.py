"""Fields looked at once more by another bundle: what is still to be done, and the results beside the old ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, Select, func, select

from leukowatch.errors import NotFound
from leukowatch.store.analyses import Analyses, BundleRef
from leukowatch.store.queries import SHORTEST_HASH, reading
from leukowatch.store.tables import Analysis, Arrival, Bundle, Field, Slide
from leukowatch.store.writing import utc, writing

if TYPE_CHECKING:
    from leukonet.result import FieldResult

PAGE = 1000
"""Fields listed at once: an archive of millions does not go through memory."""


@dataclass(frozen=True, slots=True)
class Archived:
    """A field whose image is in this home's archive."""

    field_id: int
    file: str
    """Printable path below the inbox, as it came."""
    sha256: str
    destination: bytes
    """Raw path below the home."""


def how_many_to_look_at(engine: Engine, sha256: str, home: str, slides: Sequence[str]) -> int:
    """Count this home's fields that no bundle of this hash has looked at.

    Args and errors: as `to_look_at`.
    """
    with reading(engine) as connection:
        wanted = _unseen(connection, sha256, home, slides).subquery()
        return int(connection.execute(select(func.count()).select_from(wanted)).scalar_one())


def to_look_at(
    engine: Engine, sha256: str, home: str, slides: Sequence[str], after: int = 0
) -> list[Archived]:
    """List this home's fields that no bundle of this hash has looked at, oldest first, at most `PAGE`.

    Images that were pruned for their age cannot be looked at, and are left out.

    Args:
        engine: to read from.
        sha256: the bundle's.
        home: as `Arrival.home`.
        slides: names; none for all.
        after: id of the last field of the page before.

    Raises:
        NotFound: there is no slide of one of the names.
        StoreUnavailable: the database cannot be read.
    """
    with reading(engine) as connection:
        page = (
            _unseen(connection, sha256, home, slides).where(Field.id > after).order_by(Field.id).limit(PAGE)
        )
        rows = connection.execute(page)
        return [Archived(row.id, row.printable, row.sha256, row.destination) for row in rows]


def _unseen(connection: Connection, sha256: str, home: str, slides: Sequence[str]) -> Select[Any]:
    done = (
        select(Analysis.id)
        .join(Bundle, Bundle.id == Analysis.bundle_id)
        .where(Analysis.field_id == Field.id, Bundle.sha256 == sha256)
        .exists()
    )
    columns: tuple[Any, ...] = (Field.id, Arrival.printable, Field.sha256, Arrival.destination)
    wanted = (
        select(*columns)
        .join(Arrival, Arrival.id == Field.arrival_id)
        .where(Arrival.home == home, Arrival.destination.is_not(None), Arrival.pruned_at.is_(None), ~done)
    )
    if not slides:  # an archive may have more of them than a statement may have parameters
        return wanted
    return wanted.where(Field.slide_id.in_(slide_numbers(connection, slides)))


def record_again(engine: Engine, bundle: BundleRef, results: Sequence[tuple[int, "FieldResult"]]) -> int:
    """Keep results beside the current ones, in one transaction; what another run kept meanwhile stays.

    Args:
        engine: of `open_writer`.
        bundle: that made them.
        results: each `(field's id, result)`.

    Returns:
        How many were new.

    Raises:
        StoreUnavailable: nothing was written.
    """
    numbers = [number for number, _ in results]
    with writing(engine) as connection:
        connection.execute(select(Field.id).where(Field.id.in_(numbers)).order_by(Field.id).with_for_update())
        done: set[int] = set(connection.execute(_done(bundle.sha256, numbers)).scalars())
        new = [(number, result) for number, result in results if number not in done]
        Analyses(connection, bundle, utc()).write(new, current=False)
    return len(new)


def _done(sha256: str, fields: Sequence[int]) -> Select[Any]:
    return (
        select(Analysis.field_id)
        .join(Bundle, Bundle.id == Analysis.bundle_id)
        .where(Bundle.sha256 == sha256, Analysis.field_id.in_(fields))
    )


def slide_numbers(connection: Connection, names: Sequence[str]) -> list[int]:
    """Give the ids of the slides of these names, in that order; of every slide where none is named.

    Raises:
        NotFound: there is none of one of the names.
    """
    known = {
        row.name: row.id for row in connection.execute(select(Slide.name, Slide.id).order_by(Slide.name))
    }
    for name in names:
        if name not in known:
            raise NotFound(f"{name}: there is no such slide; `leukowatch slides` lists them")
    return [known[name] for name in names or known]


def used_bundle(connection: Connection, name: str) -> Bundle:
    """Find a bundle that has looked at fields here, by its name or the first digits of its hash.

    Raises:
        NotFound: there is none, or there are several.
    """
    columns = (Bundle.id, Bundle.name, Bundle.sha256, Bundle.kind)
    rule = Bundle.name == name
    if len(name) >= SHORTEST_HASH:
        rule = rule | Bundle.sha256.startswith(name.lower(), autoescape=True)
    found = connection.execute(select(*columns).where(rule)).all()
    if not found:
        raise NotFound(
            f"{name}: no such bundle has looked at a field here; `leukowatch reanalyse` has it look"
        )
    if len(found) > 1:
        hashes = ", ".join(row.sha256[:12] for row in found)
        raise NotFound(
            f"{name}: {len(found)} bundles are called so; give the first digits of one's hash: {hashes}"
        )
    return Bundle(id=found[0].id, name=found[0].name, sha256=found[0].sha256, kind=found[0].kind)
