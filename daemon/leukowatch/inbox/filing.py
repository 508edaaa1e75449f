"""Files leave the inbox for archive or quarantine once their row is committed.

Every step can be repeated: whatever moment the power goes, filing again gives one file in one place.
"""

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from leukowatch.errors import FilingFailed, NotFound
from leukowatch.inbox.arrival import Identity
from leukowatch.inbox.carrying import carry, open_source
from leukowatch.inbox.naming import NAME_MAX, is_safe_folder, printable
from leukowatch.inbox.placing import candidates, hash_of, make_folder, sync_folder
from leukowatch.inbox.sidecar import LONGEST_NAME, sidecar_content, sidecar_of
from leukowatch.store.outcome import Filing, Status

DUPLICATES = b"duplicates"
"""Folder of a slide's archive for files whose content is there already."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """Where a filing goes."""

    folder: Path
    """Absolute, made."""
    name: bytes
    """Raw name to begin with."""
    card: bytes | None
    """Content of the JSON beside a quarantined file."""

    def paths(self) -> Iterator[Path]:
        """Give the paths that were or will be tried, in turn."""
        names = candidates(self.name, NAME_MAX if self.card is None else LONGEST_NAME)
        return (self.folder / os.fsdecode(name) for name in names)


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

    def file(self, filing: Filing) -> Path | None:
        """Move one file to where its status wants it; when this returns, the move is on disk.

        Returns:
            The destination, absolute; None where the file is gone, or another has its name.

        Raises:
            FilingFailed: it could not be moved, and can be tried again.
        """
        (done,) = self.file_all([filing])
        if isinstance(done, FilingFailed):
            raise done
        return done

    def file_all(self, filings: Sequence[Filing]) -> list[Path | FilingFailed | None]:
        """Move a group of files, with fewer waits for the disk than one by one.

        Returns:
            For each in turn what `file` gives, or the error that it would raise.
        """
        touched: set[Path] = set()
        done = [self._attempt(filing, touched) for filing in filings]
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
            relative: raw path below the inbox that it had; where that is taken, a number is added.

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
        touched = {quarantined.parent}
        try:
            with ExitStack() as stack:
                source = open_source(quarantined.parent, os.fsencode(quarantined.name), stack)
                folder = make_folder(self._inbox, folders, touched) if source else None
                target = carry(source, folder, name, f".{os.getpid()}.part") if source and folder else None
            if target is None:
                raise NotFound(
                    f"{shown}: no such file; put it back there, or drop the image into the inbox again"
                )
            sidecar_of(quarantined).unlink(missing_ok=True)
            _sync_all(touched | {target.parent})
        except OSError as error:
            raise FilingFailed(f"{shown}: cannot be put back into the inbox ({error.strerror})") from error
        return target

    def _attempt(self, filing: Filing, touched: set[Path]) -> Path | FilingFailed | None:
        shown = printable(filing.relative)
        if not is_safe_folder(filing.slide) or filing.status is Status.REQUEUED:
            return FilingFailed(f"{shown}: no place for a {filing.status} file of slide {filing.slide!r}")
        if not self._inbox.is_dir():
            return FilingFailed(f"{shown}: cannot be moved, as the inbox {self._inbox} is not there")
        try:
            return self._file(filing, self._plan(filing, touched), touched)
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

    def _plan(self, filing: Filing, touched: set[Path]) -> _Plan:
        """Choose and make the folder that a filing goes to."""
        slide = os.fsencode(filing.slide)
        *folders, name = filing.relative.split(b"/")
        if filing.status is Status.QUARANTINED:
            folder = make_folder(self._quarantine, [slide], touched)
            return _Plan(folder, name, sidecar_content(filing))
        below = [DUPLICATES] if filing.status is Status.DUPLICATE else folders[1:]
        return _Plan(make_folder(self._archive, [slide, *below], touched), name, None)

    def _file(self, filing: Filing, plan: _Plan, touched: set[Path]) -> Path | None:
        touched |= {plan.folder, (self._inbox / os.fsdecode(filing.relative)).parent}
        with ExitStack() as stack:
            source = open_source(self._inbox, filing.relative, stack)
            if source is None:
                before = _filed_before(filing, plan)
                if before is None and self._is_unmounted(filing):
                    raise OSError(errno.ENODEV, "the file system that it was on is not mounted there")
                return before
            if Identity.of(source.status) != _identity(filing):
                before = _filed_before(filing, plan)
                if before or filing.sha256 is None or hash_of(source.descriptor) != filing.sha256:
                    return before
            return carry(source, plan.folder, plan.name, f".{filing.arrival_id}.part", plan.card)

    def _is_unmounted(self, filing: Filing) -> bool:
        """Whether no folder above a file is on the file system on which the file was taken."""
        folders = [
            folder
            for folder in (self._inbox / os.fsdecode(filing.relative)).parents
            if folder.is_relative_to(self._inbox) and folder.is_dir()
        ]
        return all(folder.stat().st_dev != filing.device for folder in folders)


def _identity(filing: Filing) -> Identity:
    return Identity(filing.device, filing.inode, filing.size, filing.mtime_ns)


def _filed_before(filing: Filing, plan: _Plan) -> Path | None:
    """Find the file where an earlier try, cut short before the ledger knew, has put it.

    The file itself is known by its identity, a copy by its content. A JSON that such a try left without its
    file is removed.
    """
    alike = None
    for path in plan.paths():
        card = sidecar_of(path)
        try:
            status = path.lstat()
        except FileNotFoundError:
            if plan.card is None or not card.is_file():
                return alike
            if card.read_bytes() == plan.card:
                card.unlink()
            continue
        if Identity.of(status) == _identity(filing):
            return path
        if alike is None and stat.S_ISREG(status.st_mode) and _same_content(path, status, filing):
            alike = path
    return alike


def _same_content(path: Path, status: os.stat_result, filing: Filing) -> bool:
    if status.st_size != filing.size:
        return False
    if filing.sha256 is None:
        return status.st_mtime_ns == filing.mtime_ns
    with path.open("rb") as file:
        return hash_of(file.fileno()) == filing.sha256


def _sync_all(folders: set[Path]) -> None:
    for folder in folders:
        try:
            sync_folder(folder)
        except (FileNotFoundError, NotADirectoryError):
            continue  # a folder that was removed since has no names to keep
