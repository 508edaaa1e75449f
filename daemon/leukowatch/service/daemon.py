"""The service from start to stop, each stage in its order."""

import faulthandler
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import structlog
from sqlalchemy import Engine

from leukonet.bundle import load_bundle
from leukowatch.analysis.choice import chosen_pool
from leukowatch.errors import InboxVanished, LeukowatchError, StillWaiting, StoreUnavailable
from leukowatch.inbox.filing import Filer
from leukowatch.inbox.gate import Gate
from leukowatch.inbox.listing import temporary_files, unlistable_folders
from leukowatch.inbox.naming import printable
from leukowatch.inbox.watch import InboxWatch
from leukowatch.service import systemd
from leukowatch.service.heartbeat import Heartbeat, counts
from leukowatch.service.home import NAME, home_name, make_home, only_one
from leukowatch.service.metrics import Reporter
from leukowatch.service.priority import give_way
from leukowatch.service.taking import Taker
from leukowatch.service.vitality import Part, Vitals, patience_of
from leukowatch.service.writing import Writer
from leukowatch.settings import DATABASE_NAME, Settings
from leukowatch.store.analyses import BundleRef
from leukowatch.store.database import close_writer, open_writer
from leukowatch.store.engines import location
from leukowatch.store.ledger import Ledger
from leukowatch.store.opened import written_folders

_log = structlog.get_logger(__name__)

TICK = 0.25
"""Longest wait in seconds for a hint, and so for a signal to be noticed."""
REFUSALS = 3
"""Times in a row that the database may refuse results before a scan gives up."""
SHOWN = 10
"""Files that an error names at most."""


class Daemon:
    """Everything that runs between `start` and `stop`; made by `running`."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        bundle = load_bundle(settings.analysis.bundle)
        self._settings = settings
        self.database = location(engine)
        """The database, as a message names it."""
        self._watch = InboxWatch(settings.inbox_folder, settings.inbox.queue, polling=settings.inbox.polling)
        self._pool = chosen_pool(bundle, settings)
        filer = Filer(settings.inbox_folder, settings.archive_folder, settings.quarantine_folder)
        ref = BundleRef(bundle.name, bundle.sha256, bundle.kind, bundle.classes)
        ledger = Ledger(engine, ref, home=home_name(settings))
        self._writer = Writer(
            ledger,
            filer,
            settings.home,
            settings.store.group,
            lambda key, fate: self.taker.settled(key, fate),  # noqa: PLW0108  made below
        )
        gate = Gate(settings, written_folders(settings))
        self.taker = Taker(settings, self._watch, self._pool, self._writer.put, self._writer.put_end, gate)
        self.reporter = Reporter(settings, bundle, self.taker, self._pool, self._writer.progress)

    def start(self) -> None:
        """Finish what an earlier run left, watch, list what is there, and wait for the networks' proof.

        Raises:
            InboxVanished: the inbox is not there.
            StoreUnavailable: the database cannot be read or written.
            LeukonetError: the networks do not see a synthetic field as they should.
            WorkersFail: no worker came so far.
        """
        recovered = self._writer.recover()
        if recovered:
            _log.warning("moves of an earlier run finished", files=recovered)
        self._watch.start()
        self._writer.start()
        self.taker.rescan()
        self._pool.prove()

    def vitals(self) -> Vitals:
        """What its parts show now."""
        return Vitals(
            armed=self._watch.armed(),
            workers=Part(self._pool.answered, self._pool.in_hand()),
            writer=Part(self._writer.turns, self._writer.in_hand()),
            writing=self._writer.is_alive(),
        )

    def round(self) -> None:
        """One round of taking.

        Raises:
            InboxVanished: the inbox is not what was watched; `rearm` when it is back.
            WorkersFail: the workers break again and again.
            LeukowatchError: the writer ended.
        """
        if self._writer.failure:
            raise LeukowatchError(f"the writer ended: {self._writer.failure}") from self._writer.failure
        self._pool.check()
        self.taker.round(TICK)

    def rearm(self) -> None:
        """Watch the inbox again.

        Raises:
            InboxVanished: it is not back.
        """
        self._watch.rearm()
        _log.warning("the inbox is watched again", inbox=str(self._settings.inbox_folder))

    def status(self) -> str:
        """One line of what was recorded since the start and what waits, as the service manager shows it."""
        shut = self.taker.gate.shut()
        told = counts(self._writer.progress.done().files, self.taker.unfiled())
        return f"{told}: {shut.told}" if shut else told

    def refused(self) -> bool:
        """Whether the database has refused results time and again."""
        return self._writer.refusals >= REFUSALS

    def stop(self) -> None:
        """Stop taking, let workers finish what is in hand, commit and file it; the rest stays in the inbox."""
        self._watch.stop()
        self._pool.stop(self._settings.service.stop_seconds)
        if self._writer.ident is not None:
            self._writer.finish()
            self._writer.join()


@contextmanager
def running(settings: Settings) -> Iterator[Daemon]:
    """A started daemon on its home; leaving the block stops it.

    Raises:
        LeukowatchError: the home is in use, the store cannot be opened, or the inbox is not there.
        BundleError: the bundle is missing or damaged.
    """
    _require_inbox(settings)
    make_home(settings)
    with only_one(settings.home):
        give_way(settings.service.nice, settings.service.io_class)
        systemd.notify("STATUS=opening the database, and bringing it up to date")
        engine = open_writer(settings.database_url, settings.store.busy_seconds, upgrade=True)
        try:
            systemd.notify("STATUS=trying the networks, and listing the inbox")
            daemon = Daemon(settings, engine)
            try:
                daemon.start()
                yield daemon
            finally:
                systemd.notify("STOPPING=1")
                daemon.stop()
        finally:
            close_writer(engine)


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
