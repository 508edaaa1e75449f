"""Files leave the inbox for archive or quarantine once their row is committed.

Every step can be repeated: whatever moment the power goes, filing again gives one file in one place.
"""

import errno
import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from functools import cache, partial
from pathlib import Path

from leukowatch.durable import sync_folder
from leukowatch.errors import FilingFailed, NotFound, StoreUnavailable
from leukowatch.inbox.aside import aside_for, files_aside, own_name
from leukowatch.inbox.carrying import Goal, carry, open_source
from leukowatch.inbox.earlier import filed_before, is_it, is_untouched, set_aside
from leukowatch.inbox.naming import is_safe_folder, printable
from leukowatch.inbox.placing import make_folder
from leukowatch.inbox.returning import bring_back
from leukowatch.inbox.sidecar import sidecar_content, sidecar_of
from leukowatch.store.outcome import Filing, Status

DUPLICATES = b"duplicates"
"""Folder of a slide's archive for files whose content is there already."""


Named = Callable[[Filing, Path], bool]
"""Tells whether the row of another file than the filing's names a place."""


class Filer:
    """Moves files out of the inbox, and quarantined ones back.

    Args:
        inbox: absolute.
        archive: absolute, on any file system.
        quarantine: absolute, on any file system.
    """

    def __init__(self, inbox: Path, archive: Path, quarantine: Path) -> None:
        self._inbox = inbox
        self._archive = archive
        self._quarantine = quarantine

    def file_all(self, filings: Sequence[Filing], named: Named) -> list[Path | FilingFailed | None]:
        """Move files to where their status wants them; when this returns, the moves are on disk.

        Args:
            filings: all of rows that are committed.
            named: keeps a file that looks like a filing's own from being taken for it.

        Returns:
            For each in turn its destination, absolute; None where the file is gone, or another has its name; an error
            where it could not be moved, and can be tried again.
        """
        touched: set[Path] = set()
        given: dict[Path, int] = {}
        done = []
        made = cache(make_folder)

        def is_anothers(filing: Filing, path: Path) -> bool:
            return given.get(path, filing.arrival_id) != filing.arrival_id or named(filing, path)

        for filing in filings:
            goal = partial(self._goal, filing, partial(is_anothers, filing), made)
            place = self._attempt(filing, goal, touched)
            if isinstance(place, Path):
                given[place] = filing.arrival_id
            done.append(place)
        try:
            _sync_all(touched)
        except OSError as error:
            failure = FilingFailed(f"moves are not certain to be on disk ({error.strerror}); check the disk")
            return [failure if isinstance(path, Path) else path for path in done]
        return done

    def give_back(self, quarantined: Path, relative: bytes) -> Path:
        """Put a quarantined file back into the inbox and remove its JSON.

        Args:
            quarantined: absolute.
            relative: raw path below the inbox that it had; where that is taken, a number is added, whatever is there.

        Returns:
            Its path in the inbox, absolute.

        Raises:
            NotFound: it is not there.
            FilingFailed: it cannot be moved.
        """
        *folders, name = relative.split(b"/")
        if {b"", b".", b".."} & {*folders, name}:
            raise FilingFailed(
                f"{printable(relative)}: no path below the inbox; the file stays in quarantine"
            )
        shown = printable(os.fsencode(quarantined))
        touched: set[Path] = set()
        try:
            target = bring_back(quarantined, self._inbox, [*folders, name], touched)
            if target or not os.path.lexists(quarantined):  # gone in this call, or in one that was cut short
                sidecar_of(quarantined).unlink(missing_ok=True)
                _sync_all(touched)
            if target is None:
                raise NotFound(
                    f"{shown}: no such file; put it back there, or drop the image into the inbox again"
                )
        except OSError as error:
            raise FilingFailed(
                f"{shown}: cannot be put back into the inbox ({error.strerror}); check free space, and permissions on "
                f"both its folder and {self._inbox}, and repeat"
            ) from error
        return target

    def release(self) -> None:
        """Give files that were set aside, and that no row waited for, their names again where that can be done."""
        for relative in files_aside(self._inbox):
            with suppress(OSError), ExitStack() as stack:
                source = open_source(self._inbox, relative, stack)
                if source:
                    source.renamed(own_name(source.name))

    def _attempt(
        self, filing: Filing, goal: Callable[[], Goal], touched: set[Path]
    ) -> Path | FilingFailed | None:
        shown = printable(filing.relative)
        if not is_safe_folder(filing.slide) or filing.status is Status.REQUEUED:
            return FilingFailed(f"{shown}: no place for a {filing.status} file of slide {filing.slide!r}")
        if not self._inbox.is_dir():
            return FilingFailed(f"{shown}: cannot be moved, as the inbox {self._inbox} is not there")
        try:
            return self._file(filing, goal(), touched)
        except StoreUnavailable as error:
            return FilingFailed(
                f"{shown}: it cannot be told whether it was moved already ({error}); it is tried again"
            )
        except OSError as error:
            return FilingFailed(
                f"{shown}: cannot be moved and stays in the inbox ({error.strerror}); check free space, and "
                f"permissions on both {self._left_by(filing)} and {self._root_of(filing) / filing.slide}; "
                "it is tried again"
            )

    def _left_by(self, filing: Filing) -> str:
        """Printable folder of the inbox that a file leaves; that needs permission as well."""
        return printable(os.fsencode((self._inbox / os.fsdecode(filing.relative)).parent))

    def _root_of(self, filing: Filing) -> Path:
        return self._quarantine if filing.status is Status.QUARANTINED else self._archive

    def _goal(
        self,
        filing: Filing,
        is_anothers: Callable[[Path], bool],
        made: Callable[[Path, tuple[bytes, ...]], Path],
    ) -> Goal:
        """Choose and make the folder that a filing goes to."""
        slide = os.fsencode(filing.slide)
        *folders, name = filing.relative.split(b"/")
        card = None
        if filing.status is Status.QUARANTINED:
            folder = made(self._quarantine, (slide,))
            card = sidecar_content(filing)
        else:
            below = [DUPLICATES] if filing.status is Status.DUPLICATE else folders[1:]
            folder = made(self._archive, (slide, *below))
        number = filing.arrival_id
        return Goal(folder, name, f".{number}.part", is_anothers, card, aside_for(number))

    def _file(self, filing: Filing, goal: Goal, touched: set[Path]) -> Path | None:
        touched |= {goal.folder, (self._inbox / os.fsdecode(filing.relative)).parent}
        with ExitStack() as stack:
            source = open_source(self._inbox, filing.relative, stack)
            if source and is_untouched(source, filing):
                return carry(source, goal)
            left = set_aside(self._inbox, filing, stack)
            if left:
                touched.add(left.path.parent)
                return carry(left, goal)
            before = filed_before(filing, goal)
            if before is None and source is None and self._is_unmounted(filing):
                raise OSError(errno.ENODEV, "the file system that it was on is not mounted there")
            if before or source is None or not is_it(source, filing):
                return before
            return carry(source, goal)

    def _is_unmounted(self, filing: Filing) -> bool:
        """Whether no folder above a file is on the file system on which the file was taken."""
        folders = [
            folder
            for folder in (self._inbox / os.fsdecode(filing.relative)).parents
            if folder.is_relative_to(self._inbox) and folder.is_dir()
        ]
        return all(folder.stat().st_dev != filing.device for folder in folders)


def _sync_all(folders: set[Path]) -> None:
    for folder in folders:
        try:
            sync_folder(folder)
        except (FileNotFoundError, NotADirectoryError):
            continue  # a folder that was removed since has no names to keep
