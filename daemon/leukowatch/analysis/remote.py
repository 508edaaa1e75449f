"""What runs in a cluster's worker: one field after another, by the bundle that the daemon has and no other."""

import faulthandler
import os
import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from leukonet.analysis import analyse
from leukonet.bundle import Bundle, load_bundle
from leukonet.result import FieldResult
from leukowatch.errors import LeukowatchError
from leukowatch.inbox.beneath import own_content

_one_at_a_time = threading.Lock()
"""The networks serve one field at a time, however many threads a worker was given."""


class OtherBundle(LeukowatchError):
    """This worker's bundle is not the daemon's; no field is looked at with it."""


class NotShared(LeukowatchError):
    """This worker does not find the same bytes where the daemon said."""


@dataclass(frozen=True, slots=True)
class Order:
    """How a daemon wants its fields looked at."""

    source: str
    """Name of a shipped bundle, or a path that is the same on every machine."""
    sha256: str
    """The bundle's identity."""
    max_pixels: int
    """Larger images are refused."""
    deadline: float
    """Seconds after which this process ends itself: the networks' code cannot be interrupted otherwise."""


@dataclass(frozen=True, slots=True)
class Place:
    """A field that travels by its path."""

    path: bytes
    sha256: str
    """Of the bytes that the daemon read there."""


def look(order: Order, field: bytes | Place) -> FieldResult:
    """Analyse one field.

    Raises:
        OtherBundle: this machine has another bundle of that name.
        NotShared: there is no such file here, or it holds something else.
        LeukonetError: the bytes are no image that can be counted, or there is no such bundle.
    """
    with _one_at_a_time:
        faulthandler.dump_traceback_later(order.deadline, exit=True)
        try:
            return analyse(_content(field), _bundle(order.source, order.sha256), order.max_pixels)
        finally:
            faulthandler.cancel_dump_traceback_later()


@lru_cache(maxsize=2)
def _bundle(source: str, sha256: str) -> Bundle:
    bundle = load_bundle(source)
    if bundle.sha256 != sha256:
        raise OtherBundle(
            f"bundle {source} is {bundle.sha256[:12]} on this worker and {sha256[:12]} in the daemon: install "
            "the same on both, then start the worker again"
        )
    return bundle


def _content(field: bytes | Place) -> bytes:
    if isinstance(field, bytes):
        return field
    folder, name = os.path.split(field.path)
    try:
        return own_content(Path(os.fsdecode(folder)), name, field.sha256)
    except OSError as error:
        raise NotShared(f"{os.fsdecode(field.path)}: not here ({error.strerror})") from error


def resource(sha256: str) -> str:
    """Name what a worker with this bundle offers to the scheduler, so that no other gets the daemon's fields."""
    return f"leukowatch-{sha256[:16]}"
