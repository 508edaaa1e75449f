"""Does a file have its end? Answered from its structure alone, without decoding.

Nothing in the file is believed beyond its size: reads and steps are bounded, cycles are followed once.
"""

from typing import BinaryIO

from leukowatch.inbox.bounded import Bounded, EndMissingError, Wholeness
from leukowatch.inbox.marked import JPEG_START, PNG_START, jpeg, png
from leukowatch.inbox.measured import BMP_START, TIFF_STARTS, bmp, tiff

__all__ = ["Wholeness", "structure"]

_WALKS = {JPEG_START: jpeg, PNG_START: png, BMP_START: bmp} | dict.fromkeys(TIFF_STARTS, tiff)
_HEAD = 16


def structure(file: BinaryIO, size: int) -> Wholeness:
    """Say whether the file's end is there.

    Time is linear in `size`, memory about a megabyte, or the table of a TIFF's strips.

    Args:
        file: open for reading, seekable; its position is not kept.
        size: bytes, from `fstat`.

    Raises:
        OSError: the file cannot be read; no content raises.
    """
    source = Bounded(file, size)
    head = source.some(0, _HEAD)
    try:
        for start, walk in _WALKS.items():
            if head.startswith(start):
                return walk(source)
    except EndMissingError:
        return Wholeness.CUT
    written = head.rstrip(b"\0")
    begun = any(start.startswith(written) for start in _WALKS)
    return Wholeness.CUT if begun else Wholeness.UNKNOWN
