"""Whatever bytes come in, an upright RGB image comes out, or an error that says what to do."""

import io
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from leukonet.decode import decode
from leukonet.errors import DamagedImage, EmptyImage, ImageError, ImageTooLarge, TruncatedImage, UnknownFormat
from leukonet.phantom import render_field

FIELD = Image.fromarray(render_field(np.random.default_rng(1), 80, 60).pixels)


def encoded(image: Image.Image, form: str, **options) -> bytes:
    """An image as the bytes of a file."""
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def levels(image: Image.Image) -> np.ndarray:
    """Pixels as signed numbers, to subtract."""
    return np.asarray(image, np.int64)


def chunk(name: bytes, content: bytes) -> bytes:
    """One chunk of a PNG."""
    body = name + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))


def png(width: int, height: int, bits: int, colour: int, rows: bytes) -> bytes:
    """A PNG of raw rows, each led by its filter byte."""
    head = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    chunks = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def cut(data: bytes, share: float) -> bytes:
    """The first part of a file."""
    return data[: int(len(data) * share)]


def led_by(data: bytes, count: int) -> bytes:
    """A file's first bytes, and then nonsense."""
    return data[:count] + bytes(range(1, 256)) * 8


BAD = {
    "no bytes": (b"", EmptyImage, "export it again"),
    "a text": (b"patient, slide, count\n", UnknownFormat, "export the field in one of these formats"),
    "another format": (encoded(FIELD, "GIF"), UnknownFormat, "neither JPEG, PNG, BMP nor TIFF"),
    "half a JPEG": (cut(encoded(FIELD, "JPEG"), 0.5), TruncatedImage, "copy the file again"),
    "a JPEG's head": (cut(encoded(FIELD, "JPEG"), 0.1), TruncatedImage, "copy the file again"),
    "half a PNG": (cut(encoded(FIELD, "PNG"), 0.5), TruncatedImage, "copy the file again"),
    "half a BMP": (cut(encoded(FIELD, "BMP"), 0.5), TruncatedImage, "copy the file again"),
    "half a TIFF": (cut(encoded(FIELD, "TIFF"), 0.5), TruncatedImage, "copy the file again"),
    "half a TIFF with its directory at the end": (
        cut(encoded(FIELD, "TIFF", compression="tiff_lzw"), 0.5),
        TruncatedImage,
        "copy the file again",
    ),
    "a JPEG's magic and garbage": (led_by(encoded(FIELD, "JPEG"), 4), DamagedImage, "begins as JPEG"),
    "a PNG's magic and garbage": (led_by(encoded(FIELD, "PNG"), 8), DamagedImage, "begins as PNG"),
    "a TIFF's magic and garbage": (led_by(encoded(FIELD, "TIFF"), 8), DamagedImage, "begins as TIFF"),
    "a PNG with a bit turned": (
        png(8, 8, 8, 0, bytes(72)).replace(b"IDATx", b"IDATy", 1),
        DamagedImage,
        "copy or export the file again",
    ),
    "30,000 x 30,000 pixels": (png(30_000, 30_000, 8, 2, bytes(999)), ImageTooLarge, "export a smaller"),
}


@pytest.mark.parametrize(("data", "leaf", "remedy"), BAD.values(), ids=BAD)
def test_bad_bytes_have_their_own_error_that_says_what_to_do(data, leaf, remedy):
    """One leaf for each thing that goes wrong, so that a file's reason can be searched for."""
    with pytest.raises(ImageError, match=remedy) as caught:
        decode(data)
    assert leaf is caught.type


def test_a_decompression_bomb_is_refused_before_it_is_decoded():
    """900 million white pixels fit in a file of 110 kB; nothing of them may be unpacked."""
    rows = (b"\0" + b"\xff" * 3750) * 30_000
    data = png(30_000, 30_000, 1, 0, rows)
    del rows
    tracemalloc.start()
    with pytest.raises(ImageTooLarge):
        decode(data)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most < 2_000_000


def test_the_limit_of_pixels_is_the_callers():
    """At the limit is allowed, one below is not, and the message names both sizes."""
    data = encoded(FIELD, "PNG")

    assert (80, 60) == decode(data, max_pixels=4800).size
    with pytest.raises(ImageTooLarge, match=r"80 x 60 .* 4799"):
        decode(data, max_pixels=4799)


def test_pillows_warning_of_large_images_does_not_undercut_the_limit(monkeypatch):
    """Pillow warns from half of what it refuses; an image between is ours to allow."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 3000)

    assert (80, 60) == decode(encoded(FIELD, "PNG")).size


@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF"])
def test_lossless_formats_give_their_pixels(form):
    """Nothing is lost on the way."""
    assert np.array_equal(levels(FIELD), levels(decode(encoded(FIELD, form))))


MODES = {"PNG": ["1", "L", "LA", "P", "RGBA"], "JPEG": ["L", "CMYK"], "TIFF": ["1", "L", "P", "RGBA", "CMYK"]}


@pytest.mark.parametrize(("form", "mode"), [(form, mode) for form in MODES for mode in MODES[form]])
def test_every_mode_becomes_rgb_that_looks_the_same(form, mode):
    """Grey stays grey, and colours stay where they were."""
    image = FIELD.convert(mode)
    found = decode(encoded(image, form, **({"quality": 95} if form == "JPEG" else {})))

    assert ("RGB", (80, 60)) == (found.mode, found.size)
    assert np.abs(levels(image.convert("RGB")) - levels(found)).mean() < 4


def transparent_palette() -> Image.Image:
    """A palette of red and, transparent, black."""
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 0])
    image.putpixel((1, 0), 1)
    image.info["transparency"] = 1
    return image


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (encoded(Image.new("RGBA", (2, 2), (255, 0, 0, 0)), "PNG"), (255, 255, 255)),
        (encoded(Image.new("RGBA", (2, 2), (255, 0, 0, 51)), "TIFF"), (255, 204, 204)),
        (encoded(Image.new("LA", (2, 2), (0, 0)), "PNG"), (255, 255, 255)),
        (encoded(transparent_palette(), "PNG"), (255, 255, 255)),
    ],
    ids=["RGBA PNG", "RGBA TIFF", "LA PNG", "palette PNG"],
)
def test_transparency_is_laid_on_white(data, expected):
    """As the smear's background is light: a black one would look like stain."""
    assert expected == decode(data).getpixel((1, 0))


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
@pytest.mark.parametrize("bits", [12, 16])
def test_grey_of_more_than_eight_bits_keeps_its_contrast(form, bits):
    """Twelve bits of camera in a file of sixteen is common; cut at 255 it would be all white."""
    ramp = np.linspace(0, 2**bits - 1, 256).astype(np.uint16)[None, :].repeat(4, axis=0)
    found = levels(decode(encoded(Image.fromarray(ramp), form)))

    assert np.abs(found[..., 1] - np.arange(256)).max() <= 1


def test_sixteen_bits_a_channel_become_eight_in_png():
    """The high byte of each channel."""
    row = np.array([[[0x1234, 0x8000, 0xFFFF]]], ">u2").tobytes()

    assert (0x12, 0x80, 0xFF) == decode(png(1, 1, 16, 2, b"\0" + row)).getpixel((0, 0))


def test_sixteen_bits_a_channel_become_eight_in_tiff():
    """Eight entries of a directory, three samples of sixteen bits: as small as a colour TIFF gets."""
    bits, samples = 8 + 2 + 9 * 12 + 4, 8 + 2 + 9 * 12 + 10
    tags = [
        (256, 4, 1, 1), (257, 4, 1, 1), (258, 3, 3, bits), (259, 3, 1, 1), (262, 3, 1, 2),
        (273, 4, 1, samples), (277, 3, 1, 3), (278, 4, 1, 1), (279, 4, 1, 6),
    ]  # fmt: skip
    directory = struct.pack("<H", 9) + b"".join(struct.pack("<HHII", *tag) for tag in tags) + bytes(4)
    pixel = struct.pack("<3H", 0x1234, 0x8000, 0xFFFF)
    data = b"II*\0" + struct.pack("<I", 8) + directory + struct.pack("<3H", 16, 16, 16) + pixel

    assert (0x12, 0x80, 0xFF) == decode(data).getpixel((0, 0))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_makes_the_field_upright(orientation):
    """Boxes are in the pixels that a person sees."""
    seen = Image.new("RGB", (48, 32), "white")
    seen.paste((200, 0, 0), (0, 0, 16, 16))
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the transposition that stored it so
    stored = seen if orientation == 1 else seen.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    found = decode(encoded(stored, "PNG", exif=exif))

    assert np.array_equal(levels(seen), levels(found))


def test_the_first_page_of_a_tiff_is_the_field():
    """A second page is a thumbnail or another focus."""
    data = encoded(FIELD, "TIFF", save_all=True, append_images=[Image.new("RGB", (9, 9))])

    assert np.array_equal(levels(FIELD), levels(decode(data)))


@given(
    st.binary(max_size=400),
    st.sampled_from([b"", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"BM", b"II*\0"]),
)
def test_arbitrary_bytes_raise_nothing_but_image_errors(data, magic):
    """A hostile or broken file must not stop the service."""
    with pytest.raises(ImageError):
        decode(magic + data, max_pixels=10_000)


SMALL = FIELD.resize((16, 12))
VALID = [encoded(SMALL, form) for form in ("JPEG", "PNG", "BMP", "TIFF")] + [
    encoded(SMALL, "TIFF", compression="tiff_lzw")
]


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(VALID),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_a_mutated_file_gives_an_image_or_an_image_error(data, changes):
    """Whatever byte is hit."""
    mutated = bytearray(data)
    for place, value in changes:
        mutated[int(place * len(data))] = value
    try:
        found = decode(bytes(mutated), max_pixels=100_000)
    except ImageError:
        return
    assert found.mode == "RGB"
