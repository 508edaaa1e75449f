"""A bundle's networks tried in a process of their own: those that are not sound may end the process that opens them."""

import multiprocessing
import signal
from concurrent.futures import Future, TimeoutError  # noqa: A004  the one that pebble raises
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING

from pebble import ProcessExpired, ProcessPool

from leukonet.bundle import Bundle
from leukonet.errors import BundleDamaged
from leukowatch.analysis import worker
from leukowatch.errors import WorkersFail

if TYPE_CHECKING:
    from collections.abc import Callable

PROOF_SECONDS = 60.0
"""That the first worker may take to start and to look at a synthetic field."""
PROOF_TRIES = 3
"""Workers that may be killed from outside over it, as by the kernel for want of memory."""
_FAULTS = {signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGFPE, signal.SIGILL}
"""Signals by which a process ends through what it does itself."""


def prove_apart(bundle: Bundle, source: str, max_pixels: int, memory_megabytes: int) -> None:
    """Have a worker of its own show a bundle's networks a synthetic field.

    Args:
        bundle: loaded and checked.
        source: the name or path that the worker loads it by.
        max_pixels: as workers have it.
        memory_megabytes: address space of the worker.

    Raises:
        LeukonetError: they do not see it as they should, or end the process that runs them.
        WorkersFail: no worker came so far.
    """
    pool = ProcessPool(
        max_workers=1,
        context=multiprocessing.get_context("spawn"),
        initializer=worker.begin,
        initargs=(source, bundle.sha256, max_pixels, memory_megabytes),
    )
    try:
        await_proof(lambda: pool.schedule(worker.prove), bundle.name)
    finally:
        pool.stop()
        pool.join()


def await_proof(schedule: "Callable[[], Future[None]]", name: str) -> None:
    """Wait for `worker.prove` in a pool; where somebody else killed the worker, let another try.

    Args:
        schedule: gives what the pool gave for it, and schedules it anew each further time.
        name: of the bundle.

    Raises:
        LeukonetError: the networks do not see a synthetic field as they should, or end their process.
        WorkersFail: no worker came so far.
    """
    for tries_left in reversed(range(PROOF_TRIES)):
        try:
            return schedule().result(PROOF_SECONDS)
        except ProcessExpired as error:
            killed_by = -int(error.exitcode or 0)
            if killed_by in _FAULTS:
                raise BundleDamaged(
                    f"bundle {name}: its networks end the process that runs them ({signal.Signals(killed_by).name}); "
                    "reinstall the bundle, or name another in analysis.bundle"
                ) from error
            if not tries_left:
                raise _no_worker(error) from error
        except (TimeoutError, BrokenProcessPool) as error:
            raise _no_worker(error) from error
    raise AssertionError  # the last try returns or raises


def _no_worker(error: Exception) -> WorkersFail:
    return WorkersFail(
        f"no worker could look at a synthetic field ({error!r}); the log says why, and `leukowatch doctor`"
    )
