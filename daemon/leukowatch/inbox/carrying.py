"""One open file to a free name in a folder, by rename or by durable copy, repeatable after a crash."""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from leukowatch.durable import sync_folder
from leukowatch.inbox.arrival import Identity
from leukowatch.inbox.beneath import folder_of, opened
from leukowatch.inbox.naming import NAME_MAX
from leukowatch.inbox.placing import candidates, copy_new, hash_of, rename_free, rename_new, write_new
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

    def copied(self, target: Path, temporary: str) -> bool:
        """Copy it, durably, to a path that does not exist; False, and no copy, where it was replaced or written to.

        Args:
            target: absolute.
            temporary: name in the target's folder of the copy in the making, the caller's alone.

        Raises:
            OSError: it cannot be copied.
        """
        copy_new(self.descriptor, target, temporary)
        if self.is_current():
            return True
        target.unlink()
        return False

    def remove(self) -> None:
        """Remove its name."""
        os.unlink(self.name, dir_fd=self.folder)

    def renamed(self, name: bytes) -> "Source":
        """Give it the first free of a name's candidates in its folder, without a look at what its own leads to."""
        path = rename_free(self.name, Path(f"/proc/self/fd/{self.folder}"), name, self.folder)
        return replace(self, name=os.fsencode(path.name))

    def back_to(self, name: bytes) -> None:
        """Give it a name that it had, durably, or the first free candidate; nothing where it still has that."""
        if name != self.name:
            self.renamed(name)
            sync_folder(Path(f"/proc/self/fd/{self.folder}"))


@dataclass(frozen=True, slots=True)
class Goal:
    """Where a file is to go, and what is known of the places there."""

    folder: Path
    """Absolute, made; on any file system."""
    name: bytes
    """Raw name to begin with."""
    temporary: str
    """Name in `folder` for a copy in the making, the caller's alone."""
    is_anothers: Callable[[Path], bool]
    """Whether what is at a path there belongs to another row, and so is no trace of an earlier try."""
    card: bytes | None = None
    """Content of the JSON to put beside the file, before the file itself."""
    aside: bytes | None = None
    """Raw name in the source's folder that it has while it is copied, by which a later try finds it."""

    def paths(self) -> Iterator[Path]:
        """Give the paths that were or will be tried, in turn."""
        names = candidates(self.name, NAME_MAX if self.card is None else LONGEST_NAME)
        return (self.folder / os.fsdecode(name) for name in names)


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


def carry(source: Source, goal: Goal) -> Path | None:
    """Move a file to the first free name in a folder; its content is on disk before its name changes.

    Returns:
        Its new path; None where another file had taken the source's name, which is left as it was.

    Raises:
        OSError: it cannot be moved.
    """
    os.fsync(source.descriptor)
    for target in goal.paths():
        there = _status(target)
        if there and _is_left_by_crash(source, target, there, goal):
            source.remove()
            return target
        if there or (goal.card is not None and not _reserve(target, goal)):
            continue
        try:
            moved = _move(source, target, goal)
        except FileExistsError:
            _withdraw(target, goal)
            continue
        if not moved:
            _withdraw(target, goal)
        return target if moved else None
    raise AssertionError  # paths never end


def _status(target: Path) -> os.stat_result | None:
    """What is at a path, a link itself; None where nothing is."""
    try:
        return target.lstat()
    except FileNotFoundError:
        return None


def _has_card(target: Path, goal: Goal) -> bool:
    """Whether the JSON that goes before a file into quarantine is there; the file is a stranger's without it."""
    if goal.card is None:
        return True
    card = sidecar_of(target)
    return card.is_file() and card.read_bytes() == goal.card


def _reserve(target: Path, goal: Goal) -> bool:
    """Put the JSON of a file in its place before the file; False where another file's is there."""
    try:
        write_new(sidecar_of(target), goal.card or b"", goal.temporary)
    except FileExistsError:
        return _has_card(target, goal)
    return True


def _withdraw(target: Path, goal: Goal) -> None:
    """Take back the JSON of a file that did not come."""
    if goal.card is not None:
        sidecar_of(target).unlink()


def _is_left_by_crash(source: Source, target: Path, there: os.stat_result, goal: Goal) -> bool:
    """Whether an earlier try may have brought the file here and not have come to remove the source."""
    return _has_card(target, goal) and _is_same(source, target, there) and not goal.is_anothers(target)


def _is_same(source: Source, target: Path, there: os.stat_result) -> bool:
    """Whether what is at a path is the file, or a copy of it with its time."""
    if os.path.samestat(there, source.status):
        return True
    if not stat.S_ISREG(there.st_mode):
        return False
    if (there.st_size, there.st_mtime_ns) != (source.status.st_size, source.status.st_mtime_ns):
        return False
    with target.open("rb") as file:
        return hash_of(file.fileno()) == hash_of(source.descriptor)


def _move(source: Source, target: Path, goal: Goal) -> bool:
    """Rename or, to another file system, copy; False where the source's name has another file by now."""
    if not source.is_current():
        return False
    try:
        rename_new(source.name, target, source.folder)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        return _copy(source, target, goal)
    if os.path.samestat(target.lstat(), source.status):
        return True
    replace(source, name=os.fsencode(target)).back_to(source.name)
    return False


def _copy(source: Source, target: Path, goal: Goal) -> bool:
    """Copy to another file system; False where the source's name has another file, or it was written to.

    The source has a name aside meanwhile, where nobody takes it for a file that waits, or puts another: a crash
    leaves it there to be found, and what is removed is what was copied.
    """
    aside = source
    if goal.aside is not None and not source.name.startswith(goal.aside):
        aside = source.renamed(goal.aside + source.name)
    try:
        copied = aside.is_current() and aside.copied(target, goal.temporary)
    except OSError:
        aside.back_to(source.name)
        raise
    if copied:
        aside.remove()
    else:
        aside.back_to(source.name)
    return copied
