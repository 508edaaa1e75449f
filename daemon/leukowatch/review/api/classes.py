"""The site's classes."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Path
from pydantic import Field

from leukonet.cells import Role
from leukowatch.review.asking import Called
from leukowatch.review.house import Housed
from leukowatch.store.classes import FIXED, ClassChange, ClassRow, set_class, site_classes

ClassName = Annotated[str, Path(alias="name", max_length=64)]


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
    fixed: bool
    """Whether its role is what it is and cannot be changed."""


@dataclass(frozen=True, slots=True)
class ClassList:
    """Every class, in the order of reports."""

    classes: list[ClassAnswer]


@dataclass(frozen=True, slots=True)
class ClassAsked:
    """What changes of a class; what is left out stays."""

    key: Annotated[str, Field(max_length=10)] | None = None
    role: Role | None = None
    code: Annotated[str, Field(max_length=100)] | None = None
    """Empty takes the code away."""


def classes(house: Housed) -> ClassList:
    """Every class that people may give a cell."""
    return ClassList([_told(row) for row in site_classes(house.reader)])


def change_class(name: ClassName, asked: ClassAsked, house: Housed, caller: Called) -> ClassAnswer:
    """Change a class's key, role or code; what was signed stays as it was signed."""
    change = ClassChange(asked.key, asked.role, asked.code)
    return _told(set_class(house.writer, caller.actor, name, change, house.now))


def _told(row: ClassRow) -> ClassAnswer:
    return ClassAnswer(row.name, row.label, row.key, row.role, row.code, row.name in FIXED)
