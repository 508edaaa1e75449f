"""Commands that keep a service going: pause, copies of the database, the archive's age."""

from pathlib import Path
from typing import Annotated

import typer

from leukowatch.commands.options import HomeOption, settings_of


def pause(home: HomeOption = None) -> None:
    """Leave what comes in the inbox for now, as the microscope's computer is needed; `resume` goes on."""
    from leukowatch.inbox.gate import set_paused

    set_paused(settings_of(home).home, paused=True)
    typer.echo("paused: what is in hand is finished, what comes waits in the inbox")


def resume(home: HomeOption = None) -> None:
    """Go on after `pause`."""
    from leukowatch.inbox.gate import set_paused

    set_paused(settings_of(home).home, paused=False)
    typer.echo("files are taken again")


def backup(
    to: Annotated[
        Path, typer.Argument(help="A new file, or a folder, where it gets a name by date and time.")
    ],
    home: HomeOption = None,
) -> None:
    """Copy the database, beside a running service too, and prove the copy; images are not in it."""
    from leukowatch.service.backup import back_up

    made = back_up(settings_of(home), to)
    typer.echo(f"{made.path}: sound, schema {made.revision}, {made.told()}")


def restore(
    source: Annotated[Path, typer.Argument(metavar="FROM", help="A copy that `backup` made.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without this it is only told.")] = False,
    home: HomeOption = None,
) -> None:
    """Put a copy in the database's place, and files that it does not know back into the inbox."""
    from leukowatch.service.restore import restore as put_back

    for line in put_back(settings_of(home), source, really=yes):
        typer.echo(line)


def prune(
    older_than: Annotated[str, typer.Option(help="Days since the file was taken, as 90d.")],
    slide: Annotated[list[str] | None, typer.Option(help="Only this slide; may be given again.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without this it is only told.")] = False,
    home: HomeOption = None,
) -> None:
    """Delete old images of signed slides from the archive; their counts, cells and rows stay."""
    from leukowatch.service.prune import prune as delete

    for line in delete(settings_of(home), older_than, slide or [], really=yes):
        typer.echo(line)
