"""Reading a file that may be unfinished or hostile: no byte beyond its end, and a limited number of steps."""

from enum import StrEnum
from typing import BinaryIO

MOST_STEPS = 1 << 20
"""Segments, chunks, entries and strips looked at in one file: more than any image has, a second or two."""


class Wholeness(StrEnum):
    """What the structure of a file says about its end."""

    WHOLE = "whole"
    """The format's own end marker was reached (JPEG, PNG)."""
    FITS = "fits"
    """All that the header points to lies inside the file (BMP, TIFF), which does not prove that it was
    written; also a JPEG or PNG with more behind its end than cameras append."""
    HOLLOW = "hollow"
    """As `fits`, and the last of the pixels are zeros: room that is reserved and not yet written, or black."""
    CUT = "cut"
    """The end is missing, or was not reached within the limits; an empty or zero-filled file too."""
    UNKNOWN = "unknown"
    """Neither JPEG, PNG, BMP nor TIFF."""


class EndMissingError(Exception):
    """A walk needs a byte that is not there, or more steps than any image needs."""


class Bounded:
    """A file of known size, read by position.

    Args:
        file: open for reading, seekable.
        size: bytes that it is taken to have; what lies behind is not there.
    """

    def __init__(self, file: BinaryIO, size: int) -> None:
        self.size = size
        self._file = file
        self._steps = 0

    def some(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset`; fewer at the end."""
        length = min(length, self.size - offset)
        if length <= 0:
            return b""
        self._file.seek(offset)
        return self._file.read(length)

    def read(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes from `offset`.

        Raises:
            EndMissingError: the file ends before.
        """
        self.reach(offset + length)
        data = self.some(offset, length)
        if len(data) < length:
            raise EndMissingError
        return data

    def reach(self, end: int) -> None:
        """Require that the file has `end` bytes.

        Raises:
            EndMissingError: it is shorter.
        """
        if end > self.size:
            raise EndMissingError

    def step(self, count: int = 1) -> None:
        """Account for work done.

        Raises:
            EndMissingError: the file wants more than `MOST_STEPS` in all.
        """
        self._steps += count
        if self._steps > MOST_STEPS:
            raise EndMissingError
