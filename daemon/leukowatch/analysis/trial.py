"""A bundle's networks tried in a process of their own: those that are not sound may end the process that opens them."""

import multiprocessing
import signal
import time
from concurrent.futures import wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from pebble import ProcessExpired, ProcessPool

from leukonet.bundle import Bundle
from leukonet.errors import BundleDamaged
from leukowatch.analysis import worker
from leukowatch.errors import WorkersFail

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

PROOF_SECONDS = 60.0
"""That the first worker may take to start and to look at a synthetic field."""
TICK = 0.25
"""Seconds between two looks at whether its pool still works."""
PROOF_TRIES = 3
"""Workers that may be killed from outside, over it or while they get ready, as by the kernel for want of memory."""
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
    with ExitStack() as pools:

        def schedule() -> "tuple[ProcessPool, Future[None]]":
            pool = ProcessPool(
                max_workers=1,
                context=multiprocessing.get_context("spawn"),
                initializer=worker.begin,
                initargs=(source, bundle.sha256, max_pixels, memory_megabytes),
            )
            pools.callback(end_pool, pool)
            return pool, pool.schedule(worker.prove)

        await_proof(schedule, bundle.name)


def end_pool(pool: ProcessPool) -> None:
    """End a pool's workers, however they hang."""
    pool.stop()
    pool.join()


def given(pool: ProcessPool, function: "Callable[..., Any]", *arguments: object) -> "Future[Any] | None":
    """Give a pool something to run; None where it is broken, as it may be a moment after it was seen to work."""
    try:
        future: Future[Any] = pool.schedule(function, args=arguments)
    except RuntimeError:
        if pool.active:
            raise
        return None
    return future


def await_proof(schedule: "Callable[[], tuple[ProcessPool, Future[None]]]", name: str) -> None:
    """Wait for `worker.prove` in a pool; where somebody else killed a worker, let another try.

    Args:
        schedule: gives a pool and what it gave for it; each further time a pool that is not broken.
        name: of the bundle.

    Raises:
        LeukonetError: the networks do not see a synthetic field as they should, or end their process.
        WorkersFail: no worker came so far.
    """
    for tries_left in reversed(range(PROOF_TRIES)):
        try:
            return _result(*schedule())
        except (ProcessExpired, BrokenProcessPool) as error:
            killed_by = -(getattr(error, "exitcode", 0) or 0)
            if killed_by in _FAULTS:
                raise BundleDamaged(
                    f"bundle {name}: its networks end the process that runs them ({signal.Signals(killed_by).name}); "
                    "reinstall the bundle, or name another in analysis.bundle"
                ) from error
            if not tries_left:
                raise _no_worker(error) from error
        except TimeoutError as error:
            raise _no_worker(error) from error
    raise AssertionError  # the last try returns or raises


def _result(pool: ProcessPool, proof: "Future[None]") -> None:
    """Wait for a proof; a pool that breaks tells only of what it had taken note of.

    Raises:
        BrokenProcessPool: a worker ended with nothing to do.
        TimeoutError: it takes too long.
    """
    end = time.monotonic() + PROOF_SECONDS
    while not wait([proof], TICK).done:
        if not pool.active:
            raise BrokenProcessPool("a worker ended before it could look")
        if time.monotonic() > end:
            raise TimeoutError(f"no answer within {PROOF_SECONDS:g} s")
    return proof.result()


def _no_worker(error: Exception) -> WorkersFail:
    return WorkersFail(
        f"no worker could look at a synthetic field ({error!r}); the log says why, and `leukowatch doctor`"
    )
