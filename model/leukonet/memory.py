"""What the C library does with memory that was freed, in a process that looks at one field after another."""

import ctypes
from contextlib import suppress

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Of `mallopt` in the GNU C library's `malloc.h`."""
_KEPT, _LARGEST = 64 << 20, 32 << 20
"""Bytes free at the heap's end that are kept, and those of a piece that is taken from the heap at all: a large frame is
given back at once. 32 MiB is the most that the library allows."""


def keep_freed() -> None:
    """Keep what is freed for the next field, where the kernel would else map and clear the same pages for each anew.

    Where the C library is another one, nothing changes.
    """
    with suppress(AttributeError, OSError):
        library = ctypes.CDLL(None)
        library.mallopt(_MMAP_THRESHOLD, _LARGEST)
        library.mallopt(_TRIM_THRESHOLD, _KEPT)
