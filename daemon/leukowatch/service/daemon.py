"""Everything that runs in the daemon's process, joined, started and stopped in its order."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy import Engine

from leukonet.bundle import Bundle
from leukowatch.analysis.answers import Pool
from leukowatch.errors import LeukowatchError
from leukowatch.inbox.filing import Filer
from leukowatch.inbox.gate import Gate
from leukowatch.inbox.watch import InboxWatch
from leukowatch.service import systemd
from leukowatch.service.heartbeat import counts
from leukowatch.service.home import home_name
from leukowatch.service.metrics import Reporter
from leukowatch.service.taking import Taker
from leukowatch.service.vitality import Part, Vitals
from leukowatch.service.writing import Writer
from leukowatch.settings import Settings
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


class Daemon:
    """Everything that runs between `start` and `stop`.

    Args:
        settings: in force.
        bundle: loaded and checked.
        pool: looks at fields by it; is getting ready.
        engine: of `open_writer`.
    """

    def __init__(self, settings: Settings, bundle: Bundle, pool: Pool, engine: Engine) -> None:
        self._settings = settings
        self.database = location(engine)
        """The database, as a message names it."""
        self._watch = InboxWatch(settings.inbox_folder, settings.inbox.queue, polling=settings.inbox.polling)
        self._pool = pool
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
            raise LeukowatchError(
                f"the writer ended ({self._writer.failure}); start again, which finishes what it left: the log "
                "has the trace"
            ) from self._writer.failure
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
def started(settings: Settings, bundle: Bundle, pool: Pool) -> Iterator[Daemon]:
    """A started daemon over its store; leaving the block stops it, and the pool with it.

    Raises:
        LeukowatchError: the store cannot be opened, or the inbox is not there.
        LeukonetError: the networks do not see a synthetic field as they should.
    """
    systemd.notify("STATUS=opening the database, and bringing it up to date")
    engine = open_writer(settings.database_url, settings.store.busy_seconds, upgrade=True)
    try:
        systemd.notify("STATUS=trying the networks, and listing the inbox")
        daemon = Daemon(settings, bundle, pool, engine)
        try:
            daemon.start()
            yield daemon
        finally:
            systemd.notify("STOPPING=1")
            daemon.stop()
    finally:
        close_writer(engine)
