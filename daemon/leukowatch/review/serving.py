"""Runs the page, and beside it the outbox, until told to stop."""

import gc
import socket
import threading
from collections.abc import Callable

import uvicorn

from leukowatch.errors import RequestInvalid
from leukowatch.exchange.sending import run_outbox
from leukowatch.review.app import make_app
from leukowatch.settings import Settings

STOP_SECONDS = 2
"""Streams of news are still open when the page stops; what was asked meanwhile is answered within this time."""


class _Server(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[str], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        if self.started:
            gc.collect()
            gc.freeze()  # what is loaded by now stays: a request that makes many rows need not look it all through
            self._ready(f"http://{self.config.host}:{self.config.port}")


def serve(settings: Settings, ready: Callable[[str], None]) -> None:
    """Serve the page on `review.host` and `review.port`, and send what is signed.

    Args:
        settings: in force.
        ready: is told the address once the page answers.

    Raises:
        RequestInvalid: the address cannot be listened on.
        StoreUnavailable, SchemaMismatch: as `open_writer`.
    """
    config = uvicorn.Config(
        make_app(settings),
        host=settings.review.host,
        port=settings.review.port,
        proxy_headers=bool(settings.review.proxy),
        forwarded_allow_ips=settings.review.proxy or None,
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    stopping = threading.Event()
    outbox = threading.Thread(target=run_outbox, args=(settings, stopping), name="outbox")
    outbox.start()
    try:
        _Server(config, ready).run()
    except SystemExit as error:
        raise RequestInvalid(
            f"{settings.review.host}:{settings.review.port} cannot be listened on; "
            "is another page running? review.host and review.port name another place"
        ) from error
    finally:
        stopping.set()
        outbox.join()
