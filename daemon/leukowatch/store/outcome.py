"""What passes between the daemon's steps and the ledger: a file received, its outcome, where it must go."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leukonet.result import FieldResult


class Status(StrEnum):
    """The one state that every file taken is in."""

    COUNTED = "counted"
    """A field with its cells, part of its slide's differential."""
    NOT_ASSESSABLE = "not_assessable"
    """An image that is no usable smear: archived, without cells."""
    DUPLICATE = "duplicate"
    """The same content as a field that is already there."""
    QUARANTINED = "quarantined"
    """A file that could not be read as an image, or that no worker survived."""
    REQUEUED = "requeued"
    """Once quarantined, since then put back into the inbox by a person."""


@dataclass(frozen=True, slots=True)
class Received:
    """A file as it was taken, without its bytes."""

    relative: bytes
    """Raw path below the inbox, as the file system has it."""
    printable: str
    """The same path, safe to show."""
    slide: str
    """Name of its slide."""
    unassigned: bool
    """True where neither a folder nor a pattern named the slide."""
    sha256: str | None
    """Of the whole content, 64 hexadecimal digits; None where it was never read."""
    size: int
    """Bytes."""
    device: int
    inode: int
    mtime_ns: int
    """Time of last change, nanoseconds since 1970."""
    received_at: datetime
    """When it was taken, aware, UTC."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one received file."""

    received: Received
    result: "FieldResult | None"
    """The analysis; None where the file is to be quarantined."""
    reason: str = ""
    """Why it is quarantined, one machine-readable word."""
    detail: str = ""
    """Why it is quarantined, a sentence for people."""


@dataclass(frozen=True, slots=True)
class Filing:
    """A file whose row is committed and that must now be moved out of the inbox."""

    arrival_id: int
    relative: bytes
    """Raw path below the inbox."""
    status: Status
    slide: str
    sha256: str | None
    size: int
    """Bytes."""
    device: int
    inode: int
    mtime_ns: int
    """Nanoseconds since 1970."""
    reason: str
    detail: str
    received_at: datetime
    """Aware, UTC."""
    duplicate_of: str
    """Printable path of the field that has the same content; empty where the file is no duplicate."""
