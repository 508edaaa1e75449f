"""The command `leukowatch classes`: the site's table of classes."""

import getpass
from typing import Annotated

import typer

from leukonet.cells import Role
from leukowatch.commands.options import HomeOption, settings_of

classes = typer.Typer(help="The site's classes: key, counted or not, code.", no_args_is_help=True)


@classes.command("list")
def list_classes(home: HomeOption = None) -> None:
    """List every class with its key, what it does to the count, and its code."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from leukowatch.store.classes import site_classes
    from leukowatch.store.opened import reader

    table = Table("class", "label", "key", "role", "code", title="Classes")
    with reader(settings_of(home)) as engine:
        for row in site_classes(engine):
            table.add_row(row.name, Text(row.label), row.key, row.role.value, Text(row.code))
    Console().print(table)


@classes.command("set")
def change_class(
    name: Annotated[str, typer.Argument(help="Name of a class, as `classes list` shows it.")],
    key: Annotated[str | None, typer.Option(help="One lower-case letter or digit, no other class's.")] = None,
    role: Annotated[
        Role | None,
        typer.Option(help="counted: part of every per cent; apart: per 100 leucocytes; never: no cell."),
    ] = None,
    code: Annotated[str | None, typer.Option(help="The site's code for exchange; '' for none.")] = None,
    home: HomeOption = None,
) -> None:
    """Change a class; unsigned results follow at once, signed ones stay as they were signed."""
    from leukowatch.store.classes import ClassChange, set_class
    from leukowatch.store.opened import writer
    from leukowatch.store.rights import operator

    with writer(settings_of(home)) as engine:
        row = set_class(engine, operator(getpass.getuser()), name, ClassChange(key, role, code))
    typer.echo(f"{row.name}: key {row.key}, {row.role}, code {row.code or 'none'}")
