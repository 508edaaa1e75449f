"""Open a file of the inbox safely, look at it, or take it whole."""

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from leukowatch.errors import ChangedWhileRead, FileTooLarge, IntakeError, NotRegular, Unreadable, Vanished
from leukowatch.inbox.arrival import Arrival, Identity
from leukowatch.inbox.beneath import folder_of, opened
from leukowatch.inbox.bounded import Wholeness
from leukowatch.inbox.naming import printable, slide_of
from leukowatch.inbox.whole import structure
from leukowatch.inbox.writers import has_no_writer
from leukowatch.store.outcome import Received

_GONE = {errno.ENOENT, errno.ESTALE}
_NO_FILE = {errno.ELOOP, errno.ENOTDIR, errno.ENXIO, errno.EINVAL, errno.ENODEV}


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a file of the inbox shows."""

    identity: Identity
    """Its state."""
    wholeness: Wholeness
    """What its structure says of its end."""
    closed: bool
    """Nobody on this machine had it open for writing; false also where the kernel does not say."""


def look(inbox: Path, relative: bytes, max_bytes: int) -> Look:
    """Look at a file without taking it.

    A file above the limit is not read: its wholeness is unknown, and `take` refuses it once it is quiet.

    Raises:
        NotRegular, Unreadable, Vanished: as `take`.
    """
    with _regular(inbox, relative) as file:
        identity = Identity.of(os.fstat(file.fileno()))
        if identity.size > max_bytes:
            return Look(identity, Wholeness.UNKNOWN, closed=False)
        return Look(identity, structure(file, identity.size), has_no_writer(file.fileno()))


def take(inbox: Path, relative: bytes, max_bytes: int, pattern: str, now: datetime) -> Arrival:
    """Read a complete file into memory.

    Args:
        inbox: the folder; may itself be a link, nothing below it may.
        relative: raw path below it.
        max_bytes: largest file that is read.
        pattern: the setting `inbox.slide_pattern`.
        now: aware; its local date names the slide of a file that nothing else assigns.

    Raises:
        NotRegular: a folder, link, pipe, socket or device, or a link on the way.
        Unreadable: permission is missing, or the disk fails.
        Vanished: it is not there any more.
        FileTooLarge: it has more than `max_bytes`.
        ChangedWhileRead: somebody writes to it.
    """
    shown = printable(relative)
    with _regular(inbox, relative) as file:
        before = Identity.of(os.fstat(file.fileno()))
        if before.size > max_bytes:
            raise FileTooLarge(
                f"{shown}: {before.size} bytes are more than inbox.max_bytes = {max_bytes}; "
                "raise that setting or make the image smaller"
            )
        data = file.read(before.size + 1)
        _begin_to_write(file.fileno())
        after = Identity.of(os.fstat(file.fileno()))
    if after != before or len(data) != before.size:
        raise ChangedWhileRead(f"{shown}: changed while it was read; it is taken when its writer is done")
    slide, unassigned = slide_of(relative, pattern, now.astimezone().date())
    return Arrival(
        relative=Path(os.fsdecode(relative)),
        slide=slide,
        unassigned=unassigned,
        printable=shown,
        identity=before,
        sha256=hashlib.sha256(data).hexdigest(),
        data=data,
    )


def identify(inbox: Path, relative: bytes) -> Identity:
    """Give a file's state without reading it.

    Raises:
        NotRegular, Unreadable, Vanished: as `take`.
    """
    with _regular(inbox, relative) as file:
        return Identity.of(os.fstat(file.fileno()))


def received(arrival: Arrival, received_at: datetime) -> Received:
    """Make the ledger's record of a file that was taken.

    Args:
        arrival: the file.
        received_at: aware, UTC.
    """
    return Received(
        relative=os.fsencode(arrival.relative),
        printable=arrival.printable,
        slide=arrival.slide,
        unassigned=arrival.unassigned,
        sha256=arrival.sha256,
        size=arrival.identity.size,
        device=arrival.identity.device,
        inode=arrival.identity.inode,
        mtime_ns=arrival.identity.mtime_ns,
        received_at=received_at,
    )


def received_unread(relative: bytes, identity: Identity, pattern: str, received_at: datetime) -> Received:
    """Make the ledger's record of a file that is too large to be read: it has no SHA-256.

    Args:
        relative: raw path below the inbox.
        identity: its state, of `identify`.
        pattern: the setting `inbox.slide_pattern`.
        received_at: aware, UTC; its local date names the slide of a file that nothing else assigns.
    """
    slide, unassigned = slide_of(relative, pattern, received_at.astimezone().date())
    return Received(
        relative=relative,
        printable=printable(relative),
        slide=slide,
        unassigned=unassigned,
        sha256=None,
        size=identity.size,
        device=identity.device,
        inode=identity.inode,
        mtime_ns=identity.mtime_ns,
        received_at=received_at,
    )


@contextmanager
def _regular(inbox: Path, relative: bytes) -> Iterator[BinaryIO]:
    """Open a regular file below the inbox for reading."""
    try:
        with folder_of(inbox, relative) as (folder, name), opened(folder, name) as descriptor:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise NotRegular(f"{printable(relative)}: no regular file; remove it from the inbox")
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                yield file
    except OSError as error:
        raise _refusal(error, printable(relative)) from error


def _begin_to_write(descriptor: int) -> None:
    """Have the disk begin with what it has not got yet of a file: its move waits until all of it is there.

    Begun there, one file after another, each waits twenty times as long.
    """
    with suppress(OSError):  # a file system that knows no such advice
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


def _refusal(error: OSError, shown: str) -> IntakeError:
    if error.errno in _GONE:
        return Vanished(f"{shown}: gone before it could be opened")
    if error.errno in _NO_FILE:
        return NotRegular(f"{shown}: no regular file, or reached through a link; remove it from the inbox")
    return Unreadable(f"{shown}: cannot be read ({error.strerror}); let the service's user read it")
