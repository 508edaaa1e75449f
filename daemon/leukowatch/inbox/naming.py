r"""What file names say: which slide, which files wait, and how any bytes become text that is safe to show.

Names are bytes. Text made from them is reversible: `\xNN` stands for a byte, `\uNNNN` for a character
that does not print, `\\` for a backslash, so that two names never look the same.
"""

import hashlib
import os
import re
from datetime import date

NAME_MAX = 255
"""Bytes that one component of a path may have."""

_TEMPORARY_ENDS = (b".part", b".tmp", b".crdownload", b".filepart", b".partial", b"~")
_TEMPORARY_STARTS = (b".", b"~")
_LEFT_ALONE = (b"thumbs.db", b"desktop.ini")
_LEFT_ALONE_END = b".done"
_UNASSIGNED = re.compile(r"unassigned-\d{4}-\d{2}-\d{2}")
_DIGEST_DIGITS = 12
_ASCII = 0x80
_SURROGATES = range(0xDC80, 0xDD00)
_LAST_OF_PLANE = 0xFFFF


def printable(raw: bytes) -> str:
    r"""Text of a raw name or path, whatever bytes it has.

    Example:
        >>> printable(b"S1/a\nb\xff.jpg")
        'S1/a\\x0ab\\xff.jpg'
    """
    text = raw.decode("utf-8", "surrogateescape")
    if text.isprintable() and "\\" not in text:
        return text  # as nearly every name; the other way takes forty times as long
    return "".join(map(_shown, text))


def _shown(character: str) -> str:
    code = ord(character)
    if character == "\\":
        return "\\\\"
    if character.isprintable():
        return character
    if code in _SURROGATES:
        return f"\\x{code - 0xDC00:02x}"
    if code < _ASCII:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= _LAST_OF_PLANE else f"\\U{code:08x}"


def slide_name(raw: bytes) -> str:
    """Name of a slide from raw bytes: printable, and safe as the name of one folder.

    No slash, no leading dot, 1 to 255 bytes; a longer one is cut and ends in part of its SHA-256.
    """
    text = printable(raw).replace("/", "\\x2f")
    if text.startswith("."):
        text = "\\x2e" + text[1:]
    if len(text.encode()) <= NAME_MAX:
        return text
    digest = "~" + hashlib.sha256(raw).hexdigest()[:_DIGEST_DIGITS]
    return text.encode()[: NAME_MAX - len(digest)].decode("utf-8", "ignore") + digest


def is_safe_folder(name: str) -> bool:
    """Whether a slide's name can be the name of one folder, and of no other place."""
    return name not in {"", ".", ".."} and "/" not in name and "\0" not in name


def slide_of(relative: bytes, pattern: str, today: date) -> tuple[str, bool]:
    """Slide of a file, and whether it is unassigned.

    Args:
        relative: raw path below the inbox; its first folder, if any, is the slide.
        pattern: regular expression with a group `slide`, matched from the start of the name of a file that
            lies directly in the inbox; empty for none.
        today: names the slide where nothing else does.
    """
    first, _, rest = relative.partition(b"/")
    if rest:
        slide = slide_name(first)
    else:
        found = re.match(pattern, os.fsdecode(first)) if pattern else None
        named = (found["slide"] if found else None) or f"unassigned-{today.isoformat()}"
        slide = slide_name(os.fsencode(named))
    return slide, _UNASSIGNED.fullmatch(slide) is not None


def is_temporary(name: bytes) -> bool:
    """Whether a name is one that writers use until they are done: it waits for its rename."""
    lower = name.lower()
    return lower.startswith(_TEMPORARY_STARTS) or lower.endswith(_TEMPORARY_ENDS)


def is_left_alone(name: bytes) -> bool:
    """Whether a name belongs to a file manager or marks a finished transfer: never taken."""
    lower = name.lower()
    return lower in _LEFT_ALONE or lower.endswith(_LEFT_ALONE_END)


def marks_end(relative: bytes) -> bool:
    """Whether a file at this raw path below the inbox says that its slide's folder gets no more fields."""
    folders = relative.split(b"/")[:-1]
    ended = relative.lower().endswith(_LEFT_ALONE_END)
    return bool(folders) and ended and not any(map(is_temporary, folders))


def is_candidate(relative: bytes) -> bool:
    """Whether a file at this raw path below the inbox is to be taken once it is complete.

    A folder with a temporary name keeps everything below it waiting.
    """
    parts = relative.split(b"/")
    return not any(map(is_temporary, parts)) and not is_left_alone(parts[-1])
