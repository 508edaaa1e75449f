"""The line to a cluster's scheduler: made anew whenever it breaks, and who of the workers there have the bundle."""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import dask
import structlog
from distributed import Client

_log = structlog.get_logger(__name__)

COUNT_EVERY = 2.0
"""Seconds between two counts of the workers."""
CONNECT_SECONDS = 5.0
"""How long one try to connect may take."""


class Line:
    """Connects to a scheduler, and counts the workers that offer a resource; it need not be up yet.

    Args:
        scheduler: as `tcp://HOST:8786`.
        resource: what workers with the bundle offer.
        nobody: called each time that no such worker was there.
    """

    def __init__(self, scheduler: str, resource: str, nobody: Callable[[], None]) -> None:
        self._scheduler = scheduler
        self._resource = resource
        self._nobody = nobody
        self._lock = threading.Lock()
        self._client: Client | None = None
        self._ended = False
        self._next_count = 0.0
        self._complaint = ""
        self.slots = -1
        """Workers that have the bundle; -1 while they are not counted."""
        logging.getLogger("distributed").setLevel(
            logging.CRITICAL
        )  # what matters is logged here, in our form
        dask.config.set(
            {"distributed.admin.large-graph-warning-threshold": "1 GiB"}
        )  # fields are meant to travel

    def client(self) -> Client | None:
        """The client where it is connected now."""
        client = self._client
        return client if client is not None and client.status == "running" else None

    def round(self) -> bool:
        """Connect where that is needed, and count the workers where it is time.

        Returns:
            Whether it is connected.

        Raises:
            Exception: any of a dozen of Dask's and the network's, where nobody answers; `broke` tells of it.
        """
        client = self._connected()
        if client is None:
            return False
        if time.monotonic() >= self._next_count:
            self._count(client)
            self._next_count = time.monotonic() + COUNT_EVERY
        self._complaint = ""
        return True

    def broke(self, error: Exception) -> None:
        """Nobody answered; say so once, however long it lasts."""
        self._nobody()
        why = str(error) or type(error).__name__
        if why != self._complaint:
            _log.warning("the cluster did not answer; fields wait", error=why, scheduler=self._scheduler)
        self._complaint = why

    def let_go(self) -> Client | None:
        """Give away the client, for the caller to close, and make no other."""
        with self._lock:
            self._ended = True
            client, self._client = self._client, None
        return client

    def _connected(self) -> Client | None:
        """The client where it is connected; a new one where the old one gave up."""
        client = self._client
        if client is not None and client.status == "running":
            return client
        if client is not None and client.status in {"connecting", "newly-connected"}:
            return None
        if client is not None:
            _log.error("the scheduler is gone; fields wait for it", scheduler=self._scheduler)
            self._client, self.slots = None, -1
        made = Client(self._scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
        with self._lock:
            if self._ended:
                close(made)
                return None
            self._client = made
        _log.info("connected to the scheduler", scheduler=self._scheduler)
        return made

    def _count(self, client: Client) -> None:
        """Count the workers that have the bundle."""
        known = client.scheduler_info(n_workers=-1)["workers"].values()
        slots = int(sum(worker["resources"].get(self._resource, 0) for worker in known))
        if slots != self.slots:
            told = _log.info if slots else _log.warning
            told("workers with this bundle", workers=slots, others=len(known) - slots)
        self.slots = slots
        if not slots:
            self._nobody()


def close(client: Client) -> None:
    """Let go of the scheduler, whether or not it is still there."""
    with suppress(Exception):
        client.close(timeout=CONNECT_SECONDS)
