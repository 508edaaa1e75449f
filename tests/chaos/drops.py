"""What is dropped: which content, into which slide, under which name, in which way; all from the seed."""

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from random import Random

from PIL import Image

from leukonet.phantom import field_bytes

SIZE = (160, 120)
"""Of the images, in pixels: small, so that the rate is bound by the service's own work."""
SLIDES = 24
COPIES, POISONED, SAME_NAME = 0.10, 0.08, 0.06
"""Shares of drops that repeat a content, that can never be counted, and that take a name in use before."""
_RECENT = 40


class Way(StrEnum):
    """How a file comes into the inbox."""

    WRITTEN = "written"
    """In one go, under its own name."""
    SLOWLY = "slowly"
    """Under its own name in several steps, opened and closed in between."""
    MOVED_IN = "moved in"
    """Renamed in from a folder beside the inbox."""
    RENAMED = "renamed"
    """Written in its folder under a temporary name, then renamed."""


@dataclass(frozen=True, slots=True)
class Drop:
    """One file to be dropped."""

    way: Way
    slide: str
    name: str
    content: bytes
    good: bool
    """Whether it is an image that must be counted once."""

    @property
    def sha256(self) -> str:
        """Of the content."""
        return sha256(self.content).hexdigest()


def plan(seed: int, files: int) -> list[Drop]:
    """Give the drops of a run in their order; the same seed gives the same."""
    rng = Random(f"{seed} drops")
    picture = _small_jpeg(seed)
    drops: list[Drop] = []
    for number, (content, good) in zip(range(files), _contents(rng, picture), strict=False):
        slide = f"S{(number * SLIDES // files + rng.randrange(3)) % SLIDES:02}"
        name = f"f{number:06}.jpg"
        if drops and rng.random() < SAME_NAME:
            earlier = rng.choice(drops[-_RECENT:])
            slide, name = earlier.slide, earlier.name
        drops.append(Drop(rng.choice(list(Way)), slide, name, content, good))
    return drops


def _contents(rng: Random, picture: bytes) -> Iterator[tuple[bytes, bool]]:
    """Give contents without end, some of them again."""
    given: list[tuple[bytes, bool]] = []
    poisons = (_cut, _text, _empty, _damaged_png)
    while True:
        chance = rng.random()
        if given and chance < COPIES:
            yield rng.choice(given)
            continue
        distinct = with_comment(picture, f"field {len(given)} {rng.getrandbits(64):016x}")
        poisoned = chance < COPIES + POISONED
        given.append((rng.choice(poisons)(distinct), False) if poisoned else (distinct, True))
        yield given[-1]


def with_comment(jpeg: bytes, text: str) -> bytes:
    """Give the same picture as another content: a JPEG comment after its first marker."""
    return jpeg[:2] + b"\xff\xfe" + struct.pack(">H", len(text) + 2) + text.encode() + jpeg[2:]


def _small_jpeg(seed: int) -> bytes:
    """A phantom field, scaled down."""
    file = io.BytesIO()
    with Image.open(io.BytesIO(field_bytes(seed % 1000))) as image:
        image.resize(SIZE).save(file, "JPEG", quality=60)
    return file.getvalue()


def _cut(jpeg: bytes) -> bytes:
    return jpeg[: len(jpeg) // 2]


def _text(jpeg: bytes) -> bytes:
    return b"no image: " + sha256(jpeg).hexdigest().encode()


def _empty(jpeg: bytes) -> bytes:
    return b""


def _damaged_png(jpeg: bytes) -> bytes:
    """A PNG with its end and right sums, whose pixels do not decompress."""
    header = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", sha256(jpeg).digest()), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
