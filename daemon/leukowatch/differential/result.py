"""One slide's result as it leaves the house: what a report, an export and another system are told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """How far a person has answered for a result."""

    PRELIMINARY = "preliminary"
    """Nobody has signed."""
    FINAL = "final"
    AMENDED = "amended"
    """Signed anew after it had been signed before."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What is usual, in one unit."""

    low: float
    high: float
    unit: str
    """UCUM: `%`."""


@dataclass(frozen=True, slots=True)
class ClassResult:
    """One class of a slide's result; classes without cells are told too."""

    name: str
    label: str
    """What a person reads."""
    role: str
    """`counted` (in the per cents) or `apart` (per 100 leucocytes)."""
    code: str
    """The site's code, or empty; LOINC codes of the five are the exchange's own."""
    count: int
    """Cells."""
    percent: float | None
    """Of counted leucocytes, 0 to 100, or per 100 leucocytes for `apart`; None without leucocytes."""
    low: float | None
    """Lower exact 95% limit, per cent; None for `apart`, and without leucocytes."""
    high: float | None
    """Upper exact 95% limit, per cent."""
    reference: Reference | None
    """Of the per cent; None where the site gives none."""
    flag: str
    """`H`, `L` or empty: the per cent lies above or below its reference."""
    absolute: float | None
    """10^9 cells a litre, where an external leucocyte count is given."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the laboratory's worklist tells about a slide, else the order that the slide's name tells."""

    order_id: str
    age_years: float | None
    sex: str
    """`female`, `male` or empty."""
    leucocytes: float | None
    """External leucocyte count, 10^9 a litre."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A person who answered for the result."""

    who: str
    role: str
    kind: str
    """`sign`, `second` or `amend`."""
    at: datetime
    """UTC."""
    comment: str
    """Of `amend`, the reason."""
    seal: str
    """Hash of its row in the audit trail, 64 hexadecimal digits: printed with a report, it lets
    `leukowatch audit verify --seal` prove that the trail was not cut off."""


@dataclass(frozen=True, slots=True)
class SlideResult:
    """Everything that is told about one slide."""

    slide: str
    state: State
    version: int
    """1 for the first signature, one more for each amendment; 0 while preliminary."""
    made_at: datetime
    """UTC: of the signature, or of the reading while preliminary."""
    order: Order | None
    """None where neither the worklist nor the slide's name tells it."""
    leucocytes: int
    """Counted cells: what each per cent is of."""
    target: int
    """Cells that the site wants counted: 100 or 200."""
    classes: tuple[ClassResult, ...]
    """Every counted class and every class counted apart, in the order of reports."""
    unclassified: int
    artefacts: int
    fields: int
    """Assessable fields."""
    corrected_leucocytes: float | None
    """External leucocyte count less erythroblasts, 10^9 a litre."""
    warnings: tuple[str, ...]
    """Sentences for people: fewer than 100 cells, left shift, blasts, ..."""
    blind_to: tuple[str, ...]
    """Labels of classes that people name and the bundles cannot."""
    reference_source: str
    """Where the reference ranges come from, and whether the shipped ones were used."""
    bundles: Mapping[str, str]
    """Name → SHA-256 of the manifest."""
    signatures: tuple[Signature, ...]
    """In the order of signing; empty while preliminary."""
