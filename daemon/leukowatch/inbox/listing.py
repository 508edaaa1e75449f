"""What lies in the inbox now: the truth, whatever events came."""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from leukowatch.inbox.arrival import Identity
from leukowatch.inbox.naming import is_candidate, is_left_alone, is_temporary, marks_end

UNLISTABLE = "folder that cannot be listed"
"""What `list_files` calls one, where its caller asks for oddities."""
_IMAGE_ENDS = (b".jpg", b".jpeg", b".png", b".bmp", b".tif", b".tiff")
_KINDS = {
    stat.S_IFLNK: "symbolic link",
    stat.S_IFIFO: "pipe",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
}


@dataclass(frozen=True, slots=True)
class Listed:
    """A regular file found by listing."""

    relative: bytes
    """Raw path below the inbox."""
    identity: Identity
    """Its state when it was listed."""


def list_files(
    inbox: Path,
    oddity: Callable[[bytes, str], None],
    ended: Callable[[bytes], None] = lambda _path: None,
    among: Callable[[bytes], bool] = lambda _name: True,
) -> Iterator[Listed]:
    """Give every regular file below the inbox that is to be taken, links not followed.

    What vanishes meanwhile is passed over.

    Args:
        inbox: the folder.
        oddity: told the raw path and a description of what else is there: links, pipes, sockets, devices,
            folders named like images, folders that cannot be listed.
        ended: told the raw path of each file that marks the end of its slide.
        among: asked the raw name of each file and folder that lies directly in the inbox; what it says no to is
            passed over without a look.

    Raises:
        OSError: the inbox itself cannot be listed.
    """
    pending = [b""]
    while pending:
        folder = pending.pop()
        for relative, status in _entries(inbox, folder, oddity, among):
            if stat.S_ISREG(status.st_mode):
                if is_candidate(relative):
                    yield Listed(relative, Identity.of(status))
                elif marks_end(relative):
                    ended(relative)
            elif not stat.S_ISDIR(status.st_mode):
                oddity(relative, _KINDS.get(stat.S_IFMT(status.st_mode), "special file"))
            else:
                if relative.lower().endswith(_IMAGE_ENDS):
                    oddity(relative, "folder named like an image")
                pending.append(relative)


def unlistable_folders(inbox: Path) -> Iterator[bytes]:
    """Give the raw path of every folder below the inbox that may not be listed, those left alone excepted.

    Raises:
        OSError: the inbox itself cannot be listed.
    """
    found: list[bytes] = []

    def note(relative: bytes, kind: str) -> None:
        if kind == UNLISTABLE and not any(map(is_temporary, relative.split(b"/"))):
            found.append(relative)

    for _ in list_files(inbox, note):
        pass
    yield from found


def _entries(
    inbox: Path, folder: bytes, oddity: Callable[[bytes, str], None], among: Callable[[bytes], bool]
) -> Iterator[tuple[bytes, os.stat_result]]:
    """Raw path and state of each entry of a folder below the inbox."""
    try:
        scan = os.scandir(os.path.join(os.fsencode(inbox), folder))  # noqa: PTH118  Path has no bytes
    except (FileNotFoundError, NotADirectoryError):
        if not folder:
            raise
        return
    except PermissionError:
        if not folder:
            raise
        oddity(folder, UNLISTABLE)
        return
    with scan as entries:
        for entry in entries:
            if not folder and not among(entry.name):
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            except PermissionError:  # names may be read and nothing more
                if not folder:
                    raise
                oddity(folder, UNLISTABLE)
                return
            yield (folder + b"/" if folder else b"") + entry.name, status


def remove_empty_folders(inbox: Path, older_than: float, now: float) -> list[bytes]:
    """Remove the empty folders below the inbox that nothing was added to for a while; never the inbox itself.

    Args:
        inbox: the folder.
        older_than: seconds since the folder last changed.
        now: wall time, seconds since 1970.

    Returns:
        Raw paths of the removed ones. A folder that was emptied by this goes when its own time has passed.
    """
    removed = []
    for path, _, files in os.walk(os.fsencode(inbox), topdown=False):
        relative = os.path.relpath(path, os.fsencode(inbox))
        if files or relative == b"." or any(map(is_temporary, relative.split(b"/"))):
            continue
        with suppress(OSError):
            if os.stat(path).st_mtime <= now - older_than:  # noqa: PTH116  Path has no bytes
                os.rmdir(path)  # noqa: PTH106  Path has no bytes
                removed.append(relative)
    return removed


def temporary_files(inbox: Path) -> Iterator[bytes]:
    """Give the raw path of every file below the inbox that waits for its rename."""
    for path, _, files in os.walk(os.fsencode(inbox)):
        below = os.path.relpath(path, os.fsencode(inbox))
        folders = [] if below == b"." else below.split(b"/")
        for name in files:
            if any(map(is_temporary, [*folders, name])) and not is_left_alone(name):
                yield b"/".join([*folders, name])
