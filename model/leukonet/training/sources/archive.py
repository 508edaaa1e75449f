"""Reads a zip archive that came from elsewhere, and takes nothing of it on trust."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from leukonet.errors import DataError

MOST_FILES = 100_000
"""An archive with more entries is refused."""
MOST_BYTES = 4 * 2**20
"""An entry that unpacks to more is refused; a picture of one cell has some ten thousand bytes."""
MOST_TOGETHER = 4 * 2**30
"""All entries together."""
ENCRYPTED = 0x1
"""Bit of an entry's flags."""


class Archive:
    """A zip archive whose every entry stays inside, is readable and has a believable size."""

    def __init__(self, path: Path, opened: zipfile.ZipFile) -> None:
        self.path = path
        placed = [(_place(info, path), info) for info in opened.infolist()]
        files = [(place, info) for place, info in placed if not info.is_dir()]
        self.entries = dict(files)
        """By path, with slashes, whatever system the archive was made on."""
        self._opened = opened
        if len(self.entries) < len(files):
            raise DataError(f"{path}: holds a file twice; pack each once")
        self._check()

    def read(self, place: PurePosixPath) -> bytes:
        """The bytes of one entry, whose sum is right.

        Raises:
            DataError: the entry is truncated, damaged or packed in an unknown way.
        """
        info = self.entries[place]
        try:
            with self._opened.open(info) as entry:
                return entry.read(info.file_size + 1)  # bounded: what it says of its size may be a lie
        except Exception as error:  # an unpacker may raise anything on hostile bytes
            raise DataError(
                f"{self.path}: {place} cannot be unpacked ({error}); download the archive again"
            ) from error

    def _check(self) -> None:
        """Refuse what no archive of small pictures has."""
        sizes = {place: info.file_size for place, info in self.entries.items()}
        if len(sizes) > MOST_FILES or sum(sizes.values()) > MOST_TOGETHER:
            raise DataError(f"{self.path}: absurdly large unpacked; is it the archive that was meant?")
        for place, info in self.entries.items():
            if info.file_size > MOST_BYTES:
                raise DataError(
                    f"{self.path}: {place} would have {info.file_size} bytes, absurd for a picture of one cell; "
                    "is it the archive that was meant?"
                )
            if info.flag_bits & ENCRYPTED:
                raise DataError(f"{self.path}: {place} is encrypted; give an archive without a password")


@contextmanager
def opened_archive(path: Path) -> Iterator[Archive]:
    """Open and check an archive, and close it in the end.

    Raises:
        DataError: it is missing, truncated or no zip, or an entry is refused.
    """
    try:
        opened = zipfile.ZipFile(path)
    except Exception as error:  # as above
        raise DataError(f"{path}: no whole zip archive ({error}); download it again") from error
    with opened:
        yield Archive(path, opened)


def _place(info: zipfile.ZipInfo, path: Path) -> PurePosixPath:
    """An entry's path, if it stays inside the folder that it would be unpacked to."""
    name = info.filename.replace("\\", "/")
    place = PurePosixPath(name)
    if place.is_absolute() or ".." in place.parts or ":" in name:
        raise DataError(f"{path}: {info.filename!r} leads out of the archive; download it from its publisher")
    return place
