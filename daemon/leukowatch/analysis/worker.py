"""What runs in a worker process: one bundle, opened once, and one field after another.

The daemon imports this to name what it wants done, and does none of it: what looks at pixels is imported in the worker.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from multiprocessing.synchronize import Semaphore

from leukonet.bundle import Bundle, load_bundle
from leukonet.errors import ImageTooLarge
from leukonet.result import FieldResult
from leukowatch.analysis.limits import confine

TURN_SECONDS = 5.0
"""That a worker waits for those before it to get ready: one may have been killed meanwhile."""

_bundles: list[tuple[Bundle, int]] = []
"""The bundle and the pixel limit of this process; filled by `begin`."""


def begin(
    bundle: str, sha256: str, max_pixels: int, memory_megabytes: int, turns: Semaphore | None = None
) -> None:
    """Prepare this process: leave Ctrl-C to the parent, load the bundle, then give up what looking does not need.

    The networks are opened later, confined: what they do to this process is then told of the task that opened them.

    Args:
        bundle: its name or path.
        sha256: that it must have.
        max_pixels: larger images are refused.
        memory_megabytes: address space of this process.
        turns: of the workers of a pool, as `taken` takes them; None where no other gets ready meanwhile.

    Raises:
        RuntimeError: the bundle is not the one that the daemon loaded.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with taken(turns):
        import_module("leukonet.selftest")  # with all that looking needs, while files may be opened freely
        loaded = load_bundle(bundle)
    if loaded.sha256 != sha256:
        raise RuntimeError(f"bundle {bundle} changed on disk since the daemon started; restart the daemon")
    _bundles[:] = [(loaded, max_pixels)]
    confine(memory_megabytes)


@contextmanager
def taken(turns: Semaphore | None) -> Iterator[None]:
    """Get ready in turn: one worker first, then twice as many as are ready.

    The service is ready with its first worker; others at the same time would take the cores from it and the daemon.
    """
    if turns:
        turns.acquire(timeout=TURN_SECONDS)
    try:
        yield
    finally:
        if turns:
            turns.release()
            turns.release()


def look(data: bytes) -> FieldResult:
    """Analyse one field.

    Raises:
        LeukonetError: the bytes are no image that can be counted, or the network failed on them.
    """
    from leukonet.analysis import analyse  # noqa: PLC0415  see above

    bundle, max_pixels = _bundles[0]
    try:
        return analyse(data, bundle, max_pixels)
    except MemoryError as error:
        raise ImageTooLarge("it needs more than analysis.memory_megabytes: export a smaller field") from error


def prove() -> None:
    """Show this process' networks a synthetic field.

    Raises:
        LeukonetError: they do not see it as they should.
    """
    from leukonet.selftest import prove as prove_bundle  # noqa: PLC0415  see above

    prove_bundle(_bundles[0][0])


def warm_up() -> None:
    """Open the networks, so that the first field need not wait: the pool starts its workers with this.

    The first worker to be ready does it; another opens its own with its first field, ten milliseconds.

    Raises:
        BundleDamaged: a network does not run or has another shape.
    """
    from leukonet.analysis import open_networks  # noqa: PLC0415  see above

    open_networks(_bundles[0][0])
