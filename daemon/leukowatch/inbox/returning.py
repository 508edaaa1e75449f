"""A quarantined file's way back into the inbox, by rename or, from another disk, by a copy that nobody takes too early.

The copy has a hidden name until its original is gone: cut short at any moment, the same call again finishes it, and
another file is never taken for it, however like it that is.
"""

import errno
import hashlib
import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from leukowatch.durable import sync_folder
from leukowatch.inbox.carrying import Source, open_source
from leukowatch.inbox.placing import make_folder, rename_free

_MARK = ".leukowatch-back-"
_DIGITS = 16


def bring_back(quarantined: Path, inbox: Path, relative: Sequence[bytes], touched: set[Path]) -> Path | None:
    """Move a quarantined file to where it was in the inbox, or to the first free candidate of its name.

    Args:
        quarantined: absolute.
        inbox: absolute.
        relative: folders and name below it, raw.
        touched: folders that must be synchronised for this to last; added to.

    Returns:
        Its path in the inbox, absolute; None where it is gone.

    Raises:
        OSError: it cannot be moved.
    """
    *folders, name = relative
    hidden = _hidden(quarantined)
    touched.add(quarantined.parent)
    with ExitStack() as stack:
        source = open_source(quarantined.parent, os.fsencode(quarantined.name), stack)
        if source is None:
            copy = next(inbox.rglob(hidden), None)
        else:
            os.fsync(source.descriptor)
            folder = make_folder(inbox, folders)
            touched.add(folder)
            try:
                return rename_free(source.name, folder, name, source.folder)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
            # A try that was cut short left one, wherever its folder is by now.
            for left in inbox.rglob(f"{hidden}*"):
                left.unlink()
            copy = _copied(source, folder / hidden)
    if copy is None:
        return None
    touched.add(copy.parent)
    return rename_free(copy, copy.parent, name)


def _hidden(quarantined: Path) -> str:
    """Give the name of a file's copy in the making, the same at each try and no other file's."""
    return _MARK + hashlib.sha256(os.fsencode(quarantined)).hexdigest()[:_DIGITS]


def _copied(source: Source, copy: Path) -> Path | None:
    """Copy a file, then remove it; None where it was replaced or written to meanwhile, and stays as it is."""
    if not source.copied(copy, f"{copy.name}.part"):
        return None
    source.remove()
    sync_folder(source.path.parent)
    return copy
