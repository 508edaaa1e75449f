"""What every format says in the same words."""

from leukowatch.differential.result import ClassResult, SlideResult, State

NOTE = "Research use only. Not for diagnosis, not for a patient's record."
SOFTWARE = "Leukowatch"
APART = "apart"
"""Role of a class that is reported per 100 leucocytes, outside the per cents."""
_UNSIGNED = {
    State.PRELIMINARY: "PRELIMINARY: nobody has signed this result",
    State.FINAL: "Final",
    State.AMENDED: "Amended",
}


def heading(result: SlideResult) -> str:
    """Say in words how far the result is answered for."""
    told = _UNSIGNED[result.state]
    return f"{told}, version {result.version}" if result.version else told


def bundles(result: SlideResult) -> list[str]:
    """Name each bundle with its manifest's SHA-256."""
    return [f"{name} sha256:{sha256}" for name, sha256 in result.bundles.items()]


def remarks(result: SlideResult) -> list[str]:
    """List the sentences that go with a result: the note first, then what is to be heeded, then its origin."""
    told = [NOTE, f"{heading(result)}.", *result.warnings]
    if result.blind_to:
        told.append(f"The bundle cannot tell: {', '.join(result.blind_to)}.")
    told.append(
        f"Leucocytes counted: {result.leucocytes} of {result.target} wanted; fields: {result.fields}."
    )
    told.append(f"Cells unclassified: {result.unclassified}; artefacts: {result.artefacts}.")
    if result.reference_source:
        told.append(f"Reference ranges: {result.reference_source}.")
    told.append(f"Bundles: {', '.join(bundles(result)) or 'none'}.")
    return told


def limits(cell_class: ClassResult) -> str:
    """Write the exact 95% limits in per cent, as in `49.0 to 67.1`; empty where there are none."""
    if cell_class.low is None or cell_class.high is None:
        return ""
    return f"{cell_class.low:.1f} to {cell_class.high:.1f}"


def usual(cell_class: ClassResult) -> str:
    """Write the reference range, as in `40-75`; empty where there is none."""
    reference = cell_class.reference
    return f"{reference.low:g}-{reference.high:g}" if reference else ""
