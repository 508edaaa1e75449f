"""What the kernel lets a worker process have, so that a hostile image costs that image alone."""

import resource

OPEN_FILES = 64
"""Most descriptors of a worker: its pipes, and a library that is loaded late."""
_MEGABYTE = 1 << 20


def confine(memory_megabytes: int) -> None:
    """Limit this process for good: its memory, its descriptors; it writes no file and leaves no core.

    A limit that the process has already and that is lower stays. Files that are open for appending, such as a
    log on standard error, take nothing more either; pipes, sockets and terminals do.

    Args:
        memory_megabytes: address space, in units of 2**20 bytes; an allocation beyond it is a `MemoryError`.
    """
    _at_most(resource.RLIMIT_AS, memory_megabytes * _MEGABYTE)
    _at_most(resource.RLIMIT_NOFILE, OPEN_FILES)
    _at_most(resource.RLIMIT_FSIZE, 0)
    _at_most(resource.RLIMIT_CORE, 0)


def _at_most(kind: int, limit: int) -> None:
    hard = resource.getrlimit(kind)[1]
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(kind, (limit, limit))
