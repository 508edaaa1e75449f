"""Fills the templates; whatever comes from files, slides or people is escaped."""

from datetime import datetime
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from leukonet import __version__
from leukowatch.review.asking import Caller
from leukowatch.store.rights import RIGHTS

DASH = "\N{EN DASH}"
_templates = Environment(
    loader=PackageLoader("leukowatch.review"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def rendered(template: str, caller: Caller | None, status: int = 200, **told: Any) -> HTMLResponse:
    """Fill a template.

    Args:
        template: name of the file.
        caller: who looks at it; None before login.
        status: of HTTP.
        told: the template's own names.
    """
    rights = {act.value for act in RIGHTS[caller.actor.role]} if caller else set()
    common = {"caller": caller, "rights": rights, "version": __version__}
    return HTMLResponse(_templates.get_template(template).render(common | told), status)


def _percent(value: float | None) -> str:
    return DASH if value is None else f"{value:.1f}"


def _range(low: float | None, high: float | None) -> str:
    return DASH if low is None or high is None else f"{low:.1f}{DASH}{high:.1f}"


def _moment(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M} UTC"


_templates.filters.update(percent=_percent, moment=_moment)
_templates.globals.update(range_of=_range)
