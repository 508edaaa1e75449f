"""Every route, and the right that it takes: the one table of both. What is not here cannot be asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from leukowatch.review import entering, pages
from leukowatch.review.api import (
    cells,
    classes,
    comparing,
    exports,
    images,
    orders,
    people,
    signing,
    slides,
    trail,
)
from leukowatch.store.rights import Act

API = "/api/v1"


@dataclass(frozen=True, slots=True)
class Route:
    """One route."""

    method: str
    path: str
    endpoint: Callable[..., Any]
    act: Act | None
    """The right that it takes; None for the two that anybody may ask for."""


def _page(path: str, endpoint: Callable[..., Any], act: Act | None, method: str = "GET") -> Route:
    return Route(method, path, endpoint, act)


def _api(method: str, path: str, endpoint: Callable[..., Any], act: Act) -> Route:
    return Route(method, f"{API}{path}", endpoint, act)


ROUTES = (
    _page("/login", entering.login_page, None),
    _page("/login", entering.log_in, None, "POST"),
    _page("/", pages.start, Act.READ),
    _page("/slides", pages.slides, Act.READ),
    _page("/slides/{slide}", pages.slide, Act.READ),
    _page("/slides/{slide}/report", pages.report, Act.READ),
    _page("/slides/{slide}/second-look", pages.second_look, Act.REVIEW),
    _page("/slides/{slide}/comparison", pages.comparison, Act.READ),
    _page("/record", pages.record, Act.READ),
    _page("/worklist", pages.worklist, Act.READ),
    _page("/audit", pages.audit, Act.AUDIT),
    _page("/accounts", pages.accounts, Act.MANAGE),
    _page("/classes", pages.classes, Act.MANAGE),
    _page("/password", pages.password, Act.READ),
    _api("GET", "/me", people.me, Act.READ),
    _api("POST", "/logout", people.log_out, Act.READ),
    _api("POST", "/password", people.password, Act.READ),
    _api("GET", "/classes", classes.classes, Act.READ),
    _api("POST", "/classes", classes.new_class, Act.MANAGE),
    _api("POST", "/classes/{name}", classes.change_class, Act.MANAGE),
    _api("GET", "/worklist", orders.worklist, Act.READ),
    _api("POST", "/worklist", orders.take_worklist, Act.WORKLIST),
    _api("GET", "/slides", slides.slides, Act.READ),
    _api("GET", "/slides/{slide}", slides.slide, Act.READ),
    _api("GET", "/slides/{slide}/cells", cells.cells, Act.READ),
    _api("POST", "/slides/{slide}/decisions", cells.decide, Act.REVIEW),
    _api("POST", "/slides/{slide}/added", cells.add, Act.REVIEW),
    _api("POST", "/slides/{slide}/undo", cells.undo, Act.REVIEW),
    _api("GET", "/slides/{slide}/signing", signing.signing, Act.READ),
    _api("POST", "/slides/{slide}/signature", signing.sign, Act.SIGN),
    _api("POST", "/slides/{slide}/second-signature", signing.second, Act.SECOND),
    _api("POST", "/slides/{slide}/amendment", signing.amend, Act.AMEND),
    _api("POST", "/slides/{slide}/quarantined/{file}/set-aside", signing.set_aside, Act.SET_ASIDE),
    _api("GET", "/slides/{slide}/comparison", comparing.comparison, Act.READ),
    _api("GET", "/slides/{slide}/export", exports.export, Act.EXPORT),
    _api("GET", "/fields/{field}/image", images.image, Act.READ),
    _api("GET", "/fields/{field}/crops/{cell}", images.crop, Act.READ),
    _api("GET", "/record", comparing.record, Act.READ),
    _api("GET", "/events", exports.events, Act.READ),
    _api("GET", "/audit", trail.audit, Act.AUDIT),
    _api("GET", "/audit/verification", trail.verification, Act.AUDIT),
    _api("GET", "/accounts", people.accounts, Act.MANAGE),
    _api("POST", "/accounts", people.add_account, Act.MANAGE),
    _api("POST", "/accounts/{account}", people.change_account, Act.MANAGE),
    _api("GET", "/tokens", people.tokens, Act.MANAGE),
    _api("POST", "/tokens", people.add_token, Act.MANAGE),
    _api("DELETE", "/tokens/{token}", people.revoke_token, Act.MANAGE),
)
