"""`leukowatch prune`: images of signed slides leave the archive for their age; what was counted on them stays."""

import errno
import os
import re
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from leukowatch.durable import sync_folder
from leukowatch.errors import FilingFailed, RequestInvalid
from leukowatch.inbox.beneath import folder_of, opened
from leukowatch.inbox.naming import printable
from leukowatch.inbox.placing import hash_of
from leukowatch.settings import Settings
from leukowatch.store.archived import ARCHIVE
from leukowatch.store.opened import reader, writer
from leukowatch.store.pruning import Archived, last_pruned, mark_pruned, old_images, unmark

GROUP = 64
SHOWN = 20
"""Slides that are named at most."""
_DAYS = re.compile(r"([1-9]\d{0,4})d")


def prune(settings: Settings, older_than: str, slides: Sequence[str], *, really: bool) -> Iterator[str]:
    """Delete archived images of signed slides.

    Args:
        settings: in force.
        older_than: days since the image was taken, as `90d`.
        slides: only of these; of all where it is empty.
        really: do it; else it is only told.

    Yields:
        What is found and done, in sentences.

    Raises:
        RequestInvalid: `older_than` is no number of days.
        NotFound: there is no such slide.
        StoreUnavailable: the database cannot be read or written.
        FilingFailed: some could not be deleted; they stay in the books, and the others are gone.
    """
    now = datetime.now(UTC)
    before = now - _days(older_than)
    with writer(settings) if really else reader(settings) as engine:
        old = old_images(engine, before, slides, now)
        yield f"{_amount(old.signed)} of signed slides were taken before {before:%Y-%m-%d}"
        yield from _by_slide(old.signed)
        if old.unsigned:
            yield f"{_amount(old.unsigned)} are as old and stay, as their slides are not signed"
        if not really:
            yield "nothing was deleted: --yes does it"
            return
        deleted, failed = _delete_all(engine, settings.archive_folder, old.signed)
        yield f"{_amount(deleted)} were deleted; rows, cells and counts stay"
    if failed:
        raise FilingFailed(f"{len(failed)} images could not be deleted: {failed[0]}")


def _days(text: str) -> timedelta:
    found = _DAYS.fullmatch(text)
    if not found:
        raise RequestInvalid(f"--older-than {text}: give a number of days, as 90d")
    return timedelta(days=int(found[1]))


def _amount(images: Sequence[Archived]) -> str:
    return f"{len(images)} images ({sum(image.size for image in images) / 1e6:.1f} MB)"


def _by_slide(images: Sequence[Archived]) -> Iterator[str]:
    number = Counter(image.slide for image in images)
    for slide, count in number.most_common(SHOWN):
        yield f"  {slide}: {count}"
    if len(number) > SHOWN:
        yield f"  and {len(number) - SHOWN} more slides"


def _delete_all(
    engine: Engine, archive: Path, images: Sequence[Archived]
) -> tuple[list[Archived], list[str]]:
    """Mark and delete, a group at a time, after what an earlier run left marked and not deleted."""
    failed = _delete(engine, archive, last_pruned(engine))[1]
    deleted = []
    for begin in range(0, len(images), GROUP):
        marked = mark_pruned(engine, images[begin : begin + GROUP], datetime.now(UTC))
        gone, wrong = _delete(engine, archive, marked)
        deleted += gone
        failed += wrong
    return deleted, failed


def _delete(engine: Engine, archive: Path, marked: Sequence[Archived]) -> tuple[list[Archived], list[str]]:
    """Delete the files of marked rows; a row whose file stays is marked no more."""
    gone, left, told = [], [], []
    for image in marked:
        try:
            _delete_one(archive, image)
            gone.append(image)
        except OSError as error:
            left.append(image)
            told.append(f"{printable(image.destination)} ({error.strerror})")
    for folder in {_place(archive, image).parent for image in gone}:
        if folder.is_dir():
            sync_folder(folder)
    if left:
        unmark(engine, left)
    return gone, told


def _place(archive: Path, image: Archived) -> Path:
    return archive / os.fsdecode(image.destination.removeprefix(ARCHIVE))


def _delete_one(archive: Path, image: Archived) -> None:
    """Delete one file, if it is there, never through a link, and none but the one that was filed.

    Raises:
        OSError: it cannot be deleted, or another file has its place.
    """
    try:
        with folder_of(archive, image.destination.removeprefix(ARCHIVE)) as (folder, name):
            with opened(folder, name) as descriptor:
                if not _is_it(descriptor, image):
                    raise OSError(errno.EEXIST, "another file has its place")
            os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        return


def _is_it(descriptor: int, image: Archived) -> bool:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_size != image.size:
        return False
    return status.st_mtime_ns == image.mtime_ns or hash_of(descriptor) == image.sha256
