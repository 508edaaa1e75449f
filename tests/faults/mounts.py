"""Small file systems of their own: to fill, to unmount and to remount, without harm to the machine's."""

import fcntl
import os
import struct
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab import wait_until
from leukowatch.setting_tables import InboxSettings

DISK_BYTES = 64 << 20
EXT4_IOC_SHUTDOWN = 0x8004587D
"""Has ext4 stop at once (`include/uapi/linux/ext4.h`)."""
WITHOUT_FLUSHING = 2
"""Neither data nor journal."""

LITTLE_SPACE = (
    {"INBOX__MIN_FREE_MEGABYTES": "0"} if "min_free_megabytes" in InboxSettings.model_fields else {}
)
"""Setting of a home that is taken to a really full disk, and not to where the service pauses by itself."""

Mount = Callable[[Path, str], None]


def mount(*arguments: str | Path) -> None:
    """Have a file system mounted by the system's command.

    Raises:
        subprocess.CalledProcessError: it failed; its message is in `stderr`.
    """
    subprocess.run(["mount", *map(str, arguments)], check=True, capture_output=True, text=True)


def unmount(place: Path) -> None:
    """Take a mount away, though somebody may still have files of it open."""
    subprocess.run(["umount", "--lazy", str(place)], check=True, capture_output=True)


@contextmanager
def mounting() -> Iterator[Mount]:
    """Give a function that mounts a small tmpfs on a folder; all are unmounted at the end."""
    places: list[Path] = []

    def tmpfs(place: Path, size: str) -> None:
        place.mkdir(parents=True, exist_ok=True)
        try:
            mount("-t", "tmpfs", "-o", f"size={size}", "leukowatch-test", place)
        except (subprocess.CalledProcessError, FileNotFoundError) as error:
            pytest.skip(f"mounting is not permitted here: {getattr(error, 'stderr', error)}")
        places.append(place)

    try:
        yield tmpfs
    finally:
        for place in reversed(places):
            while os.path.ismount(place):
                unmount(place)


def fill(folder: Path) -> Path:
    """Use up all space of a folder's file system by one file, and give it; removing it makes room."""
    filler = folder / ".filler.tmp"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue
    return filler


class Disk:
    """A disk of its own, in a file, whose power can be cut.

    Args:
        image: file to make.
        place: folder to mount it on.
    """

    def __init__(self, image: Path, place: Path) -> None:
        self.place = place
        self._image = image
        with image.open("wb") as file:
            file.truncate(DISK_BYTES)
        try:
            subprocess.run(["mkfs.ext4", "-q", image], check=True, capture_output=True)
            place.mkdir()
            self.mount()
        except (subprocess.CalledProcessError, FileNotFoundError) as error:
            pytest.skip(f"no disk can be mounted here: {getattr(error, 'stderr', error)}")

    def mount(self) -> None:
        """Turn it on."""
        mount("-o", "loop", self._image, self.place)

    def cut(self) -> None:
        """Cut its power: from now on nothing reaches it, and what was not yet synchronised is gone."""
        folder = os.open(self.place, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, EXT4_IOC_SHUTDOWN, struct.pack("I", WITHOUT_FLUSHING))
        finally:
            os.close(folder)

    def unmount(self) -> None:
        """Turn it off, as soon as the last process has let go of it."""
        wait_until(
            lambda: subprocess.run(["umount", self.place], capture_output=True, check=False).returncode == 0
        )
