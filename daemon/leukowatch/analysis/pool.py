"""Fields to results: worker processes that may crash or hang without taking the others along."""

import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, TimeoutError  # noqa: A004  pebble raises this one

import structlog
from pebble import ProcessExpired, ProcessPool

from leukonet.bundle import Bundle
from leukonet.errors import LeukonetError
from leukonet.result import FieldResult
from leukowatch.analysis import worker
from leukowatch.errors import LeukowatchError

_log = structlog.get_logger(__name__)


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


class LocalPool:
    """Worker processes on this machine, each with its own networks.

    Args:
        bundle: what the daemon loaded and checked.
        source: the name or path that workers load it by.
        workers: processes; 0 is one for each core this process may use.
        deadline: seconds that one look at a field may take.
        attempts: looks at a field that kills or hangs its worker, before it is refused.
        max_pixels: larger images are refused.
    """

    def __init__(
        self, bundle: Bundle, source: str, *, workers: int, deadline: float, attempts: int, max_pixels: int
    ) -> None:
        self.workers = workers or len(os.sched_getaffinity(0))
        self._deadline = deadline
        self._attempts = attempts
        self._begin = (source, bundle.sha256, max_pixels)
        self._lock = threading.Lock()
        self._stopping = False
        self._pool = self._made()

    def submit(self, data: bytes, deliver: Deliver) -> None:
        """Have one field looked at.

        Args:
            data: the image file's bytes.
            deliver: called once with the answer, in another thread.
        """
        self._try(data, deliver, 1)

    def stop(self, seconds: float) -> None:
        """Take nothing more, wait for what is in hand, and give back what is not done by then."""
        self._stopping = True
        self._pool.close()
        try:
            self._pool.join(timeout=seconds)
        except TimeoutError:
            self._pool.stop()
            self._pool.join()

    def _made(self) -> ProcessPool:
        return ProcessPool(
            max_workers=self.workers,
            context=multiprocessing.get_context("spawn"),
            initializer=worker.begin,
            initargs=self._begin,
        )

    def _try(self, data: bytes, deliver: Deliver, attempt: int) -> None:
        try:
            future = self._sound_pool().schedule(worker.look, args=(data,), timeout=self._deadline)
        except RuntimeError as error:  # closed meanwhile
            deliver(Returned(str(error)))
            return
        future.add_done_callback(lambda done: self._settle(done, data, deliver, attempt))

    def _sound_pool(self) -> ProcessPool:
        """The pool, made anew if it broke."""
        with self._lock:
            if not self._pool.active and not self._stopping:
                _log.error("the worker pool broke and is made anew")
                self._pool.stop()
                self._pool = self._made()
            return self._pool

    def _settle(self, done: "Future[FieldResult]", data: bytes, deliver: Deliver, attempt: int) -> None:
        try:
            deliver(done.result())
        except LeukonetError as error:
            deliver(Refused(error.reason, str(error)))
        except CancelledError:
            deliver(Returned("the pool was stopped"))
        except TimeoutError:
            self._again(
                data, deliver, attempt, "timed_out", f"no result within {self._deadline:g} s of any try"
            )
        except ProcessExpired as error:
            detail = f"its worker ended at every try (exit code {error.exitcode})"
            self._again(data, deliver, attempt, "worker_lost", detail)
        except Exception as error:  # noqa: BLE001  what a library raises on one field must not stop the others
            _log.exception("a field failed in an unforeseen way")
            deliver(Refused("failed", f"unforeseen {type(error).__name__}: {error}"))

    def _again(self, data: bytes, deliver: Deliver, attempt: int, reason: str, detail: str) -> None:
        if self._stopping:
            deliver(Returned(f"stopped after {reason}"))
        elif attempt < self._attempts:
            _log.warning("a field is tried again", reason=reason, attempt=attempt, of=self._attempts)
            self._try(data, deliver, attempt + 1)
        else:
            deliver(Refused(reason, f"{detail}: {attempt} tries; look at the image with `leukowatch field`"))
