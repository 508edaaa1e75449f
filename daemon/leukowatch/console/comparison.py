"""The table of `leukowatch compare`."""

from collections.abc import Sequence

from rich.table import Table

from leukowatch.differential.comparison import SlideComparison


def comparison_table(compared: Sequence[SlideComparison]) -> Table:
    """Make a row a slide, and a last one that tells how many slides' flags change."""
    changed = sum(bool(each.flags) for each in compared)
    table = Table(caption=f"{len(compared)} slides, {changed} of which would change a mark or warning")
    table.add_column("slide")
    for head in ("fields", "to do", "cells", "agreement", "kappa", "gone", "new"):
        table.add_column(head, justify="right")
    table.add_column("would change")
    for each in compared:
        share = f"{100 * each.agreed / each.cells:.1f}%" if each.cells else "-"
        kappa = "-" if each.kappa is None else f"{each.kappa:.2f}"
        numbers = (each.fields, each.missing, each.cells, share, kappa, each.gone, each.new)
        table.add_row(each.slide, *map(str, numbers), "\n".join(each.flags))
    return table
