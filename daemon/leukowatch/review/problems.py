"""What goes wrong, as HTTP tells it: a status, and a sentence that names the remedy."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from leukonet.errors import LeukonetError
from leukowatch.errors import (
    ImagePruned,
    LeukowatchError,
    LoginRefused,
    NotAllowed,
    NotFound,
    RequestInvalid,
    ReviewRefused,
    StoreUnavailable,
)
from leukowatch.review.asking import NotLoggedIn

API = "/api/"
STATUSES: dict[type[Exception], int] = {
    NotLoggedIn: 401,
    LoginRefused: 401,
    NotAllowed: 403,
    ImagePruned: 410,
    NotFound: 404,
    LeukonetError: 404,
    ReviewRefused: 409,
    RequestInvalid: 422,
    StoreUnavailable: 503,
}
"""The first class that fits; whatever else is ours is 500."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Problem:
    """What the API answers where it does not do what was asked."""

    detail: str
    """A sentence for people."""
    reasons: list[str] = field(default_factory=list)
    """Each thing that stands in the way, where there are several."""


def handle_problems(app: FastAPI, page: Callable[[Request, int, str], Response]) -> None:
    """Have an app answer errors.

    Args:
        app: the application.
        page: makes the answer for people who look at pages.
    """

    def answer(request: Request, status: int, problem: Problem) -> Response:
        if not request.url.path.startswith(API):
            return page(request, status, problem.detail)
        headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None  # noqa: PLR2004  its number
        told: dict[str, Any] = {"detail": problem.detail, "reasons": problem.reasons}
        return JSONResponse(told, status, headers)

    async def ours(request: Request, error: Exception) -> Response:
        status = next((known for kind, known in STATUSES.items() if isinstance(error, kind)), 500)
        if isinstance(error, NotLoggedIn) and not request.url.path.startswith(API):
            return RedirectResponse("/login", 303)
        if status >= 500:  # noqa: PLR2004  HTTP's own border
            _log.error("request failed", path=request.url.path, because=str(error))
        return answer(request, status, Problem(str(error), reasons_of(error)))

    async def malformed(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        reasons = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
        return answer(request, 422, Problem("the request cannot be understood", reasons))

    async def known(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        response = answer(request, error.status_code, Problem(str(error.detail)))
        response.headers.update(error.headers or {})
        return response

    async def unforeseen(request: Request, error: Exception) -> Response:
        del error  # the server logs it with its trace; strangers are told nothing of it
        return answer(
            request, 500, Problem("something unforeseen went wrong; the log of the service tells it")
        )

    app.add_exception_handler(Exception, unforeseen)
    app.add_exception_handler(LeukowatchError, ours)
    app.add_exception_handler(LeukonetError, ours)
    app.add_exception_handler(RequestValidationError, malformed)
    app.add_exception_handler(HTTPException, known)


def reasons_of(error: Exception) -> list[str]:
    """Give the reasons that an error lists, if it lists any."""
    return [str(reason) for reason in getattr(error, "reasons", ())]
