"""The service from start to stop.

What the workers need comes first: they get ready beside this process, which imports the rest meanwhile.
"""

import faulthandler
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import TYPE_CHECKING

import structlog

from leukonet.bundle import load_bundle
from leukowatch.analysis.choice import chosen_pool
from leukowatch.errors import InboxVanished, StillWaiting, StoreUnavailable
from leukowatch.inbox.listing import temporary_files, unlistable_folders
from leukowatch.inbox.naming import printable
from leukowatch.service import systemd
from leukowatch.service.heartbeat import Heartbeat
from leukowatch.service.home import NAME, make_home, only_one
from leukowatch.service.priority import give_way
from leukowatch.service.vitality import patience_of
from leukowatch.settings import DATABASE_NAME, Settings

if TYPE_CHECKING:
    from leukowatch.service.daemon import Daemon

_log = structlog.get_logger(__name__)

TICK = 0.25
"""Seconds between two looks for an inbox that vanished."""
SHOWN = 10
"""Files that an error names at most."""


@contextmanager
def running(settings: Settings) -> Iterator["Daemon"]:
    """A started daemon on its home; leaving the block stops it.

    Raises:
        LeukowatchError: the home is in use, the store cannot be opened, or the inbox is not there.
        LeukonetError: the bundle is missing or damaged, or sees nothing.
    """
    _require_inbox(settings)
    make_home(settings)
    with only_one(settings.home), ExitStack() as ending:
        give_way(settings.service.nice, settings.service.io_class)
        bundle = load_bundle(settings.analysis.bundle)
        pool = chosen_pool(bundle, settings)
        ending.callback(pool.stop, 0.0)
        from leukowatch.service.daemon import started  # noqa: PLC0415  half a second, beside the workers' own

        yield ending.enter_context(started(settings, bundle, pool))


def _require_inbox(settings: Settings) -> None:
    """Refuse to make an inbox where there was one: it may only be unmounted."""
    used = any((settings.home / name).exists() for name in (DATABASE_NAME, NAME))
    if used and not settings.inbox_folder.is_dir():
        raise InboxVanished(f"{settings.inbox_folder}: missing, though this home was used: mount or make it")


def serve(settings: Settings, stopping: threading.Event) -> None:
    """Run until told to stop.

    Raises:
        LeukowatchError: as `running`; or the writer ended.
    """
    if sys.stderr:  # some supervisors close it
        faulthandler.enable()  # the watchdog's SIGABRT leaves in the log where each thread stood
    with running(settings) as daemon:
        heart = Heartbeat(daemon.vitals, daemon.status, patience_of(settings.analysis.deadline_seconds))
        systemd.notify("READY=1", f"STATUS={daemon.status()}")
        _log.info("ready", inbox=str(settings.inbox_folder), bundle=settings.analysis.bundle)
        vanished = False
        while not stopping.is_set():
            try:
                if vanished:
                    daemon.rearm()
                    vanished = False
                daemon.round()
            except InboxVanished as error:
                if not vanished:
                    _log.error("the inbox is not what was watched", error=str(error))
                vanished = True
                stopping.wait(TICK)
            daemon.reporter.round(time.monotonic())
            heart.beat()
        _log.info("stopping", in_hand=daemon.taker.in_hand())
    _log.info("stopped")


def scan(settings: Settings, stopping: threading.Event) -> int:
    """Take what is in the inbox now.

    Returns:
        How many files were filed.

    Raises:
        StillWaiting: files of the start are still in the inbox; the message names them.
        LeukowatchError: as `running`.
    """
    with running(settings) as daemon:
        present = daemon.taker.pending()
        left = present
        while not stopping.is_set() and not left <= daemon.taker.hopeless():
            daemon.round()
            left = present & daemon.taker.pending()
            shut = daemon.taker.gate.shut()
            if shut and not daemon.taker.in_hand():
                raise StillWaiting(f"{len(left)} files wait in the inbox: {shut.told}")
            if daemon.refused():
                raise StoreUnavailable(
                    f"{daemon.database}: takes no results, {len(left)} files wait; the log says why"
                )
    left |= {*temporary_files(settings.inbox_folder), *unlistable_folders(settings.inbox_folder)}
    if left:
        named = ", ".join(printable(key) for key in sorted(left)[:SHOWN])
        raise StillWaiting(f"{len(left)} files or folders still wait in the inbox: {named}; the log says why")
    return daemon.taker.filed


@contextmanager
def signals(stopping: threading.Event) -> Iterator[None]:
    """SIGTERM and Ctrl-C ask for a stop.

    A second one ends the process at once, which is as safe as a power cut: the next start finishes the rest.
    """

    def ask(number: int, frame: FrameType | None) -> None:
        del frame
        if stopping.is_set():
            os._exit(128 + number)
        stopping.set()

    former = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
