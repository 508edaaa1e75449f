"""The `leukonet` command: train, evaluate and pack the networks, render phantoms."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from leukonet.bundle import DEFAULT, Kind, load_bundle
from leukonet.errors import DataError, LeukonetError

Data = Annotated[
    Path, typer.Option("--data", envvar="LEUKOWATCH_DATA", help="Folder that holds the labelled sets.")
]
Seed = Annotated[int, typer.Option(help="Of every random choice.")]

app = typer.Typer(
    name="leukonet",
    help="The networks of Leukowatch. Research use only.",
    epilog="Typical: leukonet phantom phantoms --fields 20 --seed 1  ·  "
    "leukonet evaluate --images DIR --labels labels.csv --json  ·  "
    "leukonet train classifier --out runs/classifier",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
training = typer.Typer(
    help="Train one network; a broken-off training goes on where it was.", no_args_is_help=True
)
app.add_typer(training, name="train")


def main() -> None:
    """Run the command; an error of ours is one line on standard error and its own exit code."""
    try:
        app()
    except LeukonetError as error:
        typer.echo(f"leukonet: {error}", err=True)
        sys.exit(error.exit_code)


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


@app.command()
def evaluate(
    images: Annotated[Path | None, typer.Option(help="Folder that the labels' paths start from.")] = None,
    labels: Annotated[Path | None, typer.Option(help="CSV: image,class[,xmin,ymin,xmax,ymax].")] = None,
    dataset: Annotated[str | None, typer.Option(help="Instead: a labelled set below --data.")] = None,
    part: Annotated[str, typer.Option(help="Part of the set.")] = "all",
    data: Data = Path("data"),
    bundle: Annotated[str, typer.Option(help="Name of a shipped bundle, or a folder.")] = DEFAULT,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object and nothing else.")] = False,
) -> None:
    """Judge a bundle end to end on labelled fields: locate, then classify; a missed cell is an error.

    The first class counts whatever the threshold. Without boxes the cell nearest the field's centre is judged.
    """
    import json

    from leukonet.labels import read_labels
    from leukonet.training.datasets import read_dataset
    from leukonet.training.evaluate import evaluate as judge
    from leukonet.training.evaluate import lines

    if (images is None or labels is None) == (dataset is None):
        raise DataError("name either --images and --labels, or --dataset")
    if dataset:
        fields = read_dataset(data, dataset, part)
    else:
        assert images is not None
        assert labels is not None
        fields = read_labels(images, labels)
    figures = judge(fields, load_bundle(bundle), _progress).figures()
    typer.echo(json.dumps(figures) if as_json else "\n".join(lines(figures)))


@training.command("paper")
def train_paper(
    out: Annotated[Path, typer.Option(help="Folder for checkpoints, history and weights.")] = Path(
        "runs/paper"
    ),
    data: Data = Path("data"),
    epochs: Annotated[int, typer.Option(min=1)] = 96,
    seed: Seed = 1,
) -> None:
    """The paper's network, on Kaggle's 400 augmented pictures a class."""
    from leukonet.training import train_paper as recipe

    recipe.train(data, out, epochs=epochs, seed=seed)
    typer.echo(f"trained: {out}")


@training.command("locator")
def train_locator(
    out: Annotated[Path, typer.Option(help="Folder for checkpoints, history and weights.")] = Path(
        "runs/locator"
    ),
    data: Data = Path("data"),
    epochs: Annotated[int, typer.Option(min=1, help="Of 100 batches.")] = 40,
    without: Annotated[list[str] | None, typer.Option(help="A set to leave out; may be repeated.")] = None,
    seed: Seed = 1,
) -> None:
    """The network that finds white cells in a field."""
    from leukonet.training import train_locator as recipe

    recipe.train(*recipe.sources(data, seed, without or ()), out, epochs=epochs, seed=seed)
    typer.echo(f"trained: {out}")


@training.command("classifier")
def train_classifier(
    out: Annotated[Path, typer.Option(help="Folder for checkpoints, history and weights.")] = Path(
        "runs/classifier"
    ),
    data: Data = Path("data"),
    epochs: Annotated[int, typer.Option(min=1, help="Of 100 batches.")] = 60,
    without: Annotated[list[str] | None, typer.Option(help="A set to leave out; may be repeated.")] = None,
    seed: Seed = 1,
) -> None:
    """The network that names one cell's crop."""
    from leukonet.training import train_classifier as recipe

    recipe.train_on(data, out, epochs=epochs, seed=seed, without=without or ())
    typer.echo(f"trained: {out}")


@training.command("likeness")
def train_likeness(data: Data = Path("data")) -> None:
    """The weights by which a field looks like a smear; printed as they stand in leukonet/likeness.py."""
    from leukonet.training.tune_likeness import tune

    typer.echo(tune(data))


@app.command()
def pack(
    out: Annotated[Path, typer.Argument(help="Folder of the bundle; its name becomes the bundle's.")],
    runs: Annotated[Path, typer.Option(help="Folder of the finished trainings.")] = Path("runs"),
    data: Data = Path("data"),
    kind: Annotated[Kind, typer.Option(help="field for the paper's network.")] = Kind.LOCATE_CLASSIFY,
    without: Annotated[list[str] | None, typer.Option(help="Sets that the trainings left out.")] = None,
    seed: Seed = 1,
) -> None:
    """Calibrate finished trainings, convert them to int8, pack them into a bundle and judge it on test data."""
    from leukonet.training.judged import add_test_figures
    from leukonet.training.release import release_field, release_locate_classify

    if kind == Kind.FIELD:
        release_field(data, runs, out, seed)
    else:
        release_locate_classify(data, runs, out, seed, tuple(without or ()))
    folds_told = runs / "folds" / "figures.json" if kind == Kind.LOCATE_CLASSIFY else None
    typer.echo(f"{out.name}: {add_test_figures(out, data, folds_told)}")


@app.command()
def folds(
    start: Annotated[Path, typer.Option(help="Trainings of locator and classifier that left Chula out.")],
    out: Annotated[Path, typer.Option(help="Folder for the folds' trainings and bundles.")] = Path(
        "runs/folds"
    ),
    data: Data = Path("data"),
    count: Annotated[int, typer.Option(min=2)] = 3,
    epochs: Annotated[int, typer.Option(min=1, help="Of 100 batches, for each network of a fold.")] = 4,
    seed: Seed = 1,
) -> None:
    """Judge the recipe on Chula, fold by fold, each fold's slides unseen by the networks that judge them."""
    import json

    from leukonet.training.evaluate import lines
    from leukonet.training.folds import judge_chula

    figures = judge_chula(data, start, out, count=count, epochs=epochs, seed=seed)
    (out / "figures.json").write_text(json.dumps(figures, indent=1) + "\n")
    for number, fold in enumerate(figures["folds"]):
        typer.echo(
            f"fold {number}: {', '.join(fold['slides'])}; no Chula cell of {', '.join(fold['unseen'] or ['-'])}"
        )
        typer.echo("\n".join(lines(fold["figures"])) + "\n")
    typer.echo("all folds together")
    typer.echo("\n".join(lines(figures["together"])))


def _progress(items: Iterable[Any]) -> Iterable[Any]:
    """A progress bar on standard error, where that is a terminal."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    return track(items, "analysing", console=console, disable=not os.isatty(2))
