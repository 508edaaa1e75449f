"""Formats that end in a marker of their own: JPEG and PNG."""

import re
import struct

from leukowatch.inbox.bounded import Bounded, EndMissingError, Wholeness

JPEG_START = b"\xff\xd8\xff"
PNG_START = b"\x89PNG\r\n\x1a\n"
CAMERA_TAIL = 4096
"""Bytes behind the end marker that cameras are known to leave: padding to a block, a maker's note."""

_FIRST_CHUNK, _LARGEST_CHUNK = 1 << 12, 1 << 20
_MOST_FILL = 64
_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_ALONE = {0x01, *range(0xD0, 0xD8)}
_IN_SCAN_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_LONGEST_PNG_CHUNK = 2**31 - 1


def jpeg(source: Bounded) -> Wholeness:
    """Walk a JPEG's segments and scans to its end of image, past those of any thumbnail inside a segment.

    Raises:
        EndMissingError: it was not reached.
    """
    position, scanned = 2, False
    while True:
        source.step()
        code, position = _jpeg_marker(source, position)
        if code == _END:
            return _behind_end(source, position) if scanned else Wholeness.CUT
        if code in _ALONE:
            continue
        (length,) = struct.unpack(">H", source.read(position, 2))
        position += max(length, 2)
        if code == _SCAN:
            scanned = True
            position = _end_of_scan(source, position)


def _jpeg_marker(source: Bounded, position: int) -> tuple[int, int]:
    """Code of the marker at `position`, fill bytes skipped, and the position behind it."""
    ahead = source.some(position, _MOST_FILL)
    behind_fill = ahead.lstrip(b"\xff")
    if not behind_fill or len(behind_fill) == len(ahead) or behind_fill[0] in {0, _START}:
        raise EndMissingError
    return behind_fill[0], position + len(ahead) - len(behind_fill) + 1


def _end_of_scan(source: Bounded, position: int) -> int:
    """Position of the first marker behind entropy-coded data, in which 0xFF is escaped or a restart."""
    length = _FIRST_CHUNK
    while True:
        ahead = source.some(position, length)
        found = _IN_SCAN_MARKER.search(ahead)
        if found:
            return position + found.start()
        if len(ahead) < length:
            raise EndMissingError
        position += len(ahead) - 1
        length = min(2 * length, _LARGEST_CHUNK)


def png(source: Bounded) -> Wholeness:
    """Walk a PNG's chunks to IEND.

    Raises:
        EndMissingError: it was not reached.
    """
    position, pixels = len(PNG_START), False
    while True:
        source.step()
        length, kind = struct.unpack(">I4s", source.read(position, 8))
        if length > _LONGEST_PNG_CHUNK or not kind.isalpha():
            raise EndMissingError
        position += 12 + length
        source.reach(position)
        pixels = pixels or kind == b"IDAT"
        if kind == b"IEND":
            return _behind_end(source, position) if pixels else Wholeness.CUT


def _behind_end(source: Bounded, position: int) -> Wholeness:
    return Wholeness.WHOLE if source.size - position <= CAMERA_TAIL else Wholeness.FITS
