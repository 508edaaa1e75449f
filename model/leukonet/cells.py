"""The classes of cell that a bundle can name, and how each enters the differential."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a class does to the count."""

    COUNTED = "counted"
    """A leucocyte of the five-part differential: part of every per cent."""
    APART = "apart"
    """Reported beside the differential, per 100 counted leucocytes."""
    NEVER = "never"
    """No cell at all: shown, never counted."""


class Group(StrEnum):
    """The paper's two groups of leucocyte; empty for what belongs to neither."""

    POLYNUCLEAR = "polynuclear"
    MONONUCLEAR = "mononuclear"
    NONE = ""


@dataclass(frozen=True, slots=True)
class CellClass:
    """One class of cell."""

    name: str
    """Identifier used in bundles, tables and reports: lower case, underscores."""
    label: str
    """What a person reads."""
    key: str
    """One letter that selects the class on a keyboard; unique."""
    role: Role
    group: Group


CELL_CLASSES = (
    CellClass("neutrophil", "Neutrophil", "n", Role.COUNTED, Group.POLYNUCLEAR),
    CellClass("eosinophil", "Eosinophil", "e", Role.COUNTED, Group.POLYNUCLEAR),
    CellClass("basophil", "Basophil", "b", Role.COUNTED, Group.POLYNUCLEAR),
    CellClass("lymphocyte", "Lymphocyte", "l", Role.COUNTED, Group.MONONUCLEAR),
    CellClass("monocyte", "Monocyte", "m", Role.COUNTED, Group.MONONUCLEAR),
    CellClass("immature_granulocyte", "Immature granulocyte", "i", Role.APART, Group.NONE),
    CellClass("erythroblast", "Erythroblast", "r", Role.APART, Group.NONE),
    CellClass("artefact", "Artefact", "a", Role.NEVER, Group.NONE),
)
"""Every class that a shipped bundle may predict, in the order of reports and of the classifier's outputs."""

BY_NAME = {cell_class.name: cell_class for cell_class in CELL_CLASSES}
CLASS_NAMES = tuple(BY_NAME)
LEUCOCYTES = tuple(c.name for c in CELL_CLASSES if c.role is Role.COUNTED)
"""The five counted classes."""
PAPER_CLASSES = ("neutrophil", "eosinophil", "lymphocyte", "monocyte")
"""The four classes of the paper's network, in the order of its outputs."""
