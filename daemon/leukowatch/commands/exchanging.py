"""Commands that hand results out, and take the laboratory's orders in."""

import getpass
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from leukowatch.commands.options import HomeOption, settings_of

outbox = typer.Typer(help="Signed results on their way to other systems.", no_args_is_help=True)
worklist = typer.Typer(help="Which slide is of which order.", no_args_is_help=True)


class Format(StrEnum):
    """What a result can be written as."""

    CSV = "csv"
    JSON = "json"
    FHIR = "fhir"
    HL7 = "hl7"
    PDF = "pdf"


class Rows(StrEnum):
    """What a row of the CSV is about."""

    SLIDES = "slides"
    CELLS = "cells"


def export(
    slides: Annotated[list[str], typer.Argument(help="Names of slides, as `leukowatch slides` shows them.")],
    form: Annotated[Format, typer.Option("--format", help="What to write.")],
    rows: Annotated[
        Rows, typer.Option(help="Of the CSV: a row for each slide, or for each cell.")
    ] = Rows.SLIDES,
    home: HomeOption = None,
) -> None:
    """Write slides' results to standard output; preliminary until they are signed."""
    from leukowatch.errors import RequestInvalid
    from leukowatch.exchange.exporting import exported

    if rows is Rows.CELLS and form is not Format.CSV:
        raise typer.BadParameter("--rows cells is of --format csv")
    if form is Format.PDF and sys.stdout.isatty():
        raise RequestInvalid("a PDF is nothing for a terminal: write it to a file, as in ... > report.pdf")
    data = exported(settings_of(home), list(dict.fromkeys(slides)), form, cells=rows is Rows.CELLS)
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


@outbox.command("list")
def list_outbox(
    everything: Annotated[bool, typer.Option("--all", help="What was sent, too.")] = False,
    home: HomeOption = None,
) -> None:
    """List the messages that wait or failed, oldest first."""
    from rich.console import Console

    from leukowatch.exchange.listing import outbox_table
    from leukowatch.store.opened import reader
    from leukowatch.store.outbox import SENT, messages

    settings = settings_of(home)
    with reader(settings) as engine:
        found = [each for each in messages(engine) if everything or each.state != SENT]
    Console().print(outbox_table(found, settings.exchange.targets))


@outbox.command()
def retry(
    message: Annotated[int, typer.Argument(help="Number of a failed message, as `outbox list` shows it.")],
    home: HomeOption = None,
) -> None:
    """Let a message that failed wait again."""
    from leukowatch.exchange.exporting import let_retry

    told = let_retry(settings_of(home), message)
    typer.echo(f"{message} waits again: {told.slide}, version {told.version}, to {told.target}")


@outbox.command()
def send(home: HomeOption = None) -> None:
    """Send now what is due, as `leukowatch review` does by itself; code 20 where messages are left."""
    from leukowatch.console.logs import configure_logs, is_read_along
    from leukowatch.exchange.exporting import send_now

    settings = settings_of(home)
    configure_logs(settings.service.log_level, is_read_along())
    typer.echo(f"{send_now(settings)} messages sent")


@worklist.command("import")
def import_worklist(
    file: Annotated[Path, typer.Argument(help="CSV with the columns order_id, slide, age, sex, leucocytes.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="In place of the whole list, not on top of it.")
    ] = False,
    home: HomeOption = None,
) -> None:
    """Take the laboratory's orders from a CSV file, all of them or none; errors name the line."""
    from leukowatch.errors import RequestInvalid
    from leukowatch.exchange.orders import read_worklist
    from leukowatch.store.opened import writer
    from leukowatch.store.rights import operator
    from leukowatch.store.worklist import record_worklist

    try:
        rows = read_worklist(file.read_bytes(), str(file))
    except OSError as error:
        raise RequestInvalid(f"{file}: {error.strerror or error}") from error
    with writer(settings_of(home)) as engine:
        taken = record_worklist(engine, operator(getpass.getuser()), rows, replace=replace)
    typer.echo(f"{taken} orders taken")


@worklist.command("list")
def list_worklist(home: HomeOption = None) -> None:
    """List the orders with their slides, the orders without, and the slides without an order."""
    from rich.console import Console

    from leukowatch.exchange.listing import worklist_table
    from leukowatch.store.matching import matched
    from leukowatch.store.opened import reader

    settings = settings_of(home)
    with reader(settings) as engine:
        lines, without = matched(engine)
    Console().print(worklist_table(lines, without, settings.exchange.order_pattern))
