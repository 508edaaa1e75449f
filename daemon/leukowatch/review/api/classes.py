"""The site's classes."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Path
from pydantic import Field

from leukonet.cells import Role
from leukowatch.review.asking import Called
from leukowatch.review.house import Housed
from leukowatch.store.classes import FIXED, KEPT, ClassChange, ClassRow, add_class, set_class, site_classes

ClassName = Annotated[str, Path(alias="name", max_length=64)]
Key = Annotated[str, Field(max_length=10)]
Code = Annotated[str, Field(max_length=100)]
Label = Annotated[str, Field(max_length=200)]


@dataclass(frozen=True, slots=True)
class ClassAnswer:
    """A class that people may give a cell."""

    name: str
    label: str
    key: str
    """The letter or digit that selects it."""
    role: Role
    code: str
    """The site's, for exchange; may be empty."""
    retired: bool
    """Given to no further cell; cells that have it keep it."""
    fixed: bool
    """Whether its role is what it is and cannot be changed."""
    kept: bool
    """Whether it cannot be retired."""


@dataclass(frozen=True, slots=True)
class ClassList:
    """Every class, in the order of reports."""

    classes: list[ClassAnswer]


@dataclass(frozen=True, slots=True)
class NewClass:
    """A class beyond what bundles predict."""

    name: Annotated[str, Field(max_length=200)]
    """Lower case, digits and underscores, as exports spell it."""
    label: Label
    """What a person reads."""
    key: Key
    role: Role
    code: Code = ""


@dataclass(frozen=True, slots=True)
class ClassAsked:
    """What changes of a class; what is left out stays."""

    key: Key | None = None
    role: Role | None = None
    code: Code | None = None
    """Empty takes the code away."""
    retired: bool | None = None


def classes(house: Housed) -> ClassList:
    """Every class that people have given a cell or may give one."""
    return ClassList([_told(row) for row in site_classes(house.reader)])


def new_class(asked: NewClass, house: Housed, caller: Called) -> ClassAnswer:
    """Add a class, at the end of reports."""
    row = ClassRow(asked.name, asked.label, asked.key, asked.role, asked.code)
    return _told(add_class(house.writer, caller.actor, row, house.now))


def change_class(name: ClassName, asked: ClassAsked, house: Housed, caller: Called) -> ClassAnswer:
    """Change a class's key, role or code, retire it or put it to use again; what was signed stays as it was signed."""
    change = ClassChange(asked.key, asked.role, asked.code, asked.retired)
    return _told(set_class(house.writer, caller.actor, name, change, house.now))


def _told(row: ClassRow) -> ClassAnswer:
    return ClassAnswer(
        row.name, row.label, row.key, row.role, row.code, row.retired, row.name in FIXED, row.name in KEPT
    )
