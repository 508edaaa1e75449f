"""Has the archive looked at again by another bundle; what was done before is not done twice."""

import os
import queue
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from leukonet.bundle import load_bundle
from leukonet.result import FieldResult
from leukowatch.analysis.answers import Answer, Pool
from leukowatch.analysis.choice import chosen_pool
from leukowatch.inbox.beneath import own_content
from leukowatch.inbox.gate import why_shut
from leukowatch.service.home import home_name
from leukowatch.service.priority import give_way
from leukowatch.service.taking import AHEAD
from leukowatch.settings import Settings
from leukowatch.store.analyses import BundleRef
from leukowatch.store.archived import ARCHIVE
from leukowatch.store.opened import writer, written_folders
from leukowatch.store.reanalysis import Archived, how_many_to_look_at, record_again, to_look_at

Told = Callable[[int, int, str], None]
"""Told how many fields are done, of how many, and why nothing is begun just now, else nothing."""
PATIENCE = 1.0
"""Seconds between two looks at the workers' health, and at a reason to wait."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What a run did."""

    done: int
    """Fields that have a further analysis now."""
    failed: tuple[str, ...]
    """Fields that have none, each with the reason: a further run tries them again."""


def reanalyse(settings: Settings, name: str, slides: Sequence[str], told: Told) -> Looked:
    """Look at this home's archived fields with a bundle, beside a running service too, and as light as that.

    Results are kept group by group, so that a run that is broken off goes on where it was. It gives way as the
    service does, and waits while that would: paused, out of hours, or with the disk nearly full.

    Args:
        settings: in force.
        name: of a shipped bundle, or the path of one.
        slides: names; none for all.
        told: see `Told`.

    Raises:
        LeukonetError: the bundle is missing or damaged, or does not see a synthetic field as it should.
        WorkersFail: no worker came.
        NotFound: there is no slide of one of the names.
        StoreUnavailable: what was kept before that stays.
    """
    bundle = load_bundle(name)
    ref = BundleRef(bundle.name, bundle.sha256, bundle.kind, bundle.classes)
    with writer(settings) as engine:
        total = how_many_to_look_at(engine, bundle.sha256, home_name(settings), slides)
        if not total:
            return Looked(0, ())
        give_way(settings.service.nice, settings.service.io_class)
        pool = chosen_pool(bundle, settings, name)
        try:
            pool.prove()
            run = _Run(settings, engine, ref, pool, total, told)
            return run.over(_listed(engine, bundle.sha256, home_name(settings), slides))
        finally:
            pool.stop(0.0)


def _listed(engine: Engine, sha256: str, home: str, slides: Sequence[str]) -> Iterator[Archived]:
    """Give the fields page by page; those that come meanwhile too."""
    after = 0
    while page := to_look_at(engine, sha256, home, slides, after):
        yield from page
        after = page[-1].field_id


class _Run:
    """One run over a list of fields."""

    def __init__(
        self, settings: Settings, engine: Engine, bundle: BundleRef, pool: Pool, total: int, told: Told
    ) -> None:
        self._settings = settings
        self._engine = engine
        self._bundle = bundle
        self._pool = pool
        self._total = total
        self._told = told
        self._answers: queue.SimpleQueue[tuple[Archived, Answer]] = queue.SimpleQueue()
        self._results: list[tuple[int, FieldResult]] = []
        self._failed: list[str] = []
        self._done = self._in_hand = 0

    def over(self, fields: Iterable[Archived]) -> Looked:
        """Look at the fields, as many at a time as the workers can use."""
        self._tell()
        try:
            for field in fields:
                self._wait_for_leave()
                self._start(field)
                while self._in_hand >= AHEAD * self._pool.workers:
                    self._take()
            while self._in_hand:
                self._take()
        finally:
            self._keep()
        return Looked(self._done, tuple(self._failed))

    def _wait_for_leave(self) -> None:
        """Begin nothing while the service would take nothing; what is in hand is finished and kept."""
        folders = written_folders(self._settings)
        while shut := why_shut(self._settings, folders, datetime.now()):  # noqa: DTZ005  local, as the hours are
            while self._in_hand:
                self._take()
            self._keep()
            self._tell(shut.told)
            time.sleep(PATIENCE)

    def _start(self, field: Archived) -> None:
        archive, relative = self._settings.archive_folder, field.destination.removeprefix(ARCHIVE)
        try:
            data = own_content(archive, relative, field.sha256)
        except OSError as error:
            self._failed.append(f"{field.file}: {error.strerror}; put its own file back into the archive")
            return
        path = archive / os.fsdecode(relative)
        self._in_hand += 1
        self._pool.submit(data, lambda answer: self._answers.put((field, answer)), path)

    def _take(self) -> None:
        self._pool.check()
        try:
            field, answer = self._answers.get(timeout=PATIENCE)
        except queue.Empty:
            return
        self._in_hand -= 1
        if isinstance(answer, FieldResult):
            self._results.append((field.field_id, answer))
        else:
            self._failed.append(f"{field.file}: {answer}")
        if len(self._results) >= self._settings.store.group:
            self._keep()
        self._tell()

    def _tell(self, waits: str = "") -> None:
        done = self._done + len(self._results) + len(self._failed)
        self._told(done, max(done, self._total), waits)

    def _keep(self) -> None:
        results, self._results = self._results, []
        if results:
            self._done += record_again(self._engine, self._bundle, results)
