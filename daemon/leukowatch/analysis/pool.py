"""Fields to results: worker processes that may crash or hang without taking the others along."""

import multiprocessing
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from pebble import ProcessExpired, ProcessPool

from leukonet.bundle import Bundle
from leukonet.errors import LeukonetError
from leukowatch.analysis import worker
from leukowatch.analysis.answers import Deliver, Refused, Returned
from leukowatch.analysis.trial import await_proof, end_pool, given
from leukowatch.errors import WorkersFail

if TYPE_CHECKING:
    from leukonet.result import FieldResult

_log = structlog.get_logger(__name__)

MOST_BROKEN = 5
"""Pools that may break one after another, without a result between them, before the service gives up."""
TICK = 0.05
"""Seconds between two looks at what a stop waits for."""


@dataclass(eq=False, slots=True)
class _Job:
    """A field in hand."""

    data: bytes
    deliver: Deliver
    attempt: int = 1
    since: float | None = None
    """When a worker was first seen at it, on the pool's clock."""


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
        self._proof = self._proof_begun()

    def prove(self) -> None:
        """Wait until a worker has shown that its networks see a synthetic field as they should.

        Raises:
            LeukonetError: they do not, or they end their process.
            WorkersFail: no worker came so far.
        """
        begun = [(self._pool, self._proof)]
        await_proof(lambda: begun.pop() if begun else self._proof_again(), self._name)

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
        """End looks past their deadline, and make the pool anew where it broke, or gives no sign of life.

        Deadlines are kept here, as pebble keeps its own by the wall clock, which may be set. A field's begins when a
        worker takes it: one that hangs before that is found by its silence, two deadlines long, with fields in hand.

        Raises:
            WorkersFail: the workers break again and again.
        """
        if self._broken > MOST_BROKEN:
            raise WorkersFail(
                f"the workers ended {self._broken} times without a result: the log says why; "
                "`leukowatch doctor` checks the bundle"
            )
        self._end_overdue()
        with self._lock:
            broken = not self._pool.active
            silent = self._clock() - self._last_sign
            if not self._jobs or (not broken and silent < 2 * self._deadline):
                return
            jobs = self._renew()
        if broken:
            self._schedule(*jobs)
            return
        _log.error("the workers gave no answer and are made anew", seconds=round(silent))
        for job in jobs:
            self._again(job, "timed_out", "its worker hung")

    def stop(self, seconds: float) -> None:
        """Take nothing more, wait for what is in hand, and give back what is not done by then; may be repeated."""
        if self._stopping:
            return
        self._stopping = True
        end = time.monotonic() + seconds
        while self._jobs and self._pool.active and time.monotonic() < end:
            self._end_overdue()
            time.sleep(TICK)
        with self._lock:  # a pool that ends answers a field that is on its way to a worker by an error
            left, self._jobs = list(self._jobs.values()), {}
        end_pool(self._pool)
        for job in left:
            job.deliver(Returned("the service stopped before it was looked at"))

    def _end_overdue(self) -> None:
        """End each look that takes longer than the deadline, and its worker with it."""
        now = self._clock()
        with self._lock:
            for look, job in self._jobs.items():
                if job.since is None and look.running():
                    job.since = now
            begun = [(look, job.since) for look, job in self._jobs.items() if job.since is not None]
        overdue = [look for look, since in begun if now - since > self._deadline]
        for look in overdue:
            look.cancel()

    def _made(self) -> ProcessPool:
        """A pool whose workers start now, not with the first field."""
        context = multiprocessing.get_context("spawn")
        pool = ProcessPool(
            max_workers=self.workers,
            context=context,
            initializer=worker.begin,
            initargs=(*self._begin, context.Semaphore(1)),
        )
        given(pool, worker.warm_up)
        return pool

    def _proof_again(self) -> tuple[ProcessPool, "Future[None]"]:
        with self._lock:
            if not self._pool.active:
                self._renew()
            return self._pool, self._proof_begun()

    def _proof_begun(self) -> "Future[None]":
        """A worker's proof; of a pool that breaks in this moment, one that says so."""
        proof = given(self._pool, worker.prove)
        if proof is None:
            proof = Future()
            proof.set_exception(BrokenProcessPool("the pool broke before it could look"))
        return proof

    def _schedule(self, *jobs: _Job) -> None:
        """Give fields to the pool; where it broke, to a new one, with all that the old one had in hand."""
        futures = []
        with self._lock:
            waiting = deque(jobs)
            while waiting:
                if self._stopping or self._broken > MOST_BROKEN:
                    waiting.popleft().deliver(Returned("the workers are stopped"))
                    continue
                if not self._pool.active:
                    waiting += self._renew()
                if not self._jobs:
                    self._last_sign = self._clock()
                future = given(self._pool, worker.look, waiting[0].data)
                if future is not None:
                    waiting[0].since = None
                    self._jobs[future] = waiting.popleft()
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
        threading.Thread(target=end_pool, args=(old,), name="old pool").start()
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
        except CancelledError:
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
