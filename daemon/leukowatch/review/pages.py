"""The pages: what the server writes of them; the scripts do the rest over the API."""

from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import RedirectResponse, Response

from leukonet.cells import Role
from leukowatch.differential.building import slide_result
from leukowatch.errors import LeukowatchError
from leukowatch.review.api import comparing
from leukowatch.review.api import slides as api
from leukowatch.review.api.slides import SlideId
from leukowatch.review.asking import Called, Caller, caller_of
from leukowatch.review.house import House, Housed
from leukowatch.review.rendering import rendered
from leukowatch.store.accounts import accounts as stored_accounts
from leukowatch.store.archived import slide_name
from leukowatch.store.classes import FIXED, KEPT, site_classes
from leukowatch.store.life import Life
from leukowatch.store.queries import class_records, reading
from leukowatch.store.rights import AccountRole
from leukowatch.store.signatures import signatures_of

ROLES = {Role.COUNTED: "counted", Role.APART: "beside it, per 100 leucocytes", Role.NEVER: "never"}
"""What a class does to the count, in words."""


def start() -> Response:
    """Go to the list of slides."""
    return RedirectResponse("/slides", 303)


def slides(caller: Called) -> Response:
    """The list of slides."""
    return rendered("slides.html", caller, lives=list(Life))


def slide(slide: SlideId, house: Housed, caller: Called) -> Response:
    """One slide: gallery, differential, signing."""
    return _slide(slide, house, caller, second=False)


def second_look(slide: SlideId, house: Housed, caller: Called) -> Response:
    """The same slide for an independent count."""
    return _slide(slide, house, caller, second=True)


def report(slide: SlideId, house: Housed, caller: Called) -> Response:
    """A report to print."""
    name = slide_name(house.reader, slide)
    with reading(house.reader) as connection:
        rows = signatures_of(connection, slide)
    result = slide_result(house.reader, name, house.settings, house.now)
    life = api.life_of(house, slide)
    return rendered(
        "report.html", caller, number=slide, result=result, life=life, seal=rows[-1].seal if rows else ""
    )


def comparison(slide: SlideId, house: Housed, caller: Called) -> Response:
    """Two reviewers of a slide side by side."""
    found = comparing.comparison(slide, house)
    return rendered(
        "comparison.html", caller, number=slide, name=slide_name(house.reader, slide), found=found,
        labels=_labels(house),
    )  # fmt: skip


def record(house: Housed, caller: Called) -> Response:
    """The bundles' record with the reviewers."""
    return rendered("record.html", caller, records=comparing.record(house), labels=_labels(house))


def audit(caller: Called, subject: Annotated[str, Query(max_length=200)] = "") -> Response:
    """The audit trail."""
    return rendered("audit.html", caller, subject=subject)


def accounts(house: Housed, caller: Called) -> Response:
    """Accounts and tokens."""
    return rendered("accounts.html", caller, accounts=stored_accounts(house.reader), roles=list(AccountRole))


def worklist(caller: Called) -> Response:
    """Orders and slides."""
    return rendered("worklist.html", caller)


def classes(house: Housed, caller: Called) -> Response:
    """The site's classes."""
    return rendered(
        "classes.html", caller, classes=site_classes(house.reader), fixed=FIXED, kept=KEPT, roles=ROLES
    )


def password(caller: Called) -> Response:
    """One's own password."""
    return rendered("password.html", caller)


def problem(request: Request, status: int, detail: str) -> Response:
    """Say in words what went wrong."""
    try:
        caller = caller_of(request, request.app.state.house)
    except LeukowatchError:
        caller = None
    return rendered("problem.html", caller, status, number=status, detail=detail)


def _slide(number: int, house: House, caller: Caller, *, second: bool) -> Response:
    return rendered(
        "slide.html", caller, number=number, name=slide_name(house.reader, number), second=second,
        classes=[each for each in site_classes(house.reader) if not each.retired],
    )  # fmt: skip


def _labels(house: House) -> dict[str, str]:
    return {each.name: each.label for each in class_records(house.reader)}
