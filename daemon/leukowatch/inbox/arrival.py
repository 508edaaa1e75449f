"""What a file is known by, and a file that was taken whole into memory."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells one state of one file from another without reading it."""

    device: int
    """Number of the file system's device."""
    inode: int
    """Number of the file on that device."""
    size: int
    """Bytes."""
    mtime_ns: int
    """Time of last change, nanoseconds since 1970."""

    @classmethod
    def of(cls, status: "os.stat_result") -> "Identity":
        """Take the four numbers out of a `stat` answer."""
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file of the inbox, read in one piece."""

    relative: "Path"
    """Below the inbox; bytes that are no UTF-8 are kept as surrogates."""
    slide: str
    """Printable name of its slide, safe as a folder's name."""
    unassigned: bool
    """True where neither a folder nor the pattern named the slide."""
    printable: str
    """The path below the inbox, control characters and undecodable bytes escaped."""
    identity: Identity
    """The file's state while it was read."""
    sha256: str
    """Of `data`, 64 hexadecimal digits."""
    data: bytes
    """The whole content."""
