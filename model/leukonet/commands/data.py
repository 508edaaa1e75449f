"""Commands that get the labelled sets and lay them out."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from leukonet.commands.options import Data, progress

sets = typer.Typer(help="Get the labelled sets and lay them out below --data.", no_args_is_help=True)
imports = typer.Typer(help="Import a set that was downloaded by hand.", no_args_is_help=True)
sets.add_typer(imports, name="import")


@sets.command("fetch")
def fetch_sets(
    data: Data = Path("data"),
    names: Annotated[
        list[str] | None, typer.Option("--set", help="bccd, chula or txl_pbc; may be repeated; all if none.")
    ] = None,
    mirror: Annotated[
        str | None,
        typer.Option(help="A mirror within the lab's network, laid out as OWNER/NAME/COMMIT/PATH."),
    ] = None,
) -> None:
    """Fetch the public sets from GitHub, each file checked by its SHA-256; what is there already is kept.

    365 MB in all, 337 of them Chula; a fetch that was broken off goes on where it was.
    """
    from leukonet.training.sources.fetch import fetch

    for done in fetch(data, names or (), mirror, wrap=partial(progress, doing="fetching")):
        typer.echo(f"{done.folder}: whole, {done.got} files fetched, {done.kept} were there")


@imports.command("pbc")
def import_pbc_set(
    archive: Annotated[Path, typer.Argument(help="The zip file from doi:10.17632/snkd93bnjr.1.")],
    data: Data = Path("data"),
    splits: Annotated[Path | None, typer.Option(help="CSV: image,split; WBCAtt's parts, for one.")] = None,
) -> None:
    """Import PBC's pictures of single cells from the archive, all of them or none.

    Without --splits 15% of the pictures are drawn for validation by their file names, the same on every
    machine; with it, those that the table does not name.
    """
    from leukonet.training.sources.pbc import import_pbc

    done = import_pbc(archive, data, splits, partial(progress, doing="unpacking"))
    typer.echo(f"{done.folder}: {done.images} pictures, {done.drawn} of them put into a part by their name")
