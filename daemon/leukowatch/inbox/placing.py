"""Moving one file so that nothing is ever overwritten and nothing is lost when the power goes."""

import ctypes
import errno
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import BinaryIO

from leukowatch.durable import sync_folder
from leukowatch.inbox.naming import NAME_MAX

_AT_FDCWD = -100
_RENAME_NOREPLACE = 1
_NOT_OFFERED = {errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP}
_BLOCK = 1 << 20
_LONGEST_EXTENSION = 16
_LONGEST_CHARACTER = 4

_libc = ctypes.CDLL(None, use_errno=True)


def candidates(name: bytes, limit: int = NAME_MAX) -> Iterator[bytes]:
    """Give the names to try in turn: `a.jpg`, `a~1.jpg`, `a~2.jpg` and so on, each at most `limit` bytes."""
    stem, dot, extension = name.rpartition(b".")
    extension = dot + extension
    if not stem or len(extension) > _LONGEST_EXTENSION:
        stem, extension = name, b""
    for number in count():
        mark = b"~%d" % number if number else b""
        yield _cut(stem, limit - len(mark) - len(extension)) + mark + extension


def _cut(stem: bytes, room: int) -> bytes:
    """Give the first bytes of a name, no character of UTF-8 torn."""
    if len(stem) <= room:
        return stem
    for end in range(room, room - _LONGEST_CHARACTER, -1):
        if stem[end] & 0xC0 != 0x80:  # noqa: PLR2004  the bits that mark a character's later bytes
            return stem[:end]
    return stem[:room]


def rename_new(source: Path | bytes, target: Path, folder: int = _AT_FDCWD) -> None:
    """Rename within a file system, in one step, to a path that does not exist.

    Args:
        source: absolute path, or a raw name in `folder`.
        target: absolute path.
        folder: descriptor of the source's folder.

    Raises:
        FileExistsError: something is at `target`.
        OSError: `EXDEV` on another file system, or whatever else prevents it.
    """
    name = os.fsencode(source)
    if _libc.renameat2(folder, name, _AT_FDCWD, os.fsencode(target), _RENAME_NOREPLACE) == 0:
        return
    code = ctypes.get_errno()
    if code not in _NOT_OFFERED:
        raise OSError(code, os.strerror(code), str(target))
    _rename_in_two(name, target, None if folder == _AT_FDCWD else folder)


def rename_free(source: Path | bytes, goal: Path, name: bytes, folder: int = _AT_FDCWD) -> Path:
    """Rename within a file system to the first free one of a name's candidates.

    Args:
        source: absolute path, or a raw name in `folder`.
        goal: folder that it goes to, absolute.
        name: raw name to begin with.
        folder: descriptor of the source's folder.

    Returns:
        The path that it has now.

    Raises:
        OSError: whatever prevents it, but that something is at a candidate.
    """
    for candidate in candidates(name):
        target = goal / os.fsdecode(candidate)
        try:
            rename_new(source, target, folder)
        except FileExistsError:
            continue
        return target
    raise AssertionError  # candidates never end


def _rename_in_two(name: bytes, target: Path, folder: int | None) -> None:
    """Do the same on a file system that offers no such rename (NFS): claim the name first.

    A second link claims it and, left by a crash, is known again by its inode. Links to other users' files
    can be forbidden (`fs.protected_hardlinks`); then an empty file claims it.
    """
    try:
        os.link(name, target, src_dir_fd=folder, follow_symlinks=False)
        os.unlink(name, dir_fd=folder)
    except PermissionError:
        target.touch(mode=0o600, exist_ok=False)
        try:
            os.rename(name, target, src_dir_fd=folder)
        except OSError:
            target.unlink()
            raise


def copy_new(source: int, target: Path, temporary: str) -> None:
    """Copy an open file to a path that does not exist, durably, with its time and permissions.

    Args:
        source: descriptor, open for reading.
        target: absolute path.
        temporary: name in the target's folder, the caller's alone; what is there is overwritten.

    Raises:
        FileExistsError: something is at `target`; nothing is left behind.
        OSError: whatever else prevents it; nothing is left behind.
    """
    status = os.fstat(source)
    with _appearing(target, temporary) as file:
        for block in _blocks(source):
            file.write(block)
        file.flush()
        os.fchmod(file.fileno(), stat.S_IMODE(status.st_mode) & 0o777)
        os.utime(file.fileno(), ns=(status.st_atime_ns, status.st_mtime_ns))


def write_new(target: Path, content: bytes, temporary: str) -> None:
    """Write a file that appears whole or not at all, at a path that does not exist, durably.

    Raises:
        FileExistsError: something is at `target`; nothing is left behind.
        OSError: whatever else prevents it; nothing is left behind.
    """
    with _appearing(target, temporary) as file:
        file.write(content)


@contextmanager
def _appearing(target: Path, temporary: str) -> Iterator[BinaryIO]:
    """Give a file to write to that is at `target`, on disk, when the block ends well, and nowhere else."""
    path = target.with_name(temporary)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(path, flags, 0o640), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        rename_new(path, target)
        sync_folder(target.parent)
    except OSError:
        path.unlink(missing_ok=True)
        raise


def make_folder(base: Path, parts: Iterable[bytes]) -> Path:
    """Make folders below `base`, durably, and give the last one; where a file has a folder's name, another is taken.

    Args:
        base: absolute path; made if it is missing.
        parts: raw names, one below the other.

    Raises:
        OSError: they cannot be made.
    """
    base.mkdir(parents=True, exist_ok=True)
    for part in parts:
        for name in candidates(part):
            path = base / os.fsdecode(name)
            try:
                path.mkdir()
            except FileExistsError:
                if path.is_symlink() or not path.is_dir():
                    continue
            else:
                sync_folder(base)
            base = path
            break
    return base


def hash_of(source: int) -> str:
    """SHA-256 of an open file from its beginning, 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for block in _blocks(source):
        digest.update(block)
    return digest.hexdigest()


def _blocks(source: int) -> Iterator[bytes]:
    os.lseek(source, 0, os.SEEK_SET)
    while block := os.read(source, _BLOCK):
        yield block
