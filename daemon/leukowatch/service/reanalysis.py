"""Has the archive looked at again by another bundle; what was done before is not done twice."""

import os
import queue
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine

from leukonet.bundle import load_bundle
from leukonet.result import FieldResult
from leukowatch.analysis.choice import chosen_pool
from leukowatch.analysis.pool import Answer, Pool
from leukowatch.inbox.beneath import own_content
from leukowatch.service.home import home_name
from leukowatch.service.taking import AHEAD
from leukowatch.settings import Settings
from leukowatch.store.archived import ARCHIVE
from leukowatch.store.group import BundleRef
from leukowatch.store.opened import writer
from leukowatch.store.reanalysis import Archived, record_again, to_look_at

Told = Callable[[int, int], None]
"""Told how many fields are done, and of how many."""
PATIENCE = 1.0
"""Seconds between two looks at the workers' health."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What a run did."""

    done: int
    """Fields that have a further analysis now."""
    failed: tuple[str, ...]
    """Fields that have none, each with the reason: a further run tries them again."""


def reanalyse(settings: Settings, name: str, slides: Sequence[str], told: Told) -> Looked:
    """Look at this home's archived fields with a bundle, beside a running service too.

    Results are kept group by group, so that a run that is broken off goes on where it was.

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
        fields = to_look_at(engine, bundle.sha256, home_name(settings), slides)
        pool = chosen_pool(bundle, settings, name)
        try:
            pool.prove()
            return _Run(settings, engine, ref, pool, told).over(fields)
        finally:
            pool.stop(0.0)


class _Run:
    """One run over a list of fields."""

    def __init__(self, settings: Settings, engine: Engine, bundle: BundleRef, pool: Pool, told: Told) -> None:
        self._settings = settings
        self._engine = engine
        self._bundle = bundle
        self._pool = pool
        self._told = told
        self._answers: queue.SimpleQueue[tuple[Archived, Answer]] = queue.SimpleQueue()
        self._results: list[tuple[int, FieldResult]] = []
        self._failed: list[str] = []
        self._done = self._in_hand = 0

    def over(self, fields: Sequence[Archived]) -> Looked:
        """Look at the fields, as many at a time as the workers can use."""
        self._told(0, len(fields))
        try:
            for field in fields:
                self._start(field)
                while self._in_hand >= AHEAD * self._pool.workers:
                    self._take(len(fields))
            while self._in_hand:
                self._take(len(fields))
        finally:
            self._keep()
        return Looked(self._done, tuple(self._failed))

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

    def _take(self, total: int) -> None:
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
        self._told(self._done + len(self._results) + len(self._failed), total)

    def _keep(self) -> None:
        results, self._results = self._results, []
        if results:
            self._done += record_again(self._engine, self._bundle, results)
