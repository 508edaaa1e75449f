"""The list of slides and one slide's report, as people read them on a terminal or on paper."""

from collections.abc import Collection, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from leukonet.cells import Role
from leukowatch.console.report import CONFIDENCE, METHOD, SlideReport
from leukowatch.console.shares import NOTHING, RESEARCH, limits, local, percent, short
from leukowatch.differential.counts import Share, shown
from leukowatch.differential.listing import Line, Listing
from leukowatch.differential.rules import FEWEST

HASH_DIGITS = 12
"""Digits of a bundle's hash that people are shown."""


def slides_table(found: Listing) -> Table:
    """Make the list of slides: state and flags, fields, cells, per class the per cent with its 95% limits beneath."""
    names = {each.name for each in shown(found.classes, (line.slide.counts for line in found.lines))}
    heads = [short(each.label) for each in found.classes if each.name in names and each.role is Role.COUNTED]
    head, figures = _set_in_columns(
        ["Fields", "Cells", *heads, "Uncl."], [_figures(line, names) for line in found.lines]
    )
    beyond = (
        f"{len(found.lines)} of {found.total} slides (--limit); " if len(found.lines) < found.total else ""
    )
    table = Table(
        box=None,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        caption=f"{beyond}per cent of counted cells, their 95% limits beneath; {RESEARCH}",
        caption_justify="left",
    )
    table.add_column("Slide", overflow="fold")
    table.add_column(head, no_wrap=True)
    for line, text in zip(found.lines, figures, strict=True):
        table.add_row(_name_over_remarks(line), text)
    return table


def _name_over_remarks(line: Line) -> Text:
    words = [
        local(line.slide.last_received),
        line.life.value,
        *([f"order {line.order}"] if line.order else []),
    ]
    flags = Text("\n" + ", ".join(line.flags), "yellow") if line.flags else Text()
    return Text(line.slide.name + "\n") + Text(", ".join(words), "dim") + flags


def _figures(line: Line, names: Collection[str]) -> tuple[list[str], list[str]]:
    """A slide's figures, and what stands beneath each."""
    shares = [share for share in line.counted.classes if share.name in names]
    over = [str(line.slide.fields), str(line.counted.leucocytes), *map(percent, shares)]
    beneath = ["" if share.percent is None else f"{share.low:.0f}-{share.high:.0f}" for share in shares]
    return [*over, str(line.slide.unclassified)], ["", "", *beneath, ""]


def _set_in_columns(
    heads: Sequence[str], rows: Sequence[tuple[list[str], list[str]]]
) -> tuple[Text, list[Text]]:
    """Align figures to the right, as one text a row: to lay out each by itself took most of the list's time."""
    lines = [line for row in rows for line in row]
    widths = [max(map(len, column)) for column in zip(heads, *lines, strict=True)]

    def aligned(words: Sequence[str]) -> str:
        return " ".join(word.rjust(width) for word, width in zip(words, widths, strict=True))

    texts = [Text.assemble(aligned(over), "\n", (aligned(beneath), "dim")) for over, beneath in rows]
    return Text(aligned(heads)), texts


def report_text(report: SlideReport, console: Console) -> None:
    """Print a slide's report.

    Args:
        report: of `build_report`.
        console: to print on; names are shown literally.
    """
    console.print(Text(report.slide.name, "bold"))
    console.print(_facts(report))
    console.print(_shares(report))
    console.print(_beside(report))
    console.print(
        Text(
            f"Limits: exact {CONFIDENCE}% limits of the share among counted leucocytes ({METHOD}). "
            f"{RESEARCH.capitalize()}.",
            "dim",
        )
    )


def _facts(report: SlideReport) -> Table:
    """Say in lines of name and value where the numbers come from."""
    slide = report.slide
    files = f"files: {slide.duplicates} duplicates, {slide.quarantined} quarantined"
    rows = [
        ("Note", f"{RESEARCH}; not for diagnosis"),
        ("Status", _status(report)),
        ("Last file", local(slide.last_received)),
        ("Fields", f"{slide.fields} assessable, {slide.not_assessable} not assessable; {files}"),
    ]
    rows += [
        ("Bundle", f"{used.name}, sha256 {used.sha256[:HASH_DIGITS]}, fields: {used.fields}")
        for used in report.bundles
    ]
    if slide.unassigned:
        rows.append(("Slide", "unassigned: neither a folder nor a pattern named it"))
    if slide.flags:
        rows.append(("Flags", ", ".join(slide.flags)))
    if report.few:
        told = f"fewer than {FEWEST} cells counted ({report.differential.leucocytes}): the limits are wide"
        rows.append(("Warning", told))
    table = Table.grid(padding=(0, 2))
    for name, value in rows:
        table.add_row(name, Text(value, "bold" if name in {"Warning", "Flags"} else ""))
    return table


def _status(report: SlideReport) -> str:
    if report.status == "empty":
        return "no leucocyte counted"
    waiting = report.differential.unclassified
    told = "unreviewed: counted by the networks alone" if report.status == "unreviewed" else report.status
    return f"{told}; cells that wait for a person: {waiting}" if waiting else told


def _shares(report: SlideReport) -> Table:
    counted = report.differential
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 2))
    table.add_column("Class")
    for head in ("Cells", "Per cent", f"{CONFIDENCE}% limits"):
        table.add_column(head, justify="right", no_wrap=True)

    def add(share: Share) -> None:
        table.add_row(Text(share.label), str(share.count), percent(share), limits(share))

    for share in counted.classes:
        add(share)
    table.add_section()
    add(counted.polynuclear)
    add(counted.mononuclear)
    table.add_section()
    table.add_row("Counted leucocytes", str(counted.leucocytes))
    return table


def _beside(report: SlideReport) -> Table:
    """List what is in no per cent."""
    counted = report.differential
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 2))
    table.add_column("Beside the differential")
    for head in ("Cells", "Per 100 leucocytes"):
        table.add_column(head, justify="right", no_wrap=True)
    for each in counted.apart:
        ratio = NOTHING if each.per_hundred is None else f"{each.per_hundred:.1f}"
        table.add_row(Text(each.label), str(each.count), ratio)
    table.add_row("Unclassified", str(counted.unclassified))
    table.add_row("Artefacts", str(counted.artefacts))
    return table
