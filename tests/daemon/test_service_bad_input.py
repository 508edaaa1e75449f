"""Whatever is dropped into the inbox is counted, quarantined with its reason, or left alone; the service goes on."""

import io
import json
import os
import struct
import zlib

import pytest
from PIL import Image

from lab import Home, wait_until


@pytest.fixture(scope="module")
def picture(phantoms):
    """Give a phantom field as a decoded image."""
    with Image.open(io.BytesIO(phantoms[3])) as image:
        return image.convert("RGB")


def saved(image, form, **options) -> bytes:
    """Give the image as a file of a format."""
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def huge_png() -> bytes:
    """Give a whole PNG that claims 30,000 x 30,000 pixels and has a few bytes of data."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0"))
        + chunk(b"IEND", b"")
    )


def refused(phantoms, picture) -> dict[str, tuple[bytes, str]]:
    """Give content and reason by file name, of all that must end in quarantine."""
    jpeg, png, tiff = phantoms[0], saved(picture, "PNG"), saved(picture, "TIFF")
    return {
        "zero.jpg": (b"", "empty"),
        "text.jpg": (b"this is a text, not an image\n", "not_an_image"),
        "cut.jpg": (jpeg[: len(jpeg) // 2], "truncated"),
        "cut.png": (png[: len(png) // 2], "truncated"),
        "cut.tif": (tiff[: len(tiff) // 2], "truncated"),
        "tail.jpg": (jpeg[:-5000] + bytes(5000), "truncated"),
        "huge.png": (huge_png(), "too_large"),
    }


def counted(picture) -> dict[str, bytes]:
    """Give content by file name, of unusual images that are fields all the same."""
    turned = Image.Exif()
    turned[0x0112] = 6
    clear = picture.copy()
    clear.putalpha(255)
    return {
        "cmyk.jpg": saved(picture.convert("CMYK"), "JPEG"),
        "palette.png": saved(picture.quantize(256), "PNG"),
        "alpha.png": saved(clear, "PNG"),
        "turned.jpg": saved(picture, "JPEG", exif=turned, quality=92),
        "plain.bmp": saved(picture, "BMP"),
        "plain.tif": saved(picture, "TIFF"),
    }


def test_each_bad_file_is_quarantined_with_its_reason_and_the_good_one_counted(home, phantoms, picture):
    """Every refused file lies in quarantine with a JSON that says why; the field beside them counts."""
    bad = refused(phantoms, picture)
    (home.inbox / "S").mkdir()
    with home.service():
        for name, (data, _) in bad.items():
            (home.inbox / "S" / name).write_bytes(data)
        (home.inbox / "S" / "good.jpg").write_bytes(phantoms[1])
        wait_until(lambda: len(home.states()) == len(bad) + 1)
        wait_until(lambda: not home.left())

    expected = {f"S/{name}": ("quarantined", reason) for name, (_, reason) in bad.items()}
    assert expected | {"S/good.jpg": ("counted", "")} == home.states()
    for name, (data, reason) in bad.items():
        held = home.quarantine / "S" / name
        assert data == held.read_bytes()
        assert reason == json.loads(held.with_name(f"{name}.json").read_text())["reason"]


def test_an_image_above_the_limit_of_pixels_is_quarantined_as_too_large(tmp_path, phantoms, picture):
    """The setting reaches the workers: what has one pixel more is not decoded, what has just as many is counted."""
    home = Home(tmp_path / "home", INBOX__MAX_PIXELS=str(640 * 480))
    (home.inbox / "S").mkdir()
    with home.service():
        (home.inbox / "S" / "large.png").write_bytes(saved(picture.resize((640, 481)), "PNG"))
        (home.inbox / "S" / "good.jpg").write_bytes(phantoms[1])
        wait_until(lambda: len(home.states()) == 2)

    assert {"S/large.png": ("quarantined", "too_large"), "S/good.jpg": ("counted", "")} == home.states()


def test_unusual_images_are_counted(home, picture):
    """CMYK, palette, alpha, a turned camera, BMP and TIFF are fields like any other."""
    images = counted(picture)
    (home.inbox / "S").mkdir()
    with home.service():
        for name, data in images.items():
            (home.inbox / "S" / name).write_bytes(data)
        wait_until(lambda: len(home.filed()) == len(images))

    assert {f"S/{name}": ("counted", "") for name in images} == home.states()
    assert home.query("SELECT f.width, f.height FROM field f JOIN arrival a ON a.id = f.arrival_id "
                      "WHERE a.printable = 'S/turned.jpg'") == [(480, 640)]  # fmt: skip


@pytest.mark.parametrize("deep", [False, True], ids=["8 bit", "16 bit"])
def test_grey_image_is_archived_as_not_assessable_without_cells(home, picture, deep):
    """An image that decodes and shows no stain is no smear that can be counted, at 8 bits or 16."""
    grey = picture.convert("L")
    if deep:
        grey = grey.convert("I").point(lambda level: level * 256).convert("I;16")
    (home.inbox / "S").mkdir()
    with home.service():
        (home.inbox / "S" / "grey.png").write_bytes(saved(grey, "PNG"))
        wait_until(home.filed)

    assert {"S/grey.png": ("not_assessable", "no stain")} == home.states()
    assert home.query("SELECT count(*) FROM cell") == [(0,)]


def test_what_is_no_regular_file_is_left_alone(home, phantoms):
    """A folder named like an image, a pipe and a link to elsewhere stay where they are and stop nobody."""
    slide = home.inbox / "S"
    (slide / "folder.jpg").mkdir(parents=True)
    os.mkfifo(slide / "pipe.jpg")
    (slide / "link.jpg").symlink_to("/etc/passwd")
    with home.service() as process:
        (slide / "good.jpg").write_bytes(phantoms[0])
        wait_until(home.filed)
        home.stop(process)

    assert {"S/good.jpg": ("counted", "")} == home.states()
    assert {"folder.jpg", "pipe.jpg", "link.jpg"} == {path.name for path in slide.iterdir()}


def test_names_of_any_bytes_are_counted_and_keep_their_bytes(home, phantoms):
    """A newline or bytes that are no UTF-8 in a name are no reason to lose a field."""
    names = [b"new\nline.jpg", b"caf\xe9.jpg", b"x" * 251 + b".jpg"]
    slide = home.inbox / "S"
    slide.mkdir()
    with home.service():
        for name, data in zip(names, phantoms, strict=False):
            (slide / os.fsdecode(name)).write_bytes(data)
        wait_until(lambda: len(home.states()) == 3)
        wait_until(lambda: not home.left())

    assert sorted(names) == sorted(os.fsencode(path.name) for path in (home.archive / "S").iterdir())
    assert {status for status, _ in home.states().values()} == {"counted"}


def test_file_deleted_between_event_and_opening_leaves_no_row(home, phantoms):
    """A file that is gone again was never taken; the next one is."""
    (home.inbox / "S").mkdir()
    with home.service():
        for _ in range(20):
            (home.inbox / "S" / "brief.bmp").write_bytes(b"BM")
            (home.inbox / "S" / "brief.bmp").unlink()
        (home.inbox / "S" / "good.jpg").write_bytes(phantoms[0])
        wait_until(home.filed)

    assert {"S/good.jpg": ("counted", "")} == home.states()
