"""What several commands ask for, and how they show that they work."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

Data = Annotated[
    Path, typer.Option("--data", envvar="LEUKOWATCH_DATA", help="Folder that holds the labelled sets.")
]
Runs = Annotated[Path, typer.Option(help="Folder of the trainings.")]
Seed = Annotated[int, typer.Option(min=0, help="Of every random choice.")]
WhichBundle = Annotated[str, typer.Option(help="Name of a shipped bundle, or a folder.")]
Without = Annotated[list[str] | None, typer.Option(help="A set to leave out; may be repeated.")]


def progress(items: Iterable[Any], doing: str = "analysing") -> Iterable[Any]:
    """A progress bar on standard error, where that is a terminal."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    return track(items, doing, console=console, disable=not os.isatty(2))
