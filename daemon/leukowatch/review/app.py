"""Puts the page together: routes with their rights, headers, errors, static files."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.staticfiles import StaticFiles

from leukonet import __version__
from leukowatch.review import asking, pages
from leukowatch.review.headers import Guarded
from leukowatch.review.house import furnished
from leukowatch.review.problems import Problem, handle_problems
from leukowatch.review.routes import API, ROUTES, Route
from leukowatch.settings import Settings
from leukowatch.store.rights import Act

STATIC = Path(__file__).parent / "static"
_REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem} for status in (401, 403, 404, 409, 410, 413, 422, 503)
}


def make_app(settings: Settings) -> FastAPI:
    """Make the application; the store is opened when it starts, and closed when it stops."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with furnished(settings) as house:
            app.state.house = house
            yield

    app = FastAPI(
        title="Leukowatch",
        summary="Review and sign differential counts. Research use only.",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.add_middleware(Guarded)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for route in ROUTES:
        _add(app, route)
    _describe(app)
    handle_problems(app, pages.problem)
    return app


def _add(app: FastAPI, route: Route) -> None:
    needed = [] if route.act is None else [Depends(asking.requires(route.act))]
    how: dict[str, Any]
    if route.path.startswith(API):
        nothing = route.method != "GET" and route.endpoint.__annotations__.get("return") is None
        how = {"responses": _REFUSALS, "status_code": 204 if nothing else 200}
    else:
        how = {"response_class": HTMLResponse, "response_model": None, "include_in_schema": False}
    app.add_api_route(route.path, route.endpoint, methods=[route.method], dependencies=needed, **how)


def _describe(app: FastAPI) -> None:
    """Serve the OpenAPI schema to whoever may read."""

    def schema(request: Request) -> JSONResponse:
        return JSONResponse(request.app.openapi())

    app.add_api_route(
        f"{API}/openapi.json", schema, dependencies=[Depends(asking.requires(Act.READ))],
        include_in_schema=False,
    )  # fmt: skip
