"""The commands `leukowatch db`: the database's schema."""

import typer

from leukowatch.commands.options import HomeOption, settings_of

database = typer.Typer(help="The database's schema.", no_args_is_help=True)


@database.command("upgrade")
def db_upgrade(home: HomeOption = None) -> None:
    """Bring the database's schema to this version; an SQLite file is copied aside first."""
    from leukowatch.service.home import make_home, only_one
    from leukowatch.store.migrate import upgrade

    found = settings_of(home)
    make_home(found)
    with only_one(found.home):
        before = upgrade(found.database_url, found.store.busy_seconds)
    typer.echo(f"the database is up to date (it was at {before or 'nothing'})")


@database.command("check")
def db_check(home: HomeOption = None) -> None:
    """Prove schema, file, references and the summaries of all slides; code 14 where something is wrong."""
    from leukowatch.errors import ChecksFailed
    from leukowatch.store.migrate import check
    from leukowatch.store.opened import reader
    from leukowatch.store.summaries import wrong_summaries

    found = settings_of(home)
    wrong = check(found.database_url, found.store.busy_seconds)
    if not wrong:
        with reader(found) as engine:
            wrong = wrong_summaries(engine)
    if wrong:
        raise ChecksFailed("; ".join(wrong))
    typer.echo("the database is sound")


@database.command("recount")
def db_recount(home: HomeOption = None) -> None:
    """Make the summaries of all slides anew from their fields and cells, beside a running service too."""
    from leukowatch.store.opened import writer
    from leukowatch.store.summaries import recount

    with writer(settings_of(home)) as engine:
        typer.echo(f"{recount(engine)} slides were counted anew")
