"""Commands that take images: the service, one scan, and the live view beside them."""

import sys
import threading
from typing import Annotated

import typer

from leukowatch.commands.options import HomeOption, settings_of


def run(home: HomeOption = None) -> None:
    """Watch the inbox until told to stop: a live view on a terminal, log lines elsewhere."""
    from leukowatch.console.logs import configure_logs
    from leukowatch.service.running import serve, signals

    settings = settings_of(home)
    terminal = sys.stdout is not None and sys.stdout.isatty()
    configure_logs("warning" if terminal else settings.service.log_level, terminal)
    stopping = threading.Event()
    with signals(stopping):
        if not terminal:
            serve(settings, stopping)
            return
        from leukowatch.console.live import watch_live

        view = threading.Thread(target=watch_live, args=(settings, stopping), name="view")
        view.start()
        try:
            serve(settings, stopping)
        finally:
            stopping.set()
            view.join()


def scan(home: HomeOption = None) -> None:
    """Take what is in the inbox now, then exit; with code 8 where files still wait, naming them."""
    from leukowatch.console.logs import configure_logs, is_read_along
    from leukowatch.service.running import scan as scan_now
    from leukowatch.service.running import signals

    settings = settings_of(home)
    configure_logs(settings.service.log_level, is_read_along())
    stopping = threading.Event()
    with signals(stopping):
        filed = scan_now(settings, stopping)
    typer.echo(f"{filed} files filed")


def console(home: HomeOption = None) -> None:
    """The live view, read-only, beside a running service."""
    from leukowatch.console.live import watch_live

    watch_live(settings_of(home), threading.Event())


def worker(
    scheduler: Annotated[str, typer.Argument(help="As tcp://HOST:8786; `dask scheduler` starts one.")],
    bundle: Annotated[str | None, typer.Option(help="Instead of analysis.bundle.")] = None,
    workers: Annotated[int | None, typer.Option(min=0, help="Instead of analysis.workers.")] = None,
    home: HomeOption = None,
) -> None:
    """Offer this machine's cores to a cluster, until told to stop; needs neither inbox nor database."""
    from leukowatch.analysis.offering import offer
    from leukowatch.console.logs import configure_logs, is_read_along
    from leukowatch.service.priority import give_way
    from leukowatch.service.running import signals

    settings = settings_of(home)
    configure_logs(settings.service.log_level, is_read_along())
    stopping = threading.Event()
    number = settings.analysis.workers if workers is None else workers
    give_way(settings.service.nice, settings.service.io_class)
    with signals(stopping):
        offer(
            scheduler,
            bundle or settings.analysis.bundle,
            number,
            settings.analysis.memory_megabytes,
            stopping,
        )
