"""Reaching a file below a folder without ever following a link out of it."""

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@contextmanager
def folder_of(root: Path, relative: bytes) -> Iterator[tuple[int, bytes]]:
    """Open the folder that holds a file, one component at a time, none of them a link.

    Args:
        root: where to begin; may itself be a link.
        relative: raw path below it.

    Yields:
        The folder's descriptor, for the `dir_fd` of other calls, and the file's name in it.

    Raises:
        OSError: a component is missing, no folder, a link (`ENOTDIR`), or leads upwards (`EINVAL`).
    """
    *folders, name = relative.split(b"/")
    if {b"", b".", b".."} & {*folders, name}:
        raise OSError(errno.EINVAL, "not a path below the folder", os.fsdecode(relative))
    descriptor = os.open(root, _FOLDER)
    try:
        for folder in folders:
            deeper = os.open(folder, _FOLDER | os.O_NOFOLLOW, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = deeper
        yield descriptor, name
    finally:
        os.close(descriptor)


@contextmanager
def opened(folder: int, name: bytes) -> Iterator[int]:
    """Open an entry of an open folder for reading, without following a link or waiting for a pipe's writer.

    Yields:
        Its descriptor; the caller must `fstat` it to know what it is.

    Raises:
        OSError: it is gone, a link (`ELOOP`), a socket (`ENXIO`), or may not be read.
    """
    descriptor = os.open(name, _FILE, dir_fd=folder)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def own_content(root: Path, relative: bytes, sha256: str) -> bytes:
    """Read a field's own file whole: following no link, and never what has been put in its place.

    Args:
        root: where to begin; may itself be a link.
        relative: raw path below it.
        sha256: of the content, 64 hexadecimal digits.

    Raises:
        OSError: as `folder_of` and `opened`; or it is no regular file (`EINVAL`), or holds other content (`ESTALE`).
            Its `strerror` is for people.
    """
    with folder_of(root, relative) as (folder, name), opened(folder, name) as descriptor:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "there is no file in its place", os.fsdecode(relative))
        with os.fdopen(os.dup(descriptor), "rb") as file:
            content = file.read()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise OSError(errno.ESTALE, "the file in its place has other content", os.fsdecode(relative))
    return content
