"""Images out of the ordinary that are fields all the same, and one that is no smear."""

import io

import pytest
from PIL import Image

from lab import wait_until


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
