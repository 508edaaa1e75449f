"""Commands that only look: slides, reports, fields, the state of the home, settings."""

from pathlib import Path
from typing import Annotated

import typer

from leukowatch.commands.options import HomeOption, settings_of


def slides(
    search: Annotated[str, typer.Option(help="Only slides with this in their name or order.")] = "",
    status: Annotated[str, typer.Option(help="Only slides in this state, as the list names it.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the latest first.")] = 100,
    home: HomeOption = None,
) -> None:
    """List the slides with their counts, states and flags."""
    from rich.console import Console

    from leukowatch.console.tables import slides_table
    from leukowatch.differential.listing import listing
    from leukowatch.store.life import Life
    from leukowatch.store.opened import reader
    from leukowatch.store.writing import utc

    if status and status not in set(Life):
        raise typer.BadParameter(f"--status {status!r} is no state; give one of {', '.join(Life)}")
    life = Life(status) if status else None
    found_settings = settings_of(home)
    with reader(found_settings) as engine:
        found = listing(engine, found_settings, utc(), search=search, life=life, limit=limit)
    Console().print(slides_table(found))


def report(
    slide: Annotated[str, typer.Argument(help="Name of the slide, as `leukowatch slides` shows it.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="A row a class.")] = False,
    home: HomeOption = None,
) -> None:
    """One slide's differential, with exact 95% limits."""
    from rich.console import Console

    from leukowatch.console import report as reports
    from leukowatch.console.tables import report_text
    from leukowatch.store.opened import reader

    if as_json and as_csv:
        raise typer.BadParameter("--json and --csv exclude each other")
    with reader(settings_of(home)) as engine:
        found = reports.build_report(engine, slide)
    if as_json:
        typer.echo(reports.as_json(found))
    elif as_csv:
        typer.echo(reports.as_csv(found), nl=False)
    else:
        report_text(found, Console())


def field(
    file: Annotated[
        str, typer.Argument(help="Path below the inbox, file name, or first digits of its SHA-256.")
    ],
    png: Annotated[Path | None, typer.Option(help="Write the annotated field here.")] = None,
    home: HomeOption = None,
) -> None:
    """One field's cells: crop, box and the two most probable classes of each."""
    from leukowatch.console.field import show_field

    show_field(settings_of(home), file, png)


def doctor(
    running: Annotated[bool, typer.Option("--running", help="No running service is a finding too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list of findings.")] = False,
    home: HomeOption = None,
) -> None:
    """Check everything that could be wrong, and say how to mend it; code 14 where something is."""
    import json
    from dataclasses import asdict

    from leukowatch.service.doctor import examine

    findings = examine(settings_of(home), running=running)
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    for finding in () if as_json else findings:
        typer.echo(f"{'ok ' if finding.good else 'BAD'} {finding.what}: {finding.told}")
    if not all(finding.good for finding in findings):
        raise typer.Exit(14)


def settings(home: HomeOption = None) -> None:
    """Print every setting in force, and where it comes from."""
    from leukowatch.settings import origins

    found = settings_of(home)
    typer.echo(f"# file: {found.provenance.file}")
    for key, value, origin in origins(found):
        typer.echo(f"{key} = {value}  # {origin}")
