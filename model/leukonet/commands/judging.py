"""Commands that judge a bundle: on a person's own labelled images, and by the benchmark."""

import sys
from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer

from leukonet.bundle import DEFAULT, load_bundle
from leukonet.commands.options import Data, Runs, Seed, WhichBundle, progress
from leukonet.errors import DataError

JSON = Annotated[bool, typer.Option("--json", help="One JSON object and nothing else.")]


def evaluate(
    images: Annotated[Path | None, typer.Option(help="Folder that the labels' paths start from.")] = None,
    labels: Annotated[Path | None, typer.Option(help="CSV: image,class[,xmin,ymin,xmax,ymax].")] = None,
    dataset: Annotated[str | None, typer.Option(help="Instead: a labelled set below --data.")] = None,
    part: Annotated[str, typer.Option(help="Part of the set.")] = "all",
    data: Data = Path("data"),
    bundle: WhichBundle = DEFAULT,
    as_json: JSON = False,
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
    figures = judge(fields, load_bundle(bundle), progress).figures()
    typer.echo(json.dumps(figures) if as_json else "\n".join(lines(figures)))


def benchmark(
    parts: Annotated[
        list[str] | None, typer.Argument(help="Parts to measure now; none only assembles the report.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Gets a JSON file for each part.")] = Path("benchmark"),
    report: Annotated[
        Path | None, typer.Option(help="Write the report there, not to standard output.")
    ] = None,
    data: Data = Path("data"),
    runs: Runs = Path("runs"),
    bundle: WhichBundle = DEFAULT,
    as_json: JSON = False,
    seed: Seed = 1,
) -> None:
    """Measure parts of the benchmark, training what they need, and assemble one report of all parts at hand.

    What is trained below --runs is not trained again, so that a part that was broken off goes on where it was.
    """
    import json

    if report and not report.parent.is_dir():
        raise DataError(f"{report.parent}: no such folder for --report; make it, or name another")

    from leukonet.training.benchmark.parts import Setting, measure
    from leukonet.training.benchmark.report import as_json as told
    from leukonet.training.benchmark.report import markdown, read_parts
    from leukonet.training.benchmark.store import write_part

    for name in parts or ():
        started = perf_counter()
        measured = measure(name, Setting(data, runs, bundle, seed))
        command = " ".join(["leukonet benchmark", name, *(("--seed", str(seed)) if seed != 1 else ())])
        write_part(
            measured,
            out / f"{name}.json",
            command=command,
            seed=seed,
            seconds=perf_counter() - started,
            data=data,
        )
    written = read_parts(out, data)
    text = json.dumps(told(written)) if as_json else markdown(written)
    if report:
        report.write_text(text + "\n", encoding="utf-8")
    else:
        sys.stdout.write(text + "\n")


def figures(
    parts: Annotated[
        list[Path] | None, typer.Argument(metavar="PART.json...", help="Parts of the benchmark.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for curves and tables.")] = Path("figures"),
    gallery: Annotated[Path, typer.Option(help="Folder for pictures of cells; git ignores it.")] = Path(
        "gallery"
    ),
    data: Data = Path("data"),
    run: Annotated[list[Path] | None, typer.Option(help="Folder of a training; may be repeated.")] = None,
) -> None:
    """Draw the figures of benchmark parts and trainings; cells themselves only where their images are at hand."""
    from leukonet.training.benchmark.store import read_part
    from leukonet.training.figures.draw import check_apart, draw_figures, draw_galleries

    if not parts and not run:
        raise DataError("nothing to draw: name parts of the benchmark, or a training with --run")
    check_apart(out, gallery)
    read = [read_part(path, data) for path in parts or ()]
    cells = draw_galleries(read, gallery)
    for path in (*cells, *draw_figures(read, run or (), out)):
        typer.echo(path)
    if any(each.part.answers for each in read) and not cells:
        typer.echo(f"no galleries: no image of these parts is below {data}; set --data", err=True)
