"""What a haematologist concludes from counts: corrected leucocytes, left shift, and what a reader must know."""

from collections.abc import Mapping
from dataclasses import dataclass

from leukowatch.store.classes import BLAST

FEWEST = 100
"""A differential of fewer leucocytes says so."""
BANDS = 10.0
"""Per cent of leucocytes: more are a left shift. The consensus of ACCP and SCCM, Bone et al., Chest 101 (1992) 1644;
checked as BMC Infectious Diseases 14:155 (2014), table 2, tells it: "> 10% immature forms"."""
METAMYELOCYTES = 2.0
"""Per 100 leucocytes: more are a left shift; also immature granulocytes that nobody named more exactly. Meant
to be those of the International Consensus Group for Hematology Review (Barnes et al., Laboratory Hematology 11 (2005)
83); that this guideline exists was checked (islh.org), its numbers could not be."""
MYELOCYTES = 1.0
"""Per 100 leucocytes, together with promyelocytes: as many are a left shift. The same source, as little checked."""


def corrected_leucocytes(external: float, erythroblasts: int, leucocytes: int) -> float | None:
    """Take the erythroblasts out of a count that took them for leucocytes.

    `external * 100 / (100 + erythroblasts per 100 leucocytes)`; checked as medicalalgorithms.com ("Correction of WBC
    for Nucleated Red Blood Cells") and best-lab.org print it. These correct from 5 on; here every one is taken out.

    Args:
        external: the count of nucleated cells, 10^9 a litre.
        erythroblasts: cells found.
        leucocytes: cells counted beside them.

    Returns:
        10^9 a litre; None where no leucocyte was counted.
    """
    if not leucocytes:
        return None
    return external * leucocytes / (leucocytes + erythroblasts)


def left_shift(counts: Mapping[str, int], leucocytes: int) -> bool:
    """Whether immature granulocytes are more than usual.

    Args:
        counts: class → cells; absent classes have none.
        leucocytes: counted cells, what the thresholds are of.
    """
    if not leucocytes:
        return False

    def per_hundred(*names: str) -> float:
        return 100 * sum(counts.get(name, 0) for name in names) / leucocytes

    return (
        per_hundred("band") > BANDS
        or per_hundred("metamyelocyte", "immature_granulocyte") > METAMYELOCYTES
        or per_hundred("myelocyte", "promyelocyte") >= MYELOCYTES
    )


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that a reader of a result must know."""

    word: str
    """What a list says; empty where its columns tell the same."""
    sentence: str
    """What a report says."""


def remarks(
    counts: Mapping[str, int], leucocytes: int, target: int, unclassified: int, quarantined: int,
    set_aside: int = 0,
) -> tuple[Remark, ...]:  # fmt: skip
    """Tell what a reader of the result must know.

    Args:
        counts: class → cells; absent classes have none.
        leucocytes: counted cells.
        target: cells that the site wants counted.
        unclassified: cells that wait for a person.
        quarantined: files of the slide that could not be counted, and with which nobody has dealt.
        set_aside: such files that a supervisor has judged unusable.
    """
    blasts = counts.get(BLAST, 0)
    few = Remark(
        f"fewer than {FEWEST} cells", f"Fewer than {FEWEST} leucocytes were counted: the limits are wide."
    )
    held = Remark(
        f"{quarantined} in quarantine", f"Files of this slide in quarantine, not counted: {quarantined}."
    )
    shifted = Remark("left shift", "Left shift: immature granulocytes or bands are increased.")
    said = {
        few: leucocytes < FEWEST,
        Remark("", f"The target of {target} leucocytes is not reached."): FEWEST <= leucocytes < target,
        Remark(f"blasts: {blasts}", f"Blasts were found: {blasts}."): blasts > 0,
        shifted: left_shift(counts, leucocytes),
        Remark("", f"Cells without a class, in no per cent: {unclassified}."): unclassified > 0,
        held: quarantined > 0,
        Remark("", f"Files of this slide set aside as unusable, not counted: {set_aside}."): set_aside > 0,
    }
    return tuple(remark for remark, holds in said.items() if holds)
