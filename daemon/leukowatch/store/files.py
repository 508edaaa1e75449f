"""The SQLite file itself: who may read it."""

import os
from pathlib import Path

FILE_MODE = 0o640
"""The service's group reads with `sqlite3`, and cannot write."""
FOLDER_MODE = 0o750
"""Of the home too."""


def prepare_file(path: Path) -> None:
    """Make an absent database file, and its folder, readable by the group; leave what exists alone.

    SQLite gives the files that it puts beside the database the same mode.

    Raises:
        OSError: the folder cannot be made or written.
    """
    if not path.parent.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(FOLDER_MODE)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
    except FileExistsError:
        return
    try:
        os.fchmod(descriptor, FILE_MODE)
    finally:
        os.close(descriptor)
