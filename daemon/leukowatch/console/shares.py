"""How numbers are written wherever a person reads them: per cents, limits, names, bars."""

from datetime import datetime

from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.text import Text

from leukonet.cells import BY_NAME
from leukowatch.differential.counts import Apart, Share

RESEARCH = "research use only"
NOTHING = "-"
"""Stands where there is no number."""
_SHORT = 6


def percent(share: Share) -> str:
    """Write the per cent with one decimal."""
    return NOTHING if share.percent is None else f"{share.percent:.1f}"


def limits(share: Share) -> str:
    """Write the 95% limits in per cent with one decimal, as in `49.0-67.1`."""
    return NOTHING if share.percent is None else f"{share.low:.1f}-{share.high:.1f}"


def rounded(share: Share) -> Text:
    """Write per cent and limits without decimals, as in `58 49-67`, the limits dimmed."""
    if share.percent is None:
        return Text(NOTHING)
    return Text.assemble(f"{share.percent:.0f} ", (f"{share.low:.0f}-{share.high:.0f}", "dim"))


def per_hundred(apart: Apart) -> str:
    """Write how many there are per 100 leucocytes, and the number."""
    ratio = NOTHING if apart.per_hundred is None else f"{apart.per_hundred:.1f}"
    return f"{apart.label.lower()}s {ratio} ({apart.count})"


class Bar:
    """The per cent drawn as far as the place is wide; in plain ASCII where the terminal has no more."""

    def __init__(self, share: Share) -> None:
        self._percent = share.percent or 0.0

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it."""
        mark = "=" if options.ascii_only else "━"
        yield Segment(mark * round(options.max_width * self._percent / 100), console.get_style("cyan"))


def short(label: str) -> str:
    """Cut a class's label for the head of a narrow column, as in `Neutr.`."""
    return label if len(label) <= _SHORT else f"{label[: _SHORT - 1]}."


def label_of(name: str) -> str:
    """Label of a class for people; its name where no bundle of ours predicts it."""
    return BY_NAME[name].label if name in BY_NAME else name


def local(moment: datetime | None, layout: str = "%Y-%m-%d %H:%M") -> str:
    """Write an aware moment in local time."""
    return NOTHING if moment is None else moment.astimezone().strftime(layout)
