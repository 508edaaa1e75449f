"""The site's table of classes: which key names each, whether it is counted, under which code it goes out.

What was signed keeps the classes as they were then: a signature's result is stored whole.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, select, update

from leukonet.cells import LEUCOCYTES, Role
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


@dataclass(frozen=True, slots=True)
class ClassChange:
    """What changes; None stays."""

    key: str | None = None
    role: Role | None = None
    code: str | None = None
    """Empty takes the code away."""


def site_classes(engine: Engine) -> list[ClassRow]:
    """List every class in the order of reports.

    Raises:
        StoreUnavailable: the database cannot be read.
    """
    with reading(engine) as connection:
        return _rows(connection)


def set_class(
    engine: Engine, actor: Actor, name: str, change: ClassChange, now: datetime | None = None
) -> ClassRow:
    """Change a class; unsigned results follow at once, signed ones stay.

    Returns:
        The class as it is then.

    Raises:
        NotFound: there is no such class.
        RequestInvalid: a key or a code is malformed or another class's, the class's role is fixed, or nothing is to
            be changed.
        NotAllowed: the actor's role has not the right `manage`.
        StoreUnavailable: nothing was written.
    """
    wanted = {"key": change.key, "role": change.role, "code": change.code}
    values = {key: value for key, value in wanted.items() if value is not None}
    if not values:
        raise RequestInvalid(f"{name}: say what is to be changed: key, role or code")
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


def _rows(connection: Connection) -> list[ClassRow]:
    columns = (CellClass.name, CellClass.label, CellClass.key, CellClass.role, CellClass.code)
    found = connection.execute(select(*columns).order_by(CellClass.id))
    return [ClassRow(row.name, row.label, row.key, Role(row.role), row.code) for row in found]
