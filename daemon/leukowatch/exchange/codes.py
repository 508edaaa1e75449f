"""Which code each class is told under.

The five are told by LOINC: by its codes without a method while the result is a machine's pre-count, and by its
codes for a manual count once a person has signed. Each code is the whole class's: where bands were found, the
neutrophils are the segmented ones alone, and go under other codes. A class without a code of LOINC goes under the
site's code and its own name; none is left out.

Every code below was checked by its name: the panels, 30180-4 and 26450-7 on loinc.org (24318-8, version 2.78), and
Wikipedia's "White blood cell differential" (69738-3); the others in published value sets and lists that spell code and
name (26511-6, 26508-2, 26505-8, 26478-8, 26485-3; 23761-0, 737-7, 744-3, 714-6, 707-0; 769-0, 764-1). LOINC's own
table was not at hand.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from leukowatch.differential.reference import BAND, NEUTROPHIL
from leukowatch.differential.result import ClassResult, SlideResult, State

LOINC = "http://loinc.org"
LOCAL = "urn:leukowatch:class"
"""Names of classes and of other numbers, as Leukowatch spells them."""
SITE = "urn:leukowatch:site-code"
"""What the site has written into the table of classes."""
UCUM = "http://unitsofmeasure.org"

PERCENT = "%"
PER_100 = "/100{leukocytes}"
CELLS = "{cells}"
GIGA_PER_LITRE = "10*9/L"


@dataclass(frozen=True, slots=True)
class Code:
    """A code, the system that it is of, and what it means."""

    system: str
    code: str
    display: str


def _pair(automated: str, manual: str, what: str) -> tuple[Code, Code]:
    """Give the code without a method and the one for a manual count."""
    display = f"{what}/100 leukocytes in Blood"
    return Code(LOINC, automated, display), Code(LOINC, manual, f"{display} by Manual count")


WHOLE = {
    NEUTROPHIL: _pair("26511-6", "23761-0", "Neutrophils"),
    "lymphocyte": _pair("26478-8", "737-7", "Lymphocytes"),
    "monocyte": _pair("26485-3", "744-3", "Monocytes"),
    "eosinophil": _pair("26450-7", "714-6", "Eosinophils"),
    "basophil": _pair("30180-4", "707-0", "Basophils"),
}
"""Before and after signing."""
PARTED = {
    NEUTROPHIL: _pair("26505-8", "769-0", "Segmented neutrophils"),
    BAND: _pair("26508-2", "764-1", "Band form neutrophils"),
}
"""In their place where a person has found bands."""
PANEL = (
    Code(LOINC, "69738-3", "Differential panel, method unspecified - Blood"),
    Code(LOINC, "24318-8", "Manual Differential panel - Blood"),
)


def panel_code(state: State) -> Code:
    """Give the code of the whole differential."""
    return PANEL[state is not State.PRELIMINARY]


def codes_of(cell_class: ClassResult, result: SlideResult) -> tuple[Code, ...]:
    """Give a class's codes for its share, the most widely understood first; its own name is always the last."""
    pairs = WHOLE | PARTED if has_bands(result.classes) else WHOLE
    found = []
    if cell_class.name in pairs:
        found.append(pairs[cell_class.name][result.state is not State.PRELIMINARY])
    if cell_class.code:
        found.append(Code(SITE, cell_class.code, cell_class.label))
    return (*found, Code(LOCAL, cell_class.name, cell_class.label))


def has_bands(classes: Iterable[ClassResult]) -> bool:
    """Whether bands were told apart from the segmented neutrophils."""
    return any(each.name == BAND and each.count for each in classes)
