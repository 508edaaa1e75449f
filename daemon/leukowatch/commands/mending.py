"""Commands that put right what went wrong with a file or a folder."""

from typing import Annotated

import typer

from leukowatch.commands.options import HomeOption, settings_of


def requeue(
    files: Annotated[
        list[str] | None, typer.Argument(help="Quarantined files, as `field_status` shows them.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every file in quarantine.")] = False,
    home: HomeOption = None,
) -> None:
    """Put quarantined files back into the inbox, to be taken once more."""
    from leukowatch.service.mending import requeue as put_back

    for name in put_back(settings_of(home), files or [], everything=everything):
        typer.echo(f"back in the inbox: {name}")


def reassign(
    what: Annotated[str, typer.Argument(help="A field's file, or a slide.")],
    to: Annotated[str, typer.Option(help="The slide that it belongs to.")],
    reason: Annotated[str, typer.Option(help="Kept with the move.")],
    home: HomeOption = None,
) -> None:
    """Mend a wrong folder: move a field, or a whole slide, to another slide, and leave a trace."""
    from leukowatch.service.mending import reassign as move

    typer.echo(f"{move(settings_of(home), what, to, reason)} fields now belong to {to}")
