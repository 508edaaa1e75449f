"""Fields to results on other machines: a Dask cluster behind the local pool's interface.

Whatever dies, worker, scheduler or the line to it, the bytes of a field are here until its answer is: it is sent again.
"""

import hashlib
import os
import threading
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import structlog
from distributed import CancelledError, Future, KilledWorker

from leukonet.bundle import Bundle
from leukonet.errors import LeukonetError
from leukowatch.analysis.answers import Deliver, Refused, Returned
from leukowatch.analysis.line import CONNECT_SECONDS, Line, close
from leukowatch.analysis.remote import NotShared, Order, OtherBundle, Place, look, resource
from leukowatch.analysis.trial import prove_apart
from leukowatch.errors import WorkersFail

_log = structlog.get_logger(__name__)

TICK = 0.25
"""Seconds between two looks at the connection."""


@dataclass(eq=False, slots=True)
class _Job:
    """A field in hand."""

    data: bytes
    deliver: Deliver
    place: Path | None
    """Where workers find it; None where it travels as bytes."""
    attempt: int = 1


class ClusterPool:
    """Workers of a Dask cluster that have the daemon's bundle; others get no field.

    Args:
        bundle: what the daemon loaded and checked.
        source: the name or path that workers load it by.
        scheduler: as `tcp://HOST:8786`; it need not be up yet.
        by_path: whether workers read fields from the inbox, which they mount at the same place.
        deadline: seconds that one look at a field may take.
        attempts: how often a field's workers may die, before it is refused.
        max_pixels: larger images are refused.
        memory_megabytes: address space of the process in which the bundle proves itself here.
    """

    def __init__(
        self,
        bundle: Bundle,
        source: str,
        scheduler: str,
        *,
        by_path: bool,
        deadline: float,
        attempts: int,
        max_pixels: int,
        memory_megabytes: int,
    ) -> None:
        self._memory = memory_megabytes
        self._order = Order(source, bundle.sha256, max_pixels, deadline)
        self._resource = resource(bundle.sha256)
        self._by_path = by_path
        self._attempts = attempts
        self._lock = threading.RLock()
        self._line = Line(scheduler, self._resource, self._nobody)
        self._jobs: dict[Future, _Job] = {}
        self._unsent: deque[_Job] = deque()
        self._suspects: deque[_Job] = deque()
        self._on_trial: _Job | None = None
        self._bundle = bundle
        self.restarts = 0
        """Workers that died, or were too slow, with a field in hand."""
        self.answered = 0
        """Looks that ended, well or not, since the start; and times that nobody was there to look, as waiting for other
        machines is no standing still of this one."""
        self._stopping = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="cluster", daemon=True)
        self._keeper.start()

    @property
    def workers(self) -> int:
        """Workers that have the bundle; 1 while there is none, so that a few fields wait for them."""
        return max(1, self._line.slots)

    def submit(self, data: bytes, deliver: Deliver, place: Path) -> None:
        """Have one field looked at.

        Args:
            data: the image file's bytes.
            deliver: called once with the answer, in another thread.
            place: where these bytes are, for workers that share the folder.
        """
        self._send(_Job(data, deliver, place if self._by_path else None))

    def prove(self) -> None:
        """Show the networks a synthetic field here: the cluster's workers may come later, and have the same bundle.

        Raises:
            LeukonetError: they do not see it as they should, or end their process.
            WorkersFail: no worker came so far.
        """
        prove_apart(self._bundle, self._order.source, self._order.max_pixels, self._memory)

    def check(self) -> None:
        """See that somebody still looks after the cluster.

        Raises:
            WorkersFail: nobody does.
        """
        if not self._keeper.is_alive() and not self._stopping.is_set():
            raise WorkersFail("the thread that keeps the cluster ended: the log says why; start again")

    def stop(self, seconds: float) -> None:
        """Take nothing more, wait for what is in hand, and give back what is not done by then; may be repeated."""
        if self._stopping.is_set():
            return
        end = time.monotonic() + seconds
        while self.in_hand() and time.monotonic() < end:
            time.sleep(TICK / 5)
        self._stopping.set()
        with self._lock:
            left = [*self._jobs.values(), *self._unsent, *self._suspects]
            self._jobs, client = {}, self._line.let_go()
            self._unsent.clear()
            self._suspects.clear()
        if client is not None:
            close(client)
        self._keeper.join(2 * CONNECT_SECONDS)
        for job in left:
            job.deliver(Returned("the service stopped before it was looked at"))

    def in_hand(self) -> int:
        """Fields that were given and have no answer yet."""
        with self._lock:
            return len(self._jobs) + len(self._unsent) + len(self._suspects)

    def _send(self, job: _Job) -> None:
        """Give a field to the scheduler; while there is none, keep it until there is."""
        field: bytes | Place = job.data
        if job.place is not None:
            field = Place(os.fsencode(job.place), hashlib.sha256(job.data).hexdigest())
        with self._lock:
            client = self._line.client()
            if client is None:
                self._unsent.append(job)
                return
            try:
                future = client.submit(look, self._order, field, pure=False, resources={self._resource: 1})
            except Exception as error:  # noqa: BLE001  the line broke this moment: any of a dozen errors
                _log.warning("the scheduler took no field", error=str(error))
                self._unsent.append(job)
                return
            self._jobs[future] = job
        future.add_done_callback(self._settle)

    def _settle(self, done: Future) -> None:
        """Take a field's answer, or see what became of it; runs in Dask's thread."""
        with self._lock:
            job = self._jobs.pop(done, None)
            self.answered += 1
            if job is not None and job is self._on_trial:
                self._on_trial = None
        if job is None:
            return
        try:
            result = done.result()
        except CancelledError:  # the scheduler is gone, and with it what it knew
            self._later(job)
        except KilledWorker:
            self._suspect(job)
        except NotShared as error:
            _log.warning("a field is sent as bytes, as a worker has not its file", error=str(error))
            job.place = None
            self._later(job)
        except OtherBundle as error:
            _log.error("a worker refused", error=str(error))
            self._later(job)
        except LeukonetError as error:
            job.deliver(Refused(error.reason, str(error)))
        except Exception as error:  # noqa: BLE001  what a library raises on one field must not stop the others
            self._unforeseen(job, error, was_looked_at=done.status != "error")
        else:
            job.deliver(result)
        self._next_trial()

    def _later(self, job: _Job) -> None:
        """Keep a field for the keeper's next round."""
        with self._lock:
            self._unsent.append(job)

    def _unforeseen(self, job: _Job, error: Exception, *, was_looked_at: bool) -> None:
        """Give a field up, but not for a line that broke while its result was fetched."""
        told = f"{type(error).__name__}: {error}"
        if was_looked_at and isinstance(error, OSError):
            _log.warning("a field's result did not come and is asked for again", error=told)
            self._later(job)
        else:
            job.deliver(Refused("failed", f"unforeseen {told}"))

    def _suspect(self, job: _Job) -> None:
        """A worker died with this field, and maybe with innocent others: suspects are tried one at a time."""
        self.restarts += 1
        if job.attempt >= self._attempts:
            told = f"its worker ended, or took longer than {self._order.deadline:g} s, {job.attempt} times"
            job.deliver(Refused("worker_lost", f"{told}: look at the image, then requeue it"))
            return
        _log.warning(
            "a field is looked at again", reason="worker_lost", attempt=job.attempt, of=self._attempts
        )
        job.attempt += 1
        with self._lock:
            self._suspects.append(job)

    def _next_trial(self) -> None:
        with self._lock:
            if self._on_trial is not None or not self._suspects:
                return
            self._on_trial = job = self._suspects.popleft()
        self._send(job)

    def _keep(self) -> None:
        """Look after the line, and send what waits, until the stop."""
        while not self._stopping.wait(TICK):
            try:
                if not self._line.round():
                    continue
                with self._lock:
                    waiting, self._unsent = self._unsent, deque()
                for job in waiting:
                    self._send(job)
            except Exception as error:  # noqa: BLE001  a line that breaks raises any of a dozen errors
                self._line.broke(error)

    def _nobody(self) -> None:
        """Nobody was there to look."""
        with self._lock:
            self.answered += 1
