"""The commands `leukowatch audit`: what people did, and the proof that nobody changed it since."""

from typing import Annotated

import typer

from leukowatch.commands.options import HomeOption, settings_of

audit = typer.Typer(help="The trail of what people did.", no_args_is_help=True)


@audit.command("verify")
def audit_verify(
    seal: Annotated[str, typer.Option(help="A seal that a report shows, which the trail must contain.")] = "",
    home: HomeOption = None,
) -> None:
    """Prove the trail, and the decisions and signatures that it vouches for; code 14 where something is wrong."""
    from leukowatch.errors import ChecksFailed
    from leukowatch.store.opened import reader
    from leukowatch.store.trail import verify

    with reader(settings_of(home)) as engine:
        proof = verify(engine, seal.strip().lower())
    if proof.findings:
        raise ChecksFailed("; ".join(proof.findings))
    typer.echo(f"the trail is whole: {proof.rows} rows, its end is {proof.head}")


@audit.command("show")
def audit_show(
    subject: Annotated[str, typer.Option(help="Only what was done to this, as `slide S17`.")] = "",
    last: Annotated[int, typer.Option(min=1, help="Only so many, the newest.")] = 100,
    home: HomeOption = None,
) -> None:
    """Print the trail, oldest first: when, who, what, before and after."""
    from leukowatch.store.audit import audit_rows
    from leukowatch.store.opened import reader

    with reader(settings_of(home)) as engine:
        for row in audit_rows(engine, subject=subject or None, last=last):
            change = f"  {row.before} -> {row.after}" if row.before or row.after else ""
            typer.echo(f"{row.id}  {row.at:%Y-%m-%d %H:%M:%S}Z  {row.who}  {row.act}  {row.subject}{change}")
