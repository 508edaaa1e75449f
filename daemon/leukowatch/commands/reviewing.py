"""The command that serves the review page."""

from importlib.util import find_spec

import typer

from leukowatch.commands.options import HomeOption, settings_of
from leukowatch.errors import ExtraMissing

NEEDED = ("argon2", "fastapi", "hl7", "jinja2", "python_multipart", "uvicorn")
"""Of the extra `review`, what the page imports before it listens."""


def review(home: HomeOption = None) -> None:
    """Serve the review page and its HTTP API until told to stop."""
    from leukowatch.console.logs import configure_logs, is_read_along
    from leukowatch.service.systemd import notify
    from leukowatch.store.opened import reader

    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise ExtraMissing(f"review needs {', '.join(missing)}: `pip install leukowatch[review]`")
    from leukowatch.review.serving import serve

    settings = settings_of(home)
    configure_logs(settings.service.log_level, is_read_along())
    with reader(settings):
        pass  # an absent database or another version's schema is told before anything listens

    def ready(address: str) -> None:
        notify("READY=1", f"STATUS=review page on {address}")
        typer.echo(f"review page on {address}")

    serve(settings, ready)
    notify("STOPPING=1")
