"""The differential of a slide: counts, per cent of counted leucocytes, and their limits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from leukonet.cells import BY_NAME, CellClass, Group, Role
from leukowatch.differential.limits import clopper_pearson


@dataclass(frozen=True, slots=True)
class Share:
    """Part of the counted leucocytes."""

    name: str
    """Name of the class, or of the group."""
    label: str
    """What a person reads."""
    count: int
    """Cells."""
    of: int
    """Counted leucocytes."""

    @property
    def percent(self) -> float | None:
        """Of counted leucocytes, 0 to 100, not rounded; None where there are none."""
        return 100 * self.count / self.of if self.of else None

    @property
    def low(self) -> float:
        """Lower 95% limit, per cent; 0 where there are no leucocytes."""
        return 100 * clopper_pearson(self.count, self.of)[0]

    @property
    def high(self) -> float:
        """Upper 95% limit, per cent; 100 where there are no leucocytes."""
        return 100 * clopper_pearson(self.count, self.of)[1]


@dataclass(frozen=True, slots=True)
class Apart:
    """Cells reported beside the differential."""

    name: str
    label: str
    count: int
    """Cells."""
    per_hundred: float | None
    """Per 100 counted leucocytes, may exceed 100; None where there are none."""


@dataclass(frozen=True, slots=True)
class Differential:
    """A slide's differential count."""

    leucocytes: int
    """Counted cells: what each per cent is of."""
    classes: tuple[Share, ...]
    """The counted classes in the order of reports, those without cells too."""
    polynuclear: Share
    mononuclear: Share
    apart: tuple[Apart, ...]
    """Classes counted apart, in the order of reports."""
    artefacts: int
    """Located things that are no cells; in no per cent."""
    unclassified: int
    """Cells that wait for a person; in no per cent."""


def shown(classes: Iterable[CellClass], counts: Iterable[Mapping[str, int]]) -> tuple[CellClass, ...]:
    """Give the classes that a list of counts has a place for.

    Those that shipped bundles predict are always there; what only people name, where there is such a cell.

    Args:
        classes: every class, in the order of reports.
        counts: class name → cells, of each slide that is shown.
    """
    found = {name for each in counts for name, cells in each.items() if cells}
    return tuple(each for each in classes if each.name in BY_NAME or each.name in found)


def differential(
    counts: Mapping[str, int], classes: Iterable[CellClass], unclassified: int = 0
) -> Differential:
    """Make the differential from the cells of each class.

    Args:
        counts: class name → cells that are not unclassified; absent classes have none.
        classes: every class that can occur, in the order of reports.
        unclassified: cells whose class waits for a person.

    Raises:
        ValueError: a number is negative, or a class that has cells is not among `classes`.
    """
    known = tuple(classes)
    unknown = {name for name, count in counts.items() if count} - {each.name for each in known}
    if unknown or unclassified < 0 or any(count < 0 for count in counts.values()):
        raise ValueError(
            f"these are no counts of the classes at hand: {dict(counts)}, {unclassified} unclassified"
        )
    counted = [each for each in known if each.role is Role.COUNTED]
    total = sum(counts.get(each.name, 0) for each in counted)

    def group(which: Group, label: str) -> Share:
        count = sum(counts.get(each.name, 0) for each in counted if each.group is which)
        return Share(which.value, label, count, total)

    return Differential(
        leucocytes=total,
        classes=tuple(Share(each.name, each.label, counts.get(each.name, 0), total) for each in counted),
        polynuclear=group(Group.POLYNUCLEAR, "Polynuclear"),
        mononuclear=group(Group.MONONUCLEAR, "Mononuclear"),
        apart=tuple(
            _apart(each, counts.get(each.name, 0), total) for each in known if each.role is Role.APART
        ),
        artefacts=sum(counts.get(each.name, 0) for each in known if each.role is Role.NEVER),
        unclassified=unclassified,
    )


def _apart(cell_class: CellClass, count: int, total: int) -> Apart:
    return Apart(cell_class.name, cell_class.label, count, 100 * count / total if total else None)
