"""Commands that put right what went wrong with a file or a folder."""

from typing import Annotated

import typer

from leukowatch.commands.options import HomeOption, PasswordOption, settings_of, typed_password


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


def set_aside(
    files: Annotated[list[str], typer.Argument(help="Quarantined files, as `field_status` shows them.")],
    reason: Annotated[str, typer.Option(help="Why the result does without them; kept in the trail.")],
    who: Annotated[str, typer.Option("--as", help="Account of a supervisor; its password is asked for.")],
    password_stdin: PasswordOption = False,
    home: HomeOption = None,
) -> None:
    """Judge quarantined files unusable, as a supervisor, so that their slides can be signed without them."""
    from leukowatch.service.mending import set_aside as judge
    from leukowatch.store.opened import writer
    from leukowatch.store.sessions import logged_in

    settings, password = settings_of(home), typed_password(from_stdin=password_stdin, new=False)
    with writer(settings) as engine, logged_in(engine, who, password, "command line") as person:
        for name in judge(engine, settings, person, files, reason):
            typer.echo(f"set aside: {name}")


def reassign(
    what: Annotated[str, typer.Argument(help="A field's file, or a slide.")],
    to: Annotated[str, typer.Option(help="The slide that it belongs to.")],
    reason: Annotated[str, typer.Option(help="Kept with the move.")],
    home: HomeOption = None,
) -> None:
    """Mend a wrong folder: move a field, or a whole slide, to another slide, and leave a trace."""
    from leukowatch.service.mending import reassign as move

    typer.echo(f"{move(settings_of(home), what, to, reason)} fields now belong to {to}")
