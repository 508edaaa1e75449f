"""How the live view looks: a head, the newest slide in full, the slides before it, the last problems."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from leukonet.cells import CellClass, Role
from leukowatch.console.shares import RESEARCH, Bar, limits, local, per_hundred, percent, rounded, short
from leukowatch.console.snapshot import MINUTE, Snapshot
from leukowatch.differential.counts import Differential, Share, differential
from leukowatch.differential.rules import FEWEST
from leukowatch.store.rows import Problem, SlideRow

_FRAME = 2
"""Lines that a list takes beside its rows: a rule and a head."""


@dataclass(frozen=True, slots=True)
class Screen:
    """What is shown; printing it makes it fit the console's height and width."""

    home: Path
    now: datetime
    """Aware."""
    snapshot: Snapshot | None
    """None where the database was never read."""
    waiting: int | None
    """Files in the inbox; None where it could not be listed."""
    troubles: tuple[str, ...]
    """Sentences on what cannot be read."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the head and the newest slide, then as many slides and problems as there is room for."""
        upper = Group(*self._upper())
        yield upper
        if self.snapshot is None:
            return
        spare = options.max_height - len(console.render_lines(upper, options, pad=False))
        problems = self.snapshot.problems[: max(1, spare // 3 - _FRAME)]
        if problems:
            spare -= len(problems) + _FRAME
        others = self.snapshot.slides[1 : max(1, spare - _FRAME + 1)]
        if others:
            yield Rule(style="dim")
            yield _others(others, self.snapshot)
        if problems:
            yield Rule(style="dim")
            yield _problems(problems)

    def _upper(self) -> Iterator[RenderableType]:
        yield self._head()
        for trouble in self.troubles:
            yield Text(trouble, "bold red")
        if self.snapshot is None:
            return
        yield Rule(style="dim")
        if self.snapshot.slides:
            yield from _newest(self.snapshot.slides[0], self.snapshot.classes)
        else:
            yield Text("no slides yet: drop images into the inbox, one folder a slide")

    def _head(self) -> RenderableType:
        grid = Table.grid(expand=True, padding=(0, 1))
        grid.add_column(no_wrap=True, ratio=1)
        grid.add_column(no_wrap=True, justify="right")
        title = Text.assemble(("Leukowatch", "bold"), f"  {RESEARCH}")
        grid.add_row(title, local(self.now, "%Y-%m-%d %H:%M:%S"))
        bundle = self.snapshot.bundle if self.snapshot else ""
        grid.add_row(Text(str(self.home)), Text(f"bundle {bundle}" if bundle else ""))
        speed = (
            f"{self.snapshot.fields_per_second:.1f} fields/s over the last {MINUTE:.0f} s"
            if self.snapshot
            else ""
        )
        waiting = "" if self.waiting is None else f"files waiting in the inbox: {self.waiting}"
        grid.add_row(Text(speed), Text(waiting))
        return grid


def _newest(slide: SlideRow, classes: tuple[CellClass, ...]) -> Iterator[RenderableType]:
    """Draw a slide in full."""
    counted = differential(slide.counts, classes, slide.unclassified)
    title = Table.grid(expand=True, padding=(0, 1))
    title.add_column(no_wrap=True, ratio=1)
    title.add_column(no_wrap=True, justify="right")
    title.add_row(Text(slide.name, "bold"), f"fields: {slide.fields}  cells counted: {counted.leucocytes}")
    yield title
    yield _shares(counted)
    yield Text("per 100: " + ", ".join(map(per_hundred, counted.apart)), no_wrap=True, overflow="ellipsis")
    yield Text(_beside(slide, counted), no_wrap=True, overflow="ellipsis")
    remarks = [f"flagged {flag}" for flag in slide.flags]
    if counted.leucocytes < FEWEST:
        remarks.append(f"fewer than {FEWEST} cells")
    if remarks:
        yield Text(", ".join(remarks), "yellow", no_wrap=True, overflow="ellipsis")


def _shares(counted: Differential) -> Table:
    grid = Table.grid(expand=True, padding=(0, 2))
    grid.add_column(no_wrap=True, min_width=12)
    for width in (6, 5, 12):
        grid.add_column(no_wrap=True, justify="right", min_width=width)
    grid.add_column(ratio=1)

    def add(share: Share, style: str = "") -> None:
        between = f"({limits(share)})" if share.percent is not None else ""
        grid.add_row(Text(share.label), str(share.count), percent(share), between, Bar(share), style=style)

    for share in counted.classes:
        add(share)
    add(counted.polynuclear, "bold")
    add(counted.mononuclear, "bold")
    return grid


def _beside(slide: SlideRow, counted: Differential) -> str:
    return (
        f"unclassified {counted.unclassified}, artefacts {counted.artefacts}; not assessable "
        f"{slide.not_assessable}, duplicates {slide.duplicates}, quarantined {slide.quarantined}"
    )


def _others(slides: tuple[SlideRow, ...], snapshot: Snapshot) -> Table:
    """List slides, a line each."""
    grid = Table(box=None, expand=True, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
    beyond = len(snapshot.slides) - 1 - len(slides) + snapshot.more
    grid.add_column(f"slides (+{beyond})" if beyond else "slides", no_wrap=True, ratio=1)
    for head in ("fields", "cells"):
        grid.add_column(head, justify="right", no_wrap=True)
    for each in snapshot.classes:
        if each.role is Role.COUNTED:
            grid.add_column(Text(f"{short(each.label)} %"), no_wrap=True, justify="right")
    grid.add_column("uncl.", justify="right", no_wrap=True)
    for slide in slides:
        counted = differential(slide.counts, snapshot.classes, slide.unclassified)
        grid.add_row(
            Text(slide.name), str(slide.fields), str(counted.leucocytes),
            *map(rounded, counted.classes), str(slide.unclassified),
        )  # fmt: skip
    return grid


def _problems(problems: tuple[Problem, ...]) -> Table:
    """List problems, a line each."""
    grid = Table(box=None, expand=True, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
    grid.add_column("last problems", no_wrap=True)
    grid.add_column("kind", no_wrap=True)
    for head, ratio in (("slide", 2), ("file", 3), ("detail", 6)):
        grid.add_column(head, no_wrap=True, ratio=ratio)
    for problem in problems:
        file = problem.file.removeprefix(f"{problem.slide}/")
        grid.add_row(
            local(problem.at, "%m-%d %H:%M:%S"), Text(problem.kind, "yellow"), Text(problem.slide),
            Text(file), Text(problem.detail),
        )  # fmt: skip
    return grid
