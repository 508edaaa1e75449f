"""Commands that train the networks and pack them: one by one, or all by `build`."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from leukonet.bundle import DEFAULT, Kind, load_locating
from leukonet.commands.options import Data, Runs, Seed, WhichBundle, Without

training = typer.Typer(
    help="Train one network; a broken-off training goes on where it was.", no_args_is_help=True
)
Out = Annotated[Path, typer.Option(help="Folder for checkpoints, history and weights.")]
Packed = Annotated[Path, typer.Argument(help="Folder of the bundle; its name becomes the bundle's.")]
Batches = Annotated[int, typer.Option(min=1, help="Of 100 batches.")]
LOCATOR_EPOCHS, CLASSIFIER_EPOCHS = 25, 90
"""Of 100 batches: as long as those that ship were trained."""
Benchmark = Annotated[
    Path | None, typer.Option(help="Folder of the benchmark's parts, whose figures the card tells too.")
]


@training.command("paper")
def train_paper(
    out: Out = Path("runs/paper"),
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
    out: Out = Path("runs/locator"),
    data: Data = Path("data"),
    epochs: Batches = LOCATOR_EPOCHS,
    without: Without = None,
    seed: Seed = 1,
) -> None:
    """The network that finds white cells in a field."""
    from leukonet.training import train_locator as recipe

    recipe.train_on(data, out, epochs=epochs, seed=seed, without=without or ())
    typer.echo(f"trained: {out}")


@training.command("classifier")
def train_classifier(
    out: Out = Path("runs/classifier"),
    data: Data = Path("data"),
    epochs: Batches = CLASSIFIER_EPOCHS,
    without: Without = None,
    start: Annotated[Path | None, typer.Option(help="A finished training's folder, to go on from.")] = None,
    seed: Seed = 1,
) -> None:
    """The network that names one cell's crop."""
    from leukonet.training import train_classifier as recipe

    recipe.train_on(data, out, epochs=epochs, seed=seed, without=without or (), start=start)
    typer.echo(f"trained: {out}")


@training.command("likeness")
def train_likeness(data: Data = Path("data")) -> None:
    """The weights by which a field looks like a smear; printed as they stand in leukonet/likeness.py."""
    from leukonet.training.tune_likeness import tune

    typer.echo(tune(data))


@training.command("threshold")
def train_threshold(
    data: Data = Path("data"),
    bundle: WhichBundle = DEFAULT,
) -> None:
    """What each threshold of the locator costs and brings, on training pictures or on the sources left out."""
    from leukonet.training.tune_threshold import tune

    _tell(tune(data, load_locating(bundle)))


@training.command("priors")
def train_priors(
    data: Data = Path("data"),
    bundle: WhichBundle = DEFAULT,
) -> None:
    """What it brings to expect more neutrophils, on the sources left out, or on what was held out of training."""
    from leukonet.training.tune_priors import tune

    _tell(tune(data, load_locating(bundle)))


@training.command("temperature")
def train_temperature(
    data: Data = Path("data"),
    bundle: WhichBundle = DEFAULT,
) -> None:
    """What it brings to fit the temperature to varied crops, on held-out cells and on the sources left out."""
    from leukonet.training.tune_temperature import tune

    _tell(tune(data, load_locating(bundle)))


@training.command("mirrors")
def train_mirrors(
    data: Data = Path("data"),
    bundle: WhichBundle = DEFAULT,
) -> None:
    """What it spares to look but once at a crop that is surely named, on the sources left out or on held-out cells."""
    from leukonet.training.tune_mirrors import tune

    _tell(tune(data, load_locating(bundle)))


@training.command("pale")
def train_pale(
    data: Data = Path("data"),
    bundle: WhichBundle = DEFAULT,
) -> None:
    """What it brings to raise the stain of pale fields and cells, on the sources left out or on training pictures."""
    from leukonet.training.tune_pale import tune

    _tell(tune(data, load_locating(bundle)))


@training.command("light")
def train_light(
    data: Data = Path("data"),
    bundle: WhichBundle = DEFAULT,
) -> None:
    """What it brings to doubt a surface of light that few tiles lie on, on close-ups of training cells."""
    from leukonet.training.tune_light import tune

    _tell(tune(data, load_locating(bundle)))


@training.command("levels")
def train_levels(
    data: Data = Path("data"),
    bundle: WhichBundle = DEFAULT,
    seed: Seed = 1,
) -> None:
    """How well rules for the magnification of large fields do on training pictures."""
    from leukonet.training.tune_levels import tune

    _tell(tune(data, load_locating(bundle), seed))


def _tell(lines: Iterable[str]) -> None:
    """Print each as soon as it is known."""
    for line in lines:
        typer.echo(line)


def pack(
    out: Packed,
    runs: Runs = Path("runs"),
    data: Data = Path("data"),
    kind: Annotated[Kind, typer.Option(help="field for the paper's network.")] = Kind.LOCATE_CLASSIFY,
    without: Without = None,
    locator: Annotated[
        str | None,
        typer.Option(help="A bundle whose locator is taken over, instead of the one below --runs."),
    ] = None,
    classifier: Annotated[
        str | None,
        typer.Option(
            help="A bundle whose classifier is taken over, calibrated anew, instead of the one below --runs."
        ),
    ] = None,
    benchmark: Benchmark = None,
    seed: Seed = 1,
) -> None:
    """Calibrate finished trainings, convert them to int8, pack them into a bundle and judge it on test data."""
    kept = [load_locating(name) if name else None for name in (locator, classifier)]
    from leukonet.training.judged import add_test_figures
    from leukonet.training.release import release_field, release_locate_classify

    if kind == Kind.FIELD:
        release_field(data, runs, out, seed)
    else:
        release_locate_classify(data, runs, out, seed, tuple(without or ()), *kept)
    typer.echo(f"{out.name}: {add_test_figures(out, data, benchmark)}")


def build(
    out: Annotated[Path, typer.Option(help="Folder of the bundle; its name becomes the bundle's.")],
    data: Data = Path("data"),
    runs: Runs = Path("runs"),
    locator_epochs: Annotated[
        int, typer.Option(min=1, help="Of 100 batches, for the locator.")
    ] = LOCATOR_EPOCHS,
    classifier_epochs: Annotated[
        int, typer.Option(min=1, help="Of 100 batches, for the classifier.")
    ] = CLASSIFIER_EPOCHS,
    benchmark: Benchmark = None,
    seed: Seed = 1,
) -> None:
    """From labelled sets to a bundle: train, calibrate, convert to int8, judge and pack.

    What is trained below --runs is not trained again, and a broken-off training goes on where it was.
    """
    train_locator(runs / "locator", data, locator_epochs, None, seed)
    train_classifier(runs / "classifier", data, classifier_epochs, None, None, seed)
    pack(out, runs, data, Kind.LOCATE_CLASSIFY, None, None, None, benchmark, seed)
