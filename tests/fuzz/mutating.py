"""Mutations of bytes, all from one random generator."""

import struct
import zlib
from collections.abc import Callable, Sequence
from random import Random

_ODD = [
    0,
    1,
    2,
    3,
    4,
    8,
    127,
    128,
    255,
    256,
    0x7FFF,
    0x8000,
    0xFFFF,
    0x10000,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFF,
]
_HEAD = 600
"""Bytes at the beginning that hold most formats' structure, and so are changed as often as all the rest."""
_PNG = b"\x89PNG\r\n\x1a\n"
_MOST = 6


def mutated(rng: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """Give a changed copy.

    Args:
        rng: decides everything.
        data: what is changed, a few times.
        others: of which parts are borrowed.
    """
    for _ in range(rng.randint(1, _MOST)):
        change = rng.choice(_CHANGES)
        data = _spliced(rng, data, rng.choice(others)) if change is None else change(rng, data)
    return _with_right_sums(data) if data.startswith(_PNG) and rng.random() < 0.7 else data


def _position(rng: Random, data: bytes) -> int:
    """A place in the data: as often in its head or its last bytes as anywhere."""
    size = len(data)
    chance = rng.random()
    if chance < 0.4:
        return rng.randrange(min(size, _HEAD) + 1)
    if chance < 0.6:
        return max(0, size - rng.randrange(_HEAD))
    return rng.randrange(size + 1)


def _bits(rng: Random, data: bytes) -> bytes:
    changed = bytearray(data or b"\0")
    for _ in range(rng.choice((1, 1, 2, 8, 64))):
        place = min(_position(rng, data), len(changed) - 1)
        changed[place] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _number(rng: Random, data: bytes) -> bytes:
    """Put a number at the edge of its range where perhaps a length or an offset was."""
    form = rng.choice(("B", "<H", ">H", "<I", ">I"))
    size = struct.calcsize(form)
    place = _position(rng, data)
    return data[:place] + struct.pack(form, rng.choice(_ODD) % 256**size) + data[place + size :]


def _cut(rng: Random, data: bytes) -> bytes:
    return data[: _position(rng, data)]


def _removed(rng: Random, data: bytes) -> bytes:
    place = _position(rng, data)
    return data[:place] + data[place + rng.choice((1, 2, 4, 16, 300)) :]


def _repeated(rng: Random, data: bytes) -> bytes:
    place, length = _position(rng, data), rng.choice((1, 4, 16, 300))
    return data[:place] + data[place : place + length] * rng.choice((2, 2, 3, 50)) + data[place + length :]


def _run(rng: Random, data: bytes) -> bytes:
    """Put in many times the same byte: brackets nest, zeros and ones fill."""
    place = _position(rng, data)
    return (
        data[:place]
        + rng.choice((b"\0", b"\xff", b"[", b"{", b'"', b"9")) * rng.choice((4, 64, 5000))
        + data[place:]
    )


def _noise(rng: Random, data: bytes) -> bytes:
    place = _position(rng, data)
    noise = rng.randbytes(rng.choice((1, 4, 64)))
    return data[:place] + noise + data[place + len(noise) :]


def _spliced(rng: Random, data: bytes, other: bytes) -> bytes:
    return data[: _position(rng, data)] + other[_position(rng, other) :]


def _with_right_sums(data: bytes) -> bytes:
    """Mend the sums of a PNG's chunks, so that what they hold is looked at."""
    mended, place = [_PNG], len(_PNG)
    while place + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        body = data[place + 4 : place + 8 + length]
        if len(body) < 4 + length:
            break
        mended.append(data[place : place + 4] + body + struct.pack(">I", zlib.crc32(body)))
        place += 12 + length
    return b"".join(mended) + data[place:]


_CHANGES: list[Callable[[Random, bytes], bytes] | None] = [
    _bits, _bits, _number, _number, _number, _cut, _removed, _repeated, _run, _noise, None,
]  # fmt: skip
"""What is drawn from; None borrows from another."""
