"""The `leukowatch` command, put together from the modules of `leukowatch.commands`."""

import os
import sys

import typer

from leukonet.errors import LeukonetError
from leukowatch.commands import (
    archive,
    classes,
    exchanging,
    mending,
    people,
    reading,
    reviewing,
    running,
    schema,
    trail,
    upkeep,
)
from leukowatch.commands.options import common
from leukowatch.errors import LeukowatchError

app = typer.Typer(
    name="leukowatch",
    help="Counts white cells on blood-smear images dropped into a folder. Research use only.",
    epilog="Typical: leukowatch run  ·  leukowatch slides  ·  leukowatch report SLIDE-17  ·  "
    "leukowatch field SLIDE-17/field-003.jpg --png figure.png  ·  leukowatch doctor",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.callback()(common)
app.add_typer(schema.database, name="db")
app.add_typer(exchanging.outbox, name="outbox")
app.add_typer(exchanging.worklist, name="worklist")
app.add_typer(people.users, name="user")
app.add_typer(classes.classes, name="classes")
app.add_typer(people.tokens, name="token")
app.add_typer(trail.audit, name="audit")
for command in (
    *(running.run, running.scan, running.console, running.worker),
    reviewing.review,
    *(reading.slides, reading.report, reading.field),
    exchanging.export,
    *(mending.requeue, mending.set_aside, mending.reassign),
    *(upkeep.pause, upkeep.resume, upkeep.backup, upkeep.restore, upkeep.prune),
    *(archive.reanalyse, archive.compare, archive.promote, archive.rollback),
    *(reading.doctor, reading.settings),
):
    app.command()(command)


def main() -> None:
    """Run the command; an error of ours is one line on standard error and its own exit code."""
    _open_standard_streams()
    try:
        app()
    except (LeukowatchError, LeukonetError) as error:
        typer.echo(f"leukowatch: {error}", err=True)
        sys.exit(error.exit_code)


def _open_standard_streams() -> None:
    """Fill the place of a closed stream with nothing: the next file or pipe would take its number, and its output."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
