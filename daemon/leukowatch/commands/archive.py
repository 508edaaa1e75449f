"""Commands that look at the archive again with another bundle, and make its results current."""

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from leukowatch.commands.options import HomeOption, settings_of

if TYPE_CHECKING:
    from leukowatch.store.promotion import Turned

BundleOption = Annotated[str, typer.Option("--bundle", help="Name of a bundle, or a path to one.")]
UsedOption = Annotated[
    str,
    typer.Option(
        "--bundle", help="A bundle that has looked at fields here, or the first digits of its hash."
    ),
]
SlidesOption = Annotated[
    list[str] | None, typer.Option("--slides", help="Only this slide; may be given again. Else all.")
]
WhyOption = Annotated[str, typer.Option("--why", help="Kept in the trail.")]


def reanalyse(bundle: BundleOption, slides: SlidesOption = None, home: HomeOption = None) -> None:
    """Look at the archive again with another bundle; broken off, it goes on. Code 9 where a field could not be."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from leukowatch.console.logs import configure_logs
    from leukowatch.errors import NotFound
    from leukowatch.service.reanalysis import reanalyse as look_again

    configure_logs("warning", terminal=False)
    columns = (TextColumn(bundle), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    progress, waited = Progress(*columns, console=Console(stderr=True)), ""

    def tell(done: int, total: int, waits: str) -> None:
        nonlocal waited
        progress.start()
        progress.update(progress.task_ids[0], completed=done, total=total)
        if waits != waited:
            progress.console.print(waits or "goes on")
        waited = waits

    progress.add_task(bundle, total=None)
    try:
        looked = look_again(settings_of(home), bundle, slides or [], tell)
    finally:
        progress.stop()
    typer.echo(f"{looked.done} fields have a further analysis by {bundle}")
    if looked.failed:
        raise NotFound(
            f"{len(looked.failed)} fields were not looked at again: " + "; ".join(looked.failed[:10])
        )


def compare(bundle: UsedOption, slides: SlidesOption = None, home: HomeOption = None) -> None:
    """Show what another bundle's results would change, slide by slide: agreement, kappa, marks and warnings."""
    from rich.console import Console

    from leukowatch.console.comparison import comparison_table
    from leukowatch.differential.comparison import compare_slides
    from leukowatch.store.opened import writer

    settings = settings_of(home)
    with writer(settings) as engine:
        Console().print(comparison_table(compare_slides(engine, bundle, slides or [], settings)))


def promote(bundle: UsedOption, why: WhyOption, slides: SlidesOption = None, home: HomeOption = None) -> None:
    """Make another bundle's results current; signed slides stay as they are."""
    from leukowatch.store import promotion
    from leukowatch.store.opened import writer
    from leukowatch.store.rights import operator

    with writer(settings_of(home)) as engine:
        who = operator(getpass.getuser()).name
        _tell(promotion.promote(engine, bundle, slides or [], why, who))


def rollback(why: WhyOption, slides: SlidesOption = None, home: HomeOption = None) -> None:
    """Take back the last promotion of each slide; signed slides stay as they are."""
    from leukowatch.store import promotion
    from leukowatch.store.opened import writer
    from leukowatch.store.rights import operator

    with writer(settings_of(home)) as engine:
        _tell(promotion.roll_back(engine, slides or [], why, operator(getpass.getuser()).name))


def _tell(turned: "list[Turned]") -> None:
    for each in turned:
        typer.echo(
            f"{each.slide}: " + (each.left_alone or f"{each.fields} fields have another current analysis")
        )
    typer.echo(f"{sum(bool(each.fields) for each in turned)} of {len(turned)} slides changed")
