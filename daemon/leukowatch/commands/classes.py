"""The command `leukowatch classes`: the site's table of classes."""

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from leukonet.cells import Role
from leukowatch.commands.options import HomeOption, settings_of

if TYPE_CHECKING:
    from leukowatch.store.classes import ClassRow

KeyOption = Annotated[str, typer.Option(help="One lower-case letter or digit, no other class's.")]
RoleOption = Annotated[
    Role, typer.Option(help="counted: part of every per cent; apart: per 100 leucocytes; never: no cell.")
]
classes = typer.Typer(help="The site's classes: key, counted or not, code.", no_args_is_help=True)


@classes.command("list")
def list_classes(home: HomeOption = None) -> None:
    """List every class with its key, what it does to the count, and its code."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from leukowatch.store.classes import site_classes
    from leukowatch.store.opened import reader

    table = Table("class", "label", "key", "role", "code", "", title="Classes")
    with reader(settings_of(home)) as engine:
        for row in site_classes(engine):
            told = "retired" if row.retired else ""
            table.add_row(row.name, Text(row.label), row.key, row.role.value, Text(row.code), told)
    Console().print(table)


@classes.command("add")
def new_class(
    name: Annotated[str, typer.Argument(help="As tables and exports spell it: lower case, digits and _.")],
    label: Annotated[str, typer.Option(help="What a person reads.")],
    key: KeyOption,
    role: RoleOption,
    code: Annotated[str, typer.Option(help="The site's code for exchange.")] = "",
    home: HomeOption = None,
) -> None:
    """Add a class beyond what bundles predict; people can give it to cells at once."""
    from leukowatch.store.classes import ClassRow, add_class
    from leukowatch.store.opened import writer
    from leukowatch.store.rights import operator

    with writer(settings_of(home)) as engine:
        row = add_class(engine, operator(getpass.getuser()), ClassRow(name, label, key, role, code))
    typer.echo(f"{row.name}: {_told(row)}")


@classes.command("set")
def change_class(
    name: Annotated[str, typer.Argument(help="Name of a class, as `classes list` shows it.")],
    key: KeyOption | None = None,
    role: RoleOption | None = None,
    code: Annotated[str | None, typer.Option(help="The site's code for exchange; '' for none.")] = None,
    retired: Annotated[
        bool | None, typer.Option("--retire/--reinstate", help="Give it to no further cell, or again.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Change a class; unsigned results follow at once, signed ones stay as they were signed."""
    from leukowatch.store.classes import ClassChange, set_class
    from leukowatch.store.opened import writer
    from leukowatch.store.rights import operator

    with writer(settings_of(home)) as engine:
        change = ClassChange(key, role, code, retired)
        row = set_class(engine, operator(getpass.getuser()), name, change)
    typer.echo(f"{row.name}: {_told(row)}")


def _told(row: "ClassRow") -> str:
    return f"key {row.key}, {row.role}, code {row.code or 'none'}{', retired' if row.retired else ''}"
