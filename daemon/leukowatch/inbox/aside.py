"""Names that files have in the inbox while they are copied to another disk: hidden, and telling whose they are."""

import os
from collections.abc import Iterator
from pathlib import Path

_MARK = b".leukowatch-"
_END = b"~"


def aside_for(arrival_id: int) -> bytes:
    """Give what the name of a file that is set aside begins with; its own name follows."""
    return b"%s%d%s" % (_MARK, arrival_id, _END)


def own_name(aside: bytes) -> bytes:
    """Give the name that a file had before it was set aside; empty where it has none."""
    return aside.removeprefix(_MARK).partition(_END)[2]


def files_aside(inbox: Path) -> Iterator[bytes]:
    """Give the raw path below the inbox of each file that a crash left aside, wherever its folder is by now."""
    root = os.fsencode(inbox)
    for path, _, names in os.walk(root):
        folder = os.path.relpath(path, root)
        for name in names:
            if name.startswith(_MARK) and own_name(name):
                yield name if folder == b"." else folder + b"/" + name
