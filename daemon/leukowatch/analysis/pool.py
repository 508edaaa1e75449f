"""Fields to results: worker processes that may crash or hang without taking the others along."""

import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, TimeoutError  # noqa: A004  the one that pebble raises
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import structlog
from pebble import ProcessExpired, ProcessPool

from leukonet.bundle import Bundle
from leukonet.errors import LeukonetError
from leukonet.result import FieldResult
from leukowatch.analysis import worker
from leukowatch.analysis.trial import await_proof
from leukowatch.errors import LeukowatchError, WorkersFail

_log = structlog.get_logger(__name__)

MOST_BROKEN = 5
"""Pools that may break one after another, without a result between them, before the service gives up."""


class Refused(LeukowatchError):
    """A field that gave no result; its image is to be quarantined.

    Args:
        reason: one machine-readable word.
        detail: a sentence for people.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class Returned(LeukowatchError):
    """A field given back unread because the pool stopped; its image stays in the inbox."""


Answer = FieldResult | Refused | Returned
Deliver = Callable[[Answer], None]


class Pool(Protocol):
    """What the daemon asks of workers, here or on other machines."""

    restarts: int
    """Workers that died or hung since the start."""
    answered: int
    """Looks that ended, well or not, since the start."""

    @property
    def workers(self) -> int:
        """Fields that can be looked at at the same time, at least 1."""

    def prove(self) -> None:
        """Raise a `LeukonetError` where the networks do not see a synthetic field as they should."""

    def in_hand(self) -> int:
        """Fields that were given and have no answer yet."""

    def submit(self, data: bytes, deliver: Deliver, place: Path) -> None:
        """Have one field looked at; `deliver` is called once with the answer, mostly in another thread."""

    def check(self) -> None:
        """Raise `WorkersFail` where there is no hope of answers."""

    def stop(self, seconds: float) -> None:
        """Take nothing more, wait for what is in hand, and give back what is not done by then."""


@dataclass(eq=False, slots=True)
class _Job:
    """A field in hand."""

    data: bytes
    deliver: Deliver
    attempt: int = 1


class LocalPool:
    """Worker processes on this machine, each with its own networks.

    Args:
        bundle: what the daemon loaded and checked.
        source: the name or path that workers load it by.
        workers: processes; 0 is one for each core this process may use.
        deadline: seconds that one look at a field may take.
        attempts: looks at a field that kills or hangs its worker, before it is refused.
        max_pixels: larger images are refused.
        memory_megabytes: address space of one worker; a field that needs more is refused.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        bundle: Bundle,
        source: str,
        *,
        workers: int,
        deadline: float,
        attempts: int,
        max_pixels: int,
        memory_megabytes: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.workers = workers or len(os.sched_getaffinity(0))
        self.restarts = 0
        """Workers that died, or were ended because they hung, since the start."""
        self._deadline = deadline
        self._attempts = attempts
        self._clock = clock
        self._name = bundle.name
        self._begin = (source, bundle.sha256, max_pixels, memory_megabytes)
        self._lock = threading.RLock()
        self._jobs: dict[Future[FieldResult], _Job] = {}
        self._stopping = False
        self._broken = 0
        self._last_sign = clock()
        self.answered = 0
        """Looks that ended, well or not, since the start."""
        self._pool = self._made()
        self._proof = self._pool.schedule(worker.prove)

    def prove(self) -> None:
        """Wait until a worker has shown that its networks see a synthetic field as they should.

        Raises:
            LeukonetError: they do not, or they end their process.
            WorkersFail: no worker came so far.
        """
        begun = [self._proof]
        await_proof(lambda: begun.pop() if begun else self._pool.schedule(worker.prove), self._name)

    def in_hand(self) -> int:
        """Fields that were given and have no answer yet."""
        return len(self._jobs)

    def submit(self, data: bytes, deliver: Deliver, place: Path | None = None) -> None:
        """Have one field looked at.

        Args:
            data: the image file's bytes.
            deliver: called once with the answer, mostly in another thread.
            place: where the file is; these workers have no need of it.
        """
        del place
        self._schedule(_Job(data, deliver))

    def check(self) -> None:
        """Make the pool anew where it gave no answer for two deadlines though it has fields in hand.

        A field's own deadline begins when a worker takes it: a worker that hangs before that is found only here.

        Raises:
            WorkersFail: the workers break again and again.
        """
        if self._broken > MOST_BROKEN:
            raise WorkersFail(
                f"the workers ended {self._broken} times without a result: the log says why; "
                "`leukowatch doctor` checks the bundle"
            )
        with self._lock:
            silent = self._clock() - self._last_sign
            if not self._jobs or silent < 2 * self._deadline:
                return
            _log.error("the workers gave no answer and are made anew", seconds=round(silent))
            jobs = self._renew()
        for job in jobs:
            self._again(job, "timed_out", "its worker hung")

    def stop(self, seconds: float) -> None:
        """Take nothing more, wait for what is in hand, and give back what is not done by then."""
        self._stopping = True
        self._pool.close()
        with suppress(TimeoutError):
            self._pool.join(timeout=seconds)
        self._pool.stop()
        self._pool.join()
        with self._lock:
            left, self._jobs = list(self._jobs.values()), {}
        for job in left:
            job.deliver(Returned("the service stopped before it was looked at"))

    def _made(self) -> ProcessPool:
        """A pool whose workers start now, not with the first field."""
        pool = ProcessPool(
            max_workers=self.workers,
            context=multiprocessing.get_context("spawn"),
            initializer=worker.begin,
            initargs=self._begin,
        )
        for _ in range(self.workers):
            pool.schedule(worker.warm_up)
        return pool

    def _schedule(self, *jobs: _Job) -> None:
        """Give fields to the pool; where it broke, to a new one, with all that the old one had in hand."""
        futures = []
        with self._lock:
            if not self._pool.active and not self._stopping:
                jobs = (*jobs, *self._renew())
            for job in jobs:
                if self._stopping or self._broken > MOST_BROKEN:
                    job.deliver(Returned("the workers are stopped"))
                    continue
                if not self._jobs:
                    self._last_sign = self._clock()
                future = self._pool.schedule(worker.look, args=(job.data,), timeout=self._deadline)
                self._jobs[future] = job
                futures.append(future)
        for future in futures:
            future.add_done_callback(self._settle)

    def _renew(self) -> list[_Job]:
        """Replace the pool; the caller holds the lock and looks after the fields that the old one had in hand."""
        self._broken += 1
        self.restarts += self.workers
        jobs, self._jobs = list(self._jobs.values()), {}
        old, self._pool = self._pool, self._made()
        self._last_sign = self._clock()
        threading.Thread(target=_end, args=(old,), name="old pool").start()
        return jobs

    def _settle(self, done: "Future[FieldResult]") -> None:
        with self._lock:
            job = self._jobs.pop(done, None)
            self._last_sign = self._clock()
            self.answered += 1
        if job is None:  # its pool was replaced meanwhile
            return
        try:
            result = done.result()
        except LeukonetError as error:
            job.deliver(Refused(error.reason, str(error)))
        except TimeoutError:
            self.restarts += 1
            self._again(job, "timed_out", f"no result within {self._deadline:g} s")
        except ProcessExpired as error:
            self.restarts += 1
            self._again(job, "worker_lost", f"its worker ended with code {error.exitcode}")
        except BrokenProcessPool:
            self._schedule(job)  # an idle worker's end broke the pool: no fault of this field
        except Exception as error:  # noqa: BLE001  what a library raises on one field must not stop the others
            job.deliver(Refused("failed", f"unforeseen {type(error).__name__}: {error}"))
        else:
            self._broken = 0
            job.deliver(result)

    def _again(self, job: _Job, reason: str, detail: str) -> None:
        if job.attempt >= self._attempts:
            job.deliver(Refused(reason, f"{detail}, {job.attempt} tries: look at the image, then requeue it"))
            return
        _log.warning("a field is looked at again", reason=reason, attempt=job.attempt, of=self._attempts)
        job.attempt += 1
        self._schedule(job)


def _end(pool: ProcessPool) -> None:
    """End a pool's workers, however they hang."""
    pool.stop()
    pool.join()
