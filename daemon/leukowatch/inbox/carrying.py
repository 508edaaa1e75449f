"""One open file to a free name in a folder, by rename or by durable copy, repeatable after a crash."""

import errno
import os
import stat
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from leukowatch.inbox.arrival import Identity
from leukowatch.inbox.beneath import folder_of, opened
from leukowatch.inbox.naming import NAME_MAX
from leukowatch.inbox.placing import candidates, copy_new, hash_of, rename_new, sync_folder, write_new
from leukowatch.inbox.sidecar import LONGEST_NAME, sidecar_of

_GONE = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO, errno.ESTALE}


@dataclass(frozen=True, slots=True)
class Source:
    """The file to carry, held open so that it stays the one that was looked at."""

    folder: int
    """Descriptor of its folder."""
    name: bytes
    """Its raw name in that folder."""
    path: Path
    """The same, absolute."""
    descriptor: int
    """Open for reading."""
    status: os.stat_result
    """When it was opened."""

    def is_current(self) -> bool:
        """Whether its name still leads to it, and nobody has written to it."""
        try:
            now = os.stat(self.name, dir_fd=self.folder, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return Identity.of(now) == Identity.of(self.status)

    def remove(self) -> None:
        """Remove its name."""
        os.unlink(self.name, dir_fd=self.folder)


def open_source(root: Path, relative: bytes, stack: ExitStack) -> Source | None:
    """Open a regular file below a folder; None where there is none, or only through a link.

    Args:
        root: absolute.
        relative: raw path below it.
        stack: closes the file.

    Raises:
        OSError: it is there and cannot be opened.
    """
    try:
        folder, name = stack.enter_context(folder_of(root, relative))
        descriptor = stack.enter_context(opened(folder, name))
    except OSError as error:
        if error.errno in _GONE:
            return None
        raise
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        return None
    return Source(folder, name, root / os.fsdecode(relative), descriptor, status)


def carry(
    source: Source, folder: Path, name: bytes, temporary: str, card: bytes | None = None
) -> Path | None:
    """Move a file to the first free name in a folder; its content is on disk before its name changes.

    Args:
        source: the file.
        folder: where to, absolute; on any file system.
        name: raw name to begin with.
        temporary: name in `folder` for a copy in the making, the caller's alone.
        card: content of the JSON to put beside the file, before the file itself; None for no JSON.

    Returns:
        Its new path; None where another file had taken the source's name, which is left as it was.

    Raises:
        OSError: it cannot be moved.
    """
    os.fsync(source.descriptor)
    for candidate in candidates(name, NAME_MAX if card is None else LONGEST_NAME):
        target = folder / os.fsdecode(candidate)
        if _is_left_by_crash(source, target):
            source.remove()
            return target
        if os.path.lexists(target) or (card is not None and not _reserve(target, card, temporary)):
            continue
        try:
            moved = _move(source, target, temporary)
        except FileExistsError:
            _withdraw(target, card)
            continue
        if not moved:
            _withdraw(target, card)
        return target if moved else None
    raise AssertionError  # candidates never end


def _reserve(target: Path, card: bytes, temporary: str) -> bool:
    """Put the JSON of a file in its place before the file; False where another file's is there."""
    path = sidecar_of(target)
    try:
        write_new(path, card, temporary)
    except FileExistsError:
        return path.is_file() and path.read_bytes() == card
    return True


def _withdraw(target: Path, card: bytes | None) -> None:
    """Take back the JSON of a file that did not come."""
    if card is not None:
        sidecar_of(target).unlink()


def _is_left_by_crash(source: Source, target: Path) -> bool:
    """Whether an earlier try had brought the file here and did not come to remove the source."""
    try:
        there = target.lstat()
    except FileNotFoundError:
        return False
    if os.path.samestat(there, source.status):
        return True
    copied = there.st_dev != source.status.st_dev and stat.S_ISREG(there.st_mode)
    if not copied or (there.st_size, there.st_mtime_ns) != (source.status.st_size, source.status.st_mtime_ns):
        return False
    with target.open("rb") as file:
        return hash_of(file.fileno()) == hash_of(source.descriptor)


def _move(source: Source, target: Path, temporary: str) -> bool:
    """Rename or, to another file system, copy; False where the source's name has another file by now."""
    if not source.is_current():
        return False
    try:
        rename_new(source.name, target, source.folder)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
    else:
        if os.path.samestat(target.lstat(), source.status):
            return True
        _put_back(target, source)
        return False
    copy_new(source.descriptor, target, temporary)
    if not source.is_current():
        target.unlink()
        return False
    source.remove()
    return True


def _put_back(target: Path, source: Source) -> None:
    """Give a file its name again, that had taken the source's in the very moment of the rename."""
    folder = Path(f"/proc/self/fd/{source.folder}")
    for name in candidates(source.name):
        try:
            rename_new(target, folder / os.fsdecode(name))
        except FileExistsError:
            continue
        sync_folder(folder)
        return
