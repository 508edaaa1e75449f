"""Headers that every answer carries, and the most that anybody may send."""

from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SOURCES = (
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
    "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
)  # fmt: skip
POLICY = "; ".join(_SOURCES)
"""Nothing inline, nothing from elsewhere, in nobody's frame."""
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
SECURE = "max-age=31536000"
"""Strict-Transport-Security, told only over https."""
LONGEST_BODY = 1_000_000
"""Bytes; a decision about every cell of a large slide is far below."""


class Guarded:
    """ASGI middleware: adds the headers, and refuses long bodies before they are read.

    Args:
        app: what answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add(MutableHeaders(scope=message), scope["scheme"])
            await send(message)

        if _announced(scope) > LONGEST_BODY:
            refusal = PlainTextResponse(f"at most {LONGEST_BODY} bytes", 413, {"Connection": "close"})
            await refusal(scope, receive, guarded)
            return
        await self._app(scope, _bounded(receive), guarded)


def _add(headers: MutableHeaders, scheme: str) -> None:
    for name, value in HEADERS.items():
        headers[name] = value
    headers.setdefault("Cache-Control", "no-store")
    if scheme == "https":
        headers["Strict-Transport-Security"] = SECURE


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


def _bounded(receive: Receive) -> Receive:
    """Break off a body that grows past the limit without having said so."""
    seen = 0

    async def bounded() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        return {"type": "http.disconnect"} if seen > LONGEST_BODY else message

    return bounded
