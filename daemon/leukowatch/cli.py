"""The `leukowatch` command. Every subcommand imports what it needs when it runs."""

import sys
import threading
from pathlib import Path
from typing import Annotated

import typer

from leukonet.errors import LeukonetError
from leukowatch.errors import LeukowatchError
from leukowatch.settings import Settings, load_settings

app = typer.Typer(
    name="leukowatch",
    help="Counts white cells on blood-smear images dropped into a folder. Research use only.",
    epilog="Typical: leukowatch run  ·  leukowatch slides  ·  leukowatch report SLIDE-17  ·  "
    "leukowatch field SLIDE-17/field-003.jpg --png figure.png  ·  leukowatch doctor",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
database = typer.Typer(help="The database's schema.", no_args_is_help=True)
app.add_typer(database, name="db")

HomeOption = Annotated[
    Path | None, typer.Option("--home", help="Instead of LEUKOWATCH_HOME, else ./leukowatch-home.")
]
_state: dict[str, Path | None] = {"home": None}


def main() -> None:
    """Run the command; an error of ours is one line on standard error and its own exit code."""
    try:
        app()
    except (LeukowatchError, LeukonetError) as error:
        typer.echo(f"leukowatch: {error}", err=True)
        sys.exit(error.exit_code)


@app.callback()
def common(home: HomeOption = None) -> None:
    """Counts white cells on blood-smear images dropped into a folder. Research use only."""
    _state["home"] = home


def _settings(home: Path | None) -> Settings:
    return load_settings(home or _state["home"])


@app.command()
def run(home: HomeOption = None) -> None:
    """Watch the inbox until told to stop: a live view on a terminal, log lines elsewhere."""
    from leukowatch.console.logs import configure_logs
    from leukowatch.service.daemon import serve, signals

    settings = _settings(home)
    terminal = sys.stdout.isatty()
    configure_logs("warning" if terminal else settings.service.log_level, terminal)
    stopping = threading.Event()
    with signals(stopping):
        if not terminal:
            serve(settings, stopping)
            return
        from leukowatch.console.live import watch_live

        view = threading.Thread(target=watch_live, args=(settings, stopping), name="view")
        view.start()
        try:
            serve(settings, stopping)
        finally:
            stopping.set()
            view.join()


@app.command()
def scan(home: HomeOption = None) -> None:
    """Take what is in the inbox now, then exit; with code 8 where files still wait, naming them."""
    from leukowatch.console.logs import configure_logs
    from leukowatch.service.daemon import scan as scan_now
    from leukowatch.service.daemon import signals

    settings = _settings(home)
    configure_logs(settings.service.log_level, sys.stderr.isatty())
    stopping = threading.Event()
    with signals(stopping):
        filed = scan_now(settings, stopping)
    typer.echo(f"{filed} files filed")


@app.command()
def console(home: HomeOption = None) -> None:
    """The live view, read-only, beside a running service."""
    from leukowatch.console.live import watch_live

    watch_live(_settings(home), threading.Event())


@app.command()
def slides(home: HomeOption = None) -> None:
    """List the slides with their counts."""
    from rich.console import Console

    from leukowatch.console.tables import slides_table
    from leukowatch.store.opened import reader
    from leukowatch.store.queries import class_records
    from leukowatch.store.tallies import slides as all_slides

    with reader(_settings(home)) as engine:
        Console().print(slides_table(all_slides(engine), class_records(engine)))


@app.command()
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
    with reader(_settings(home)) as engine:
        found = reports.build_report(engine, slide)
    if as_json:
        typer.echo(reports.as_json(found))
    elif as_csv:
        typer.echo(reports.as_csv(found), nl=False)
    else:
        report_text(found, Console())


@app.command()
def field(
    file: Annotated[
        str, typer.Argument(help="Path below the inbox, file name, or first digits of its SHA-256.")
    ],
    png: Annotated[Path | None, typer.Option(help="Write the annotated field here.")] = None,
    home: HomeOption = None,
) -> None:
    """One field's cells: crop, box and the two most probable classes of each."""
    from leukowatch.console.field import show_field

    show_field(_settings(home), file, png)


@app.command()
def requeue(
    files: Annotated[
        list[str] | None, typer.Argument(help="Quarantined files, as `field_status` shows them.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every file in quarantine.")] = False,
    home: HomeOption = None,
) -> None:
    """Put quarantined files back into the inbox, to be taken once more."""
    from leukowatch.service.mending import requeue as put_back

    for name in put_back(_settings(home), files or [], everything=everything):
        typer.echo(f"back in the inbox: {name}")


@app.command()
def reassign(
    what: Annotated[str, typer.Argument(help="A field's file, or a slide.")],
    to: Annotated[str, typer.Option(help="The slide that it belongs to.")],
    reason: Annotated[str, typer.Option(help="Kept with the move.")],
    home: HomeOption = None,
) -> None:
    """Mend a wrong folder: move a field, or a whole slide, to another slide, and leave a trace."""
    from leukowatch.service.mending import reassign as move

    typer.echo(f"{move(_settings(home), what, to, reason)} fields now belong to {to}")


@app.command()
def doctor(home: HomeOption = None) -> None:
    """Check everything that could be wrong, and say how to mend it; code 14 where something is."""
    from leukowatch.service.doctor import examine

    findings = examine(_settings(home))
    for finding in findings:
        typer.echo(f"{'ok ' if finding.good else 'BAD'} {finding.what}: {finding.told}")
    if not all(finding.good for finding in findings):
        raise typer.Exit(14)


@app.command()
def settings(home: HomeOption = None) -> None:
    """Print every setting in force, and where it comes from."""
    from leukowatch.settings import origins

    found = _settings(home)
    typer.echo(f"# file: {found.provenance.file}")
    for key, value, origin in origins(found):
        typer.echo(f"{key} = {value}  # {origin}")


@database.command("upgrade")
def db_upgrade(home: HomeOption = None) -> None:
    """Bring the database's schema to this version; an SQLite file is copied aside first."""
    from leukowatch.service.home import make_home, only_one
    from leukowatch.store.migrate import upgrade

    found = _settings(home)
    make_home(found)
    with only_one(found.home):
        before = upgrade(found.database_url, found.store.busy_seconds)
    typer.echo(f"the database is up to date (it was at {before or 'nothing'})")


@database.command("check")
def db_check(home: HomeOption = None) -> None:
    """Prove schema, file and references; code 14 where something is wrong."""
    from leukowatch.errors import ChecksFailed
    from leukowatch.store.migrate import check

    found = _settings(home)
    wrong = check(found.database_url, found.store.busy_seconds)
    if wrong:
        raise ChecksFailed("; ".join(wrong))
    typer.echo("the database is sound")
