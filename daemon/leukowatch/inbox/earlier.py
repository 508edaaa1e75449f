"""What an earlier try to file a file, cut short before the ledger knew, has left: at its goal or set aside."""

import stat
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from leukowatch.inbox.arrival import Identity
from leukowatch.inbox.aside import aside_for, files_aside
from leukowatch.inbox.carrying import Goal, Source, open_source
from leukowatch.inbox.placing import hash_of
from leukowatch.inbox.sidecar import sidecar_of

if TYPE_CHECKING:
    import os

    from leukowatch.store.outcome import Filing


def is_it(source: Source, filing: "Filing") -> bool:
    """Whether an open file is the one that was taken: by its state, or by its content."""
    if Identity.of(source.status) == _identity(filing):
        return True
    return filing.sha256 is not None and hash_of(source.descriptor) == filing.sha256


def is_untouched(source: Source, filing: "Filing") -> bool:
    """Whether an open file is the one that was taken, nothing about it changed since."""
    return Identity.of(source.status) == _identity(filing)


def set_aside(inbox: Path, filing: "Filing", stack: ExitStack) -> Source | None:
    """Open the file where it was set aside to be copied, also in a folder that was renamed since.

    Args:
        inbox: absolute.
        filing: the file's.
        stack: closes the file.
    """
    mark = aside_for(filing.arrival_id)
    for relative in files_aside(inbox):
        if relative.rpartition(b"/")[2].startswith(mark):
            source = open_source(inbox, relative, stack)
            if source and is_it(source, filing):
                return source
    return None


def filed_before(filing: "Filing", goal: Goal) -> Path | None:
    """Find the file where an earlier try has put it.

    The file itself is known by its identity, a copy by its content; what another row names is another file. A
    JSON that such a try left without its file is removed.
    """
    alike = None
    for path in goal.paths():
        card = sidecar_of(path)
        try:
            status = path.lstat()
        except FileNotFoundError:
            if goal.card is None or not card.is_file():
                return alike
            if card.read_bytes() == goal.card:
                card.unlink()
            continue
        same = Identity.of(status) == _identity(filing)
        if not same and (alike or not _same_content(path, status, filing)):
            continue
        if not goal.is_anothers(path):
            if same:
                return path
            alike = path
    raise AssertionError  # paths never end


def _identity(filing: "Filing") -> Identity:
    return Identity(filing.device, filing.inode, filing.size, filing.mtime_ns)


def _same_content(path: Path, status: "os.stat_result", filing: "Filing") -> bool:
    if not stat.S_ISREG(status.st_mode) or status.st_size != filing.size:
        return False
    if filing.sha256 is None:
        return status.st_mtime_ns == filing.mtime_ns
    with path.open("rb") as file:
        return hash_of(file.fileno()) == filing.sha256
