"""The site's table of classes: which key names each, whether it is counted, under which code it goes out.

A site adds classes beyond what bundles predict, and retires them: none is ever deleted, as cells have it. What was
signed keeps the classes as they were then: a signature's result is stored whole.
"""

import re
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Engine, insert, select, update

from leukonet.cells import BY_NAME, LEUCOCYTES, Role
from leukowatch.errors import NotFound, RequestInvalid
from leukowatch.store import audit
from leukowatch.store.queries import reading
from leukowatch.store.rights import Act, Actor, acting
from leukowatch.store.tables import CellClass
from leukowatch.store.writing import utc, writing

FIXED: dict[str, Role] = dict.fromkeys(LEUCOCYTES, Role.COUNTED) | {
    "erythroblast": Role.APART,
    "artefact": Role.NEVER,
}
"""What these do to the count is what they are: the five parts, the cells that the count is corrected for, no cell."""
BLAST = "blast"
KEPT = frozenset((*BY_NAME, BLAST))
"""Bundles predict these, or a rule of signing rests on them: they cannot be retired."""
RESERVED = frozenset((
    "unclassified", "leucocytes", "artefacts", "corrected_leucocytes", "polynuclear", "mononuclear", "report", "cells",
    "low", "high", "absolute",
))  # fmt: skip
"""What pages and exports call something else."""
LONGEST_LABEL = 40
"""Characters; longer ones fit no table."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_KEY = re.compile(r"[a-z0-9]")
_CODE = re.compile(r"([A-Za-z0-9][A-Za-z0-9._:/-]{0,31})?")
"""Nothing that HL7 or a spreadsheet reads as more than text."""


@dataclass(frozen=True, slots=True)
class ClassRow:
    """A class as the site has it."""

    name: str
    label: str
    key: str
    """The letter or digit that selects it."""
    role: Role
    code: str
    """The site's, for exchange; may be empty."""
    retired: bool = False
    """Given to no further cell."""


@dataclass(frozen=True, slots=True)
class ClassChange:
    """What changes; None stays."""

    key: str | None = None
    role: Role | None = None
    code: str | None = None
    """Empty takes the code away."""
    retired: bool | None = None


def site_classes(engine: Engine) -> list[ClassRow]:
    """List every class in the order of reports.

    Raises:
        StoreUnavailable: the database cannot be read.
    """
    with reading(engine) as connection:
        return _rows(connection)


def add_class(engine: Engine, actor: Actor, new: ClassRow, now: datetime | None = None) -> ClassRow:
    """Add a class, at the end of reports; people can give it to cells at once.

    Args:
        engine: of `open_writer`.
        actor: who adds it.
        new: its name lower case, digits and underscores, as bundles, tables and exports spell it; not retired.
        now: aware; the time, where it is not given.

    Returns:
        The class as it is then.

    Raises:
        RequestInvalid: name or label is malformed or another class's, or as `set_class`.
        NotAllowed, StoreUnavailable: as `set_class`.
    """
    moment, row = utc(now), replace(new, label=" ".join(new.label.split()))
    with writing(engine) as connection:
        acting(connection, actor, Act.MANAGE)
        others = _rows(connection)
        _judge_names(row, others)
        _judge(row, ClassChange(row.key, row.role, row.code, row.retired), others)
        connection.execute(insert(CellClass).values(**asdict(row)))
        after = {key: value for key, value in asdict(row).items() if key not in ("name", "retired")}
        audit.record(connection, moment, actor.name, "add class", f"class {row.name}", after=after)
        return row


def set_class(
    engine: Engine, actor: Actor, name: str, change: ClassChange, now: datetime | None = None
) -> ClassRow:
    """Change a class; unsigned results follow at once, signed ones stay.

    Returns:
        The class as it is then.

    Raises:
        NotFound: there is no such class.
        RequestInvalid: a key or a code is malformed or another class's, the class's role is fixed, it cannot be
            retired, or nothing is to be changed.
        NotAllowed: the actor's role has not the right `manage`.
        StoreUnavailable: nothing was written.
    """
    values = {key: value for key, value in asdict(change).items() if value is not None}
    if not values:
        raise RequestInvalid(f"{name}: say what is to be changed: key, role, code or retired")
    moment = utc(now)
    with writing(engine) as connection:
        acting(connection, actor, Act.MANAGE)
        rows = {row.name: row for row in _rows(connection)}
        if name not in rows:
            raise NotFound(f"{name}: there is no such class; there are {', '.join(rows)}")
        own = rows.pop(name)
        _judge(own, change, list(rows.values()))
        before = {key: getattr(own, key) for key in values}
        if before != values:
            connection.execute(update(CellClass).where(CellClass.name == name).values(**values))
            audit.record(
                connection, moment, actor.name, "set class", f"class {name}", before=before, after=values
            )
        return next(row for row in _rows(connection) if row.name == name)


def _judge_names(new: ClassRow, others: list[ClassRow]) -> None:
    """Refuse a name or a label that would be malformed or ambiguous."""
    if not _NAME.fullmatch(new.name) or new.name in RESERVED:
        raise RequestInvalid(
            f"{new.name!r} is no name for a class: a lower-case letter, then such letters, digits and _ , at most 64 "
            f"in all, and none of {', '.join(sorted(RESERVED))}"
        )
    if not (new.label.isprintable() and 1 <= len(new.label) <= LONGEST_LABEL):
        raise RequestInvalid(
            f"{new.name}: {new.label!r} is no label: 1 to {LONGEST_LABEL} printable characters"
        )
    for other in others:
        if new.name == other.name:
            again = "; it is retired: put it to use again" if other.retired else ""
            raise RequestInvalid(f"{new.name}: there is a class of this name{again}")
        if new.label.casefold() == other.label.casefold():
            raise RequestInvalid(f"{new.name}: the label {new.label} is {other.name}'s")


def _judge(own: ClassRow, change: ClassChange, others: list[ClassRow]) -> None:
    """Refuse what would make classes ambiguous, or the count wrong."""
    if change.key is not None:
        if not _KEY.fullmatch(change.key):
            raise RequestInvalid(f"{own.name}: {change.key!r} is no key: one lower-case letter or digit")
        if holder := next((row.name for row in others if row.key == change.key), None):
            raise RequestInvalid(f"{own.name}: the key {change.key} is {holder}'s; give that another first")
    if change.code is not None:
        if not _CODE.fullmatch(change.code):
            raise RequestInvalid(
                f"{own.name}: {change.code!r} is no code: 1 to 32 letters, digits and . _ : / - , a letter or "
                "digit first"
            )
        if holder := next((row.name for row in others if change.code and row.code == change.code), None):
            raise RequestInvalid(f"{own.name}: the code {change.code} is {holder}'s; give that another first")
    if change.role is not None and change.role != FIXED.get(own.name, change.role):
        raise RequestInvalid(f"{own.name}: is {own.role} by what it is, and cannot be {change.role}")
    if own.name == BLAST and change.role is Role.NEVER:
        raise RequestInvalid(f"{own.name}: is told with every result, and cannot be {change.role}")
    if change.retired and own.name in KEPT:
        raise RequestInvalid(
            f"{own.name}: bundles predict it or signing rests on it, and it cannot be retired"
        )


def _rows(connection: Connection) -> list[ClassRow]:
    columns = (
        CellClass.name,
        CellClass.label,
        CellClass.key,
        CellClass.role,
        CellClass.code,
        CellClass.retired,
    )
    found = connection.execute(select(*columns).order_by(CellClass.id))
    return [ClassRow(row.name, row.label, row.key, Role(row.role), row.code, row.retired) for row in found]
