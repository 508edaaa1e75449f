"""The outbox and the worklist as tables for a terminal."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from leukowatch.store.outbox import SENT, Message
from leukowatch.store.worklist import WorklistRow, order_in

NO_SLIDE = "no slide yet"
NO_ORDER = "no order"


def outbox_table(messages: Sequence[Message], targets: Sequence[str]) -> Table:
    """Lay out messages; one whose target is set no more says so."""
    columns = ("number", "slide", "version", "to", "state", "tries", "next try or sent, UTC", "last error")
    table = Table(*columns, title="Outbox")
    for each in messages:
        when = each.sent_at if each.state == SENT else each.next_try_at
        target = each.target if each.target in targets else f"{each.target} (not set)"
        table.add_row(
            str(each.id), Text(each.slide), str(each.version), target, each.state, str(each.attempts),
            f"{when:%Y-%m-%d %H:%M:%S}", Text(each.last_error),
        )  # fmt: skip
    return table


def worklist_table(
    lines: Sequence[tuple[WorklistRow, tuple[str, ...]]], without: Sequence[str], pattern: str
) -> Table:
    """Lay out orders with their slides, then the slides that no line names, with the order in their name if any."""
    table = Table("order", "slide", "age", "sex", "leucocytes, 10^9/L", "named as", title="Worklist")
    for row, slides in lines:
        age = "" if row.age_years is None else f"{row.age_years:g}"
        count = "" if row.leucocytes is None else f"{row.leucocytes:g}"
        for slide in slides or (NO_SLIDE,):
            table.add_row(Text(row.order_id), Text(slide), age, row.sex, count, Text(row.slide))
    for slide in without:
        table.add_row(Text(order_in(slide, pattern) or NO_ORDER), Text(slide), "", "", "", "")
    return table
