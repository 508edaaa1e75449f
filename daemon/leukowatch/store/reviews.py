"""What people decide about cells; appended, never changed, each act told to the audit in the same transaction.

An act is about one slide and any number of its cells, and is undone as one. The last decision that stands says
which class a cell has. A second look is an independent count: its decisions change no result.
"""

from collections.abc import Sequence
from datetime import datetime
from math import isfinite
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, insert, select

from leukowatch.errors import NotFound, RequestInvalid, ReviewRefused
from leukowatch.store import audit
from leukowatch.store.cell_states import CellState, class_id, class_ids, key_of, states
from leukowatch.store.opinions import key_in, opinions_of, stands
from leukowatch.store.recounting import recounting
from leukowatch.store.review_tables import Decision
from leukowatch.store.rights import Act, Actor, account_of, acting
from leukowatch.store.slides import slide_number
from leukowatch.store.tables import Field
from leukowatch.store.writing import utc, writing

DIGESTED = ("field_id", "cell_id", "added_id", "kind", "class_id", "box_xmin", "box_ymin", "box_xmax", "box_ymax",
            "undoes_id", "second_look", "account_id", "at")  # fmt: skip
"""What of a decision its audit row vouches for."""
Corners = tuple[float, float, float, float]
"""`xmin, ymin, xmax, ymax`, pixels of the upright field."""


def classify(
    engine: Engine, actor: Actor, slide: str, keys: Sequence[str], name: str, *,
    second_look: bool = False, now: datetime | None = None,
) -> tuple[str, ...]:  # fmt: skip
    """Give cells a class; `artefact` takes them out of the count.

    Args:
        engine: of `open_writer`.
        actor: the person.
        slide: the slide's name.
        keys: of its cells, as `ReviewCell.key` tells them; one at least.
        name: of a class of the table.
        second_look: whether this belongs to the person's independent count.
        now: aware; the time, where it is not given.

    Returns:
        The keys, each once.

    Raises:
        NotAllowed: the actor's role has not the right `review`.
        NotFound: there is no such slide, or no such cell on it.
        RequestInvalid: no cell is named, or there is no such class.
        StoreUnavailable: nothing was written.
    """
    with writing(engine) as connection:
        acting(connection, actor, Act.REVIEW)
        slide_id = slide_number(connection, slide)
        chosen = _chosen(states(connection, slide_id), keys, slide)
        number = class_id(connection, name)
        rows = [_about(state, "classify", number, second_look=second_look) for state in chosen]
        before = _named(connection, slide_id, actor, chosen, second_look=second_look)
        after = {"cells": dict.fromkeys(before, name)}
        _append(connection, actor, slide, rows, utc(now), before=before, after=after)
        return tuple(before)


def mark_seen(
    engine: Engine, actor: Actor, slide: str, keys: Sequence[str], *,
    second_look: bool = False, now: datetime | None = None,
) -> tuple[str, ...]:  # fmt: skip
    """Confirm the class that cells have: the person has looked, and it is right.

    In a second look the confirmed class is the person's own, else the bundle's. Arguments as `classify`.

    Returns:
        The keys, each once.

    Raises:
        ReviewRefused: a cell has no class yet: it is to be classified.
        NotAllowed, NotFound, RequestInvalid, StoreUnavailable: as `classify`.
    """
    with writing(engine) as connection:
        acting(connection, actor, Act.REVIEW)
        slide_id = slide_number(connection, slide)
        chosen = _chosen(states(connection, slide_id), keys, slide)
        before = _named(connection, slide_id, actor, chosen, second_look=second_look)
        waiting = [key for key, name in before.items() if name is None]
        if waiting:
            raise ReviewRefused(f"{slide}: {len(waiting)} of these cells have no class yet: classify them")
        numbers = class_ids(connection)
        rows = [
            _about(state, "seen", numbers[str(before[state.key])], second_look=second_look)
            for state in chosen
        ]
        _append(connection, actor, slide, rows, utc(now), before=None, after={"cells": before})
        return tuple(before)


def add_cell(
    engine: Engine, actor: Actor, slide: str, field_id: int, corners: Corners, name: str, *,
    now: datetime | None = None,
) -> str:  # fmt: skip
    """Add a cell that the bundle missed.

    Args:
        engine: of `open_writer`.
        actor: the person.
        slide: the slide's name.
        field_id: of a field of it.
        corners: of the cell's box; what lies outside the field is cut off.
        name: of a class of the table.
        now: aware; the time, where it is not given.

    Returns:
        The new cell's key.

    Raises:
        RequestInvalid: the box encloses nothing of the field, or there is no such class.
        NotFound: there is no such slide, or no such field on it.
        NotAllowed, StoreUnavailable: as `classify`.
    """
    with writing(engine) as connection:
        acting(connection, actor, Act.REVIEW)
        slide_number(connection, slide)
        row = {
            "field_id": field_id, "kind": "add", "class_id": class_id(connection, name), "second_look": False,
            **_inside(connection, slide, field_id, corners),
        }  # fmt: skip
        (number,) = _append(connection, actor, slide, [row], utc(now), before=None, after={"class": name})
        return key_of(None, number)


def undo(engine: Engine, actor: Actor, slide: str, *, now: datetime | None = None) -> tuple[str, ...]:
    """Take back the actor's last act on a slide that still stands, with all its cells.

    Returns:
        The keys of the cells that it was about; a cell that was added is gone.

    Raises:
        ReviewRefused: no act of this person on this slide stands.
        NotAllowed, NotFound, StoreUnavailable: as `classify`.
    """
    with writing(engine) as connection:
        acting(connection, actor, Act.REVIEW)
        standing = _last_act(connection, slide_number(connection, slide), account_of(actor))
        if not standing:
            raise ReviewRefused(f"{slide}: nothing of {actor.name} is left to undo")
        names = {number: name for name, number in class_ids(connection).items()}
        keys = [key_in(row) for row in standing]
        before = {key: names[row.class_id] for key, row in zip(keys, standing, strict=True)}
        rows = [
            {
                "field_id": row.field_id, "cell_id": row.cell_id, "added_id": row.added_id, "kind": "undo",
                "undoes_id": row.id, "second_look": row.second_look,
            }
            for row in standing
        ]  # fmt: skip
        _append(
            connection, actor, slide, rows, utc(now), before=before, after={"undoes": standing[0].audit_id}
        )
        return tuple(keys)


def _chosen(known: dict[str, CellState], keys: Sequence[str], slide: str) -> list[CellState]:
    """Give the cells that are meant, each once."""
    if not keys:
        raise RequestInvalid(f"{slide}: no cell is named")
    absent = [key for key in keys if key not in known]
    if absent:
        raise NotFound(f"{slide}: has no cell {absent[0]}; load the slide anew")
    return [known[key] for key in dict.fromkeys(keys)]


def _named(
    connection: Connection, slide_id: int, actor: Actor, chosen: Sequence[CellState], *, second_look: bool
) -> dict[str, str | None]:
    """Tell the class that each cell has now; in a second look, the one that it has for this person."""
    if not second_look:
        return {state.key: state.name for state in chosen}
    own = opinions_of(connection, slide_id, account_of(actor))
    return {state.key: own[state.key] for state in chosen}


def _about(state: CellState, kind: str, number: int, *, second_look: bool) -> dict[str, Any]:
    return {
        "field_id": state.field_id, "cell_id": state.cell_id, "added_id": state.added_id, "kind": kind,
        "class_id": number, "second_look": second_look,
    }  # fmt: skip


def _inside(connection: Connection, slide: str, field_id: int, corners: Corners) -> dict[str, float]:
    """Cut a box to its field."""
    field = connection.execute(
        select(Field.width, Field.height, Field.slide_id).where(Field.id == field_id)
    ).first()
    if field is None or field.slide_id != slide_number(connection, slide):
        raise NotFound(f"{slide}: has no field {field_id}; load the slide anew")
    xmin, ymin, xmax, ymax = corners
    sides = max(0, xmin), max(0, ymin), min(field.width, xmax), min(field.height, ymax)
    box = tuple(map(float, sides))
    if not (all(map(isfinite, corners)) and box[0] < box[2] and box[1] < box[3]):
        raise RequestInvalid(f"a box {corners} encloses nothing of {field.width} x {field.height} pixels")
    return dict(zip(("box_xmin", "box_ymin", "box_xmax", "box_ymax"), box, strict=True))


def _last_act(connection: Connection, slide_id: int, account: int) -> Sequence[Row[Any]]:
    """Find the decisions of a person's last act on a slide that is not undone."""
    theirs = Decision.account_id == account, Decision.kind != "undo", stands()
    last = connection.execute(
        select(func.max(Decision.audit_id))
        .join(Field, Field.id == Decision.field_id)
        .where(Field.slide_id == slide_id, *theirs)
    ).scalar()
    columns = (getattr(Decision, name) for name in ("id", "audit_id", *DIGESTED))
    return connection.execute(
        select(*columns).where(Decision.audit_id == last, *theirs).order_by(Decision.id)
    ).all()


def _append(
    connection: Connection, actor: Actor, slide: str, rows: Sequence[dict[str, Any]], now: datetime, *,
    before: Any, after: dict[str, Any],
) -> list[int]:  # fmt: skip
    """Tell the audit, with a digest of the decisions, then append them; give their ids."""
    account = account_of(actor)
    whole: list[dict[str, Any]] = [
        dict.fromkeys(DIGESTED) | row | {"account_id": account, "at": now} for row in rows
    ]
    kind, second = whole[0]["kind"], whole[0]["second_look"]
    after |= {"decisions": digest_of(whole)} | ({"second_look": True} if second else {})
    with recounting(connection, {row["field_id"] for row in whole}):
        told = audit.record(connection, now, actor.name, kind, f"slide {slide}", before=before, after=after)
        statement = insert(Decision).returning(Decision.id, sort_by_parameter_order=True)
        full = [row | {"audit_id": told.id} for row in whole]
        return list(connection.execute(statement, full).scalars())


def digest_of(rows: Sequence[dict[str, Any]]) -> str:
    """SHA-256 of decisions in their order, as the audit keeps it."""
    return audit.digest([[row[name] for name in DIGESTED] for row in rows])
