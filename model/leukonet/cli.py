"""The `leukonet` command: train, judge and pack the networks, render phantoms."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from leukonet.commands import data, judging, training
from leukonet.commands.options import Seed
from leukonet.errors import DataError, ExtraMissing, LeukonetError

EXTRA = {"keras", "matplotlib", "pooch", "skimage", "sklearn", "tensorflow"}
"""What the extra `train` brings, by the names that are imported."""

app = typer.Typer(
    name="leukonet",
    help="The networks of Leukowatch. Research use only.",
    epilog="Typical: leukonet phantom phantoms --fields 20 --seed 1  ·  "
    "leukonet evaluate --images DIR --labels labels.csv --json  ·  "
    "leukonet data fetch --set bccd  ·  leukonet build --data DIR --out bundles/mine",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(training.training, name="train")
app.add_typer(data.sets, name="data")
for command in (judging.evaluate, judging.benchmark, judging.figures, training.build, training.pack):
    app.command()(command)


def main() -> None:
    """Run the command; an error of ours is one line on standard error and its own exit code."""
    try:
        _run()
    except LeukonetError as error:
        typer.echo(f"leukonet: {error}", err=True)
        sys.exit(error.exit_code)


def _run() -> None:
    """Run the command; of what it imports, the extra may be missing."""
    try:
        app()
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in EXTRA:
            raise
        raise ExtraMissing(package) from error


@app.command()
def phantom(
    out: Annotated[Path, typer.Argument(help="Folder to write to; made if need be.")],
    fields: Annotated[int, typer.Option(min=1, help="How many fields.")] = 10,
    slides: Annotated[int, typer.Option(min=1, help="Over how many slides.")] = 1,
    seed: Seed = 1,
) -> None:
    """Render synthetic smear fields with a truth file. They are test objects, not blood."""
    from leukonet.phantom import write_phantoms

    if slides > fields:
        raise DataError(f"{slides} slides need at least as many fields, not {fields}")
    truth = write_phantoms(out, fields, seed, slides)
    typer.echo(f"{fields} synthetic fields in {out}, their truth in {truth}")
