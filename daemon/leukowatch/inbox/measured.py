"""Formats that end where their header says: BMP and TIFF."""

import struct
from dataclasses import dataclass

from leukowatch.inbox.bounded import Bounded, EndMissingError, Wholeness

BMP_START = b"BM"
TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

TAIL = 16
"""Last bytes of the pixels that are zeros where nothing was written there: more than a row's padding."""

_BMP_CORE_HEADER = 12
_BMP_HEADERS = {_BMP_CORE_HEADER, 16, 40, 52, 56, 64, 108, 124}
_BMP_UNPACKED = {0, 3, 6}

_STRIPS, _STRIP_LENGTHS = 273, 279
_TILES, _TILE_LENGTHS = 324, 325
_SUB_FOLDERS = 330
_PARTS = ((_STRIPS, _STRIP_LENGTHS), (_TILES, _TILE_LENGTHS))
_WANTED = {_STRIPS, _STRIP_LENGTHS, _TILES, _TILE_LENGTHS, _SUB_FOLDERS}
_BYTES_OF_KINDS = {1: (1, 2, 6, 7), 2: (3, 8), 4: (4, 9, 11, 13), 8: (5, 10, 12, 16, 17, 18)}
_VALUE_BYTES = {kind: width for width, kinds in _BYTES_OF_KINDS.items() for kind in kinds}
_VALUE_CODES = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_MOST_ENTRIES = 65535


def bmp(source: Bounded) -> Wholeness:
    """Compare a BMP's size with its length field and, where the rows are not packed, with what they need.

    Raises:
        EndMissingError: the file is shorter.
    """
    (length,) = struct.unpack("<I", source.read(2, 4))
    (start, header) = struct.unpack("<II", source.read(10, 8))
    if header not in _BMP_HEADERS:
        return Wholeness.UNKNOWN
    source.reach(length)
    pixels = _bmp_pixels(source, header)
    source.reach(start + pixels)
    return _filled(source, start + pixels if pixels else length)


def _filled(source: Bounded, end: int) -> Wholeness:
    """Look whether the pixels that end there were written."""
    return Wholeness.FITS if source.some(max(0, end - TAIL), TAIL).strip(b"\0") else Wholeness.HOLLOW


def _bmp_pixels(source: Bounded, header: int) -> int:
    """Bytes of pixels that the header promises; 0 where packed ones leave it open."""
    if header == _BMP_CORE_HEADER:
        width, height, _, bits = struct.unpack("<HHHH", source.read(18, 8))
        packing, promised = 0, 0
    else:
        width, height, _, bits = struct.unpack("<iiHH", source.read(18, 12))
        packing, promised = struct.unpack("<II", source.read(30, 8)) if header >= 40 else (0, 0)  # noqa: PLR2004  the BITMAPINFOHEADER's size, first with these fields
    if packing in _BMP_UNPACKED:
        return int((abs(width) * bits + 31) // 32 * 4 * abs(height))
    return int(promised)


@dataclass(frozen=True, slots=True)
class _Layout:
    """How wide a TIFF's numbers are, and which end comes first."""

    order: str
    big: bool

    def number(self, data: bytes, code: str) -> int:
        return int(struct.unpack(self.order + code, data)[0])

    @property
    def pointer(self) -> str:
        return "Q" if self.big else "I"

    @property
    def pointer_bytes(self) -> int:
        return 8 if self.big else 4


@dataclass(frozen=True, slots=True)
class _Values:
    """Where the values of one tag are."""

    offset: int
    kind: int
    count: int


def tiff(source: Bounded) -> Wholeness:
    """Follow every image file directory of a TIFF or BigTIFF and find all strips and tiles inside the file.

    Raises:
        EndMissingError: something lies beyond the end, or no directory has an image.
    """
    head = source.read(0, 8)
    layout = _Layout("<" if head.startswith(b"II") else ">", b"+" in head[2:4])
    first = source.read(8, 8) if layout.big else head[4:]
    pending, seen, end = [layout.number(first, layout.pointer)], {0}, 0
    while pending:
        offset = pending.pop()
        if offset in seen:
            continue
        seen.add(offset)
        values, following = _directory(source, layout, offset)
        end = max(end, _parts_end(source, layout, values))
        pending.append(following)
        if _SUB_FOLDERS in values:
            pending += _numbers(source, layout, values[_SUB_FOLDERS])
    if not end:
        raise EndMissingError
    return _filled(source, end)


def _directory(source: Bounded, layout: _Layout, offset: int) -> tuple[dict[int, _Values], int]:
    """The wanted tags of one directory, and the offset of the next one (0: none)."""
    count_bytes, count_code = (8, "Q") if layout.big else (2, "H")
    entry_bytes, entry = (20, "HHQ") if layout.big else (12, "HHI")
    count = layout.number(source.read(offset, count_bytes), count_code)
    if not 0 < count <= _MOST_ENTRIES:
        raise EndMissingError
    source.step(count)
    start = offset + count_bytes
    table = source.read(start, count * entry_bytes)
    values = {}
    for at in range(0, len(table), entry_bytes):
        tag, kind, number = struct.unpack_from(layout.order + entry, table, at)
        length = _VALUE_BYTES.get(kind, 0) * number
        where = start + at + entry_bytes - layout.pointer_bytes
        if length > layout.pointer_bytes:
            pointer = table[at + entry_bytes - layout.pointer_bytes : at + entry_bytes]
            where = layout.number(pointer, layout.pointer)
        source.reach(where + length)
        if tag in _WANTED:
            values[tag] = _Values(where, kind, number)
    following = source.read(start + len(table), layout.pointer_bytes)
    return values, layout.number(following, layout.pointer)


def _parts_end(source: Bounded, layout: _Layout, values: dict[int, _Values]) -> int:
    """Where the last strip or tile of a directory ends, shown to be inside the file; 0 where it has none."""
    end = 0
    for starts_tag, lengths_tag in _PARTS:
        if starts_tag not in values:
            continue
        if lengths_tag not in values:
            raise EndMissingError
        starts = _numbers(source, layout, values[starts_tag])
        lengths = _numbers(source, layout, values[lengths_tag])
        if len(starts) != len(lengths):
            raise EndMissingError
        end = max(end, *map(int.__add__, starts, lengths), 0)
    source.reach(end)
    return end


def _numbers(source: Bounded, layout: _Layout, values: _Values) -> tuple[int, ...]:
    code = _VALUE_CODES.get(values.kind)
    if code is None:
        raise EndMissingError
    source.step(values.count)
    data = source.read(values.offset, values.count * _VALUE_BYTES[values.kind])
    return struct.unpack(f"{layout.order}{values.count}{code}", data)
