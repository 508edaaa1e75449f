"""Structure: an unfinished file is never taken for a whole one, and no content hangs or raises."""

import io
import struct
import zlib
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from leukowatch.inbox.measured import TAIL
from leukowatch.inbox.whole import Wholeness, structure

ENDED = {Wholeness.WHOLE, Wholeness.FITS}
SAVES = {
    "jpeg": ("JPEG", {}),
    "progressive": ("JPEG", {"progressive": True, "restart_marker_rows": 1}),
    "thumbnail": ("JPEG", {"exif": True}),
    "png": ("PNG", {}),
    "bmp": ("BMP", {}),
    "tiff": ("TIFF", {}),
    "packed tiff": ("TIFF", {"compression": "tiff_lzw"}),
    "big tiff": ("TIFF", {"big_tiff": True}),
}


@cache
def drawn(kind):
    """Bytes of a small noisy image."""
    form, options = SAVES[kind]
    pixels = np.random.default_rng(7).integers(0, 255, (37, 41, 3), dtype=np.uint8)
    if options.get("exif"):
        inner = drawn("jpeg")
        options = {"exif": b"Exif\0\0" + inner, "comment": inner}
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, form, **options)
    return buffer.getvalue()


def judged(data):
    """Structure of bytes."""
    return structure(io.BytesIO(data), len(data))


@pytest.mark.parametrize("kind", ["jpeg", "progressive", "thumbnail", "png"])
def test_image_with_its_end_marker_is_whole(kind):
    """A finished JPEG or PNG is whole."""
    assert judged(drawn(kind)) is Wholeness.WHOLE


@pytest.mark.parametrize("kind", ["bmp", "tiff", "packed tiff", "big tiff"])
def test_image_with_all_that_its_header_promises_fits(kind):
    """A finished BMP or TIFF fits, which is less than whole."""
    assert judged(drawn(kind)) is Wholeness.FITS


@pytest.mark.parametrize("kind", SAVES)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_no_strict_prefix_passes(kind, data):
    """Whatever part of an image has been written, it is cut."""
    image = drawn(kind)
    length = data.draw(st.integers(0, len(image) - 1))

    assert judged(image[:length]) not in ENDED


@pytest.mark.parametrize("kind", ["jpeg", "progressive", "thumbnail", "png"])
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_no_zero_filled_tail_passes(kind, data):
    """A file of full length whose last bytes were never written is cut."""
    image = drawn(kind)
    length = data.draw(st.integers(0, len(image) - 2 if kind != "png" else len(image) - 13))

    assert judged(image[:length].ljust(len(image) + 100, b"\0")) is Wholeness.CUT


@pytest.mark.parametrize("kind", ["bmp", "tiff", "big tiff"])
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_reserved_room_is_hollow_where_nothing_marks_the_end(kind, data):
    """A BMP or TIFF of full length whose last pixels were never written may still be written to."""
    image = drawn(kind)
    unwritten = data.draw(st.integers(TAIL, len(image)))

    assert judged(image[: len(image) - unwritten].ljust(len(image), b"\0")) not in ENDED


def test_few_bytes_behind_the_end_are_a_cameras():
    """Padding behind the end marker does no harm."""
    assert judged(drawn("jpeg") + b"\0" * 512) is Wholeness.WHOLE


def test_much_behind_the_end_is_less_than_whole():
    """Something longer than padding may still grow: such a file has to be quiet first."""
    assert judged(drawn("jpeg") + b"more" * 5000) is Wholeness.FITS


def test_end_of_a_thumbnail_is_not_the_images_end():
    """An image of headers alone, cut behind the thumbnail's end marker, is cut."""
    image = drawn("thumbnail")
    end_of_thumbnail = image.index(b"\xff\xd9") + 2

    assert judged(image[:end_of_thumbnail]) is Wholeness.CUT


@pytest.mark.parametrize("data", [b"", b"\xff", b"\x89PN", b"B", b"II", b"\0" * 4096])
def test_nothing_or_a_beginning_is_cut(data):
    """No bytes, the first few of an image, and reserved space are unfinished files."""
    assert judged(data) is Wholeness.CUT


@pytest.mark.parametrize("data", [b"just text\n", b"GIF89a" + b"x" * 50, b"BMW is a car, not an image"])
def test_other_content_is_unknown(data):
    """What begins like none of the formats is left to the analysis to refuse."""
    assert judged(data) is Wholeness.UNKNOWN


def test_bmp_without_a_length_is_measured_by_its_rows():
    """Some writers leave the length field 0: the rows say how long the file must be."""
    image = bytearray(drawn("bmp"))
    image[2:6] = bytes(4)

    assert judged(bytes(image)) is Wholeness.FITS
    assert judged(bytes(image[:-1])) is Wholeness.CUT


def test_cyclic_directories_end():
    """A TIFF whose directory names itself as the next one is judged all the same."""
    entries = [(256, 3, 1, 1), (273, 4, 1, 60), (279, 4, 1, 4)]
    table = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    image = b"II*\0" + struct.pack("<IH", 8, 3) + table + struct.pack("<I", 8)

    assert judged(image.ljust(64, b"x")) is Wholeness.FITS


def test_huge_counts_cost_no_memory():
    """A BigTIFF that claims 2**60 strips is cut, not read."""
    entry = struct.pack("<HHQQ", 273, 16, 2**60, 16)
    image = b"II+\0" + struct.pack("<HHQQ", 8, 0, 16, 1) + entry + bytes(8)

    assert judged(image) is Wholeness.CUT


@pytest.mark.parametrize(
    "unit",
    [
        b"\xff\xd8\xff" + b"\xff" * 3_000_000,
        b"\xff\xd8" + b"\xff\x01" * 3_000_000,
        b"\xff\xd8" + b"\xff\xda\0\2" * 1_500_000,
    ],
    ids=["fill", "markers", "scans"],
)
def test_endless_markers_are_given_up(unit):
    """A JPEG of nothing but markers ends in a bounded number of steps."""
    assert judged(unit) is Wholeness.CUT


def test_endless_chunks_are_given_up():
    """A PNG of nothing but empty chunks ends in a bounded number of steps."""
    chunk = struct.pack(">I4s", 0, b"tEXt") + struct.pack(">I", zlib.crc32(b"tEXt"))

    assert judged(drawn("png")[:8] + chunk * 1_200_000) is Wholeness.CUT


@given(
    st.sampled_from(
        [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"]
    ),
    st.binary(max_size=600),
)
def test_no_bytes_raise(start, rest):
    """Any content gets an answer."""
    assert judged(start + rest) in Wholeness


@settings(deadline=None)
@given(st.sampled_from(sorted(SAVES)), st.data())
def test_no_flipped_byte_raises(kind, data):
    """An image with one byte changed gets an answer."""
    image = bytearray(drawn(kind))
    image[data.draw(st.integers(0, len(image) - 1))] = data.draw(st.integers(0, 255))

    assert judged(bytes(image)) in Wholeness
