"""Small disks that can be filled: two tmpfs, the second one under some slides' archive and quarantine."""

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

APART = ("S00", "S03", "S06", "S09", "S12", "S15", "S18", "S21")
"""Slides whose archive and quarantine lie on the second disk: their files are copied, the others' renamed."""
_BLOCK = bytes(1 << 16)


@dataclass(frozen=True, slots=True)
class Disk:
    """A mounted disk."""

    folder: Path

    def fill(self) -> None:
        """Take every free byte of it, for the moment."""
        with (self.folder / "ballast").open("ab", buffering=0) as file:
            for block in (_BLOCK, _BLOCK[:4096]):
                try:
                    while file.write(block):
                        pass
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def empty(self) -> None:
        """Give the room back."""
        (self.folder / "ballast").unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run happens."""

    disks: tuple[Disk, Disk]
    home: Path
    """Has its inbox already."""
    outside: Path
    """A folder beside the inbox, on the same disk."""

    @property
    def inbox(self) -> Path:
        """Where the droppers drop."""
        return self.home / "inbox"


@contextmanager
def place(base: Path, files: int) -> Iterator[Place]:
    """Mount disks with room for a number of small files below an empty folder; unmount them at the end."""
    first, second = base / "disk", base / "apart"
    with ExitStack() as stack:
        for disk in (first, second):
            disk.mkdir()
            stack.enter_context(_mounted("-t", "tmpfs", "-o", f"size={48 + files // 50}M", "tmpfs", disk))
        home, outside = first / "home", first / "outside"
        for folder in (home / "inbox", outside):
            folder.mkdir(parents=True)
        for slide in APART:
            for room in ("archive", "quarantine"):
                behind, seen = second / room / slide, home / room / slide
                behind.mkdir(parents=True)
                seen.mkdir(parents=True)
                stack.enter_context(_mounted("--bind", behind, seen))
        yield Place((Disk(first), Disk(second)), home, outside)


@contextmanager
def _mounted(*how: str | Path) -> Iterator[None]:
    """One mount; its last argument is where."""
    subprocess.run(["mount", *how], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", os.fspath(how[-1])], check=True)
