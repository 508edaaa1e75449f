"""Whether somebody is still writing to a file, as the kernel of this machine knows it."""

import fcntl
import signal
from contextlib import suppress


def has_no_writer(descriptor: int) -> bool:
    """Whether nobody has a file open for writing at this moment; of writers on other machines it says nothing.

    The kernel grants a lease for reading only then. A writer that comes while the lease is held, for some millionths of
    a second, waits for its end; of the two signals that could tell of it, this is the one that ends no process.

    Args:
        descriptor: of a regular file, open for reading only.

    Returns:
        False also where the kernel does not say: for another user's file, or on a file system without leases.
    """
    with suppress(OSError):
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        return True
    return False
