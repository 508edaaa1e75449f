"""Images out of the ordinary that are fields all the same, and one that is no smear."""

import io

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


@pytest.fixture(scope="module")
def serving(tmp_path_factory):
    """Give a home with a running service that the tests share, each with a slide of its own."""
    home = Home(tmp_path_factory.mktemp("unusual") / "home")
    with home.service():
        yield home


def dropped(home, slide, images) -> dict[str, tuple[str, str]]:
    """Drop images by name on a slide, and give their states once all are archived."""
    folder = home.inbox / slide
    folder.mkdir()
    for name, data in images.items():
        (folder / name).write_bytes(data)
    wait_until(lambda: {f"{slide}/{name}" for name in images} <= {*home.filed()})
    return {file: state for file, state in home.states().items() if file.startswith(f"{slide}/")}


def test_unusual_images_are_counted(serving, picture):
    """CMYK, palette, alpha, a turned camera, BMP and TIFF are fields like any other."""
    images = counted(picture)

    assert {f"S/{name}": ("counted", "") for name in images} == dropped(serving, "S", images)
    assert serving.query("SELECT f.width, f.height FROM field f JOIN arrival a ON a.id = f.arrival_id "
                         "WHERE a.printable = 'S/turned.jpg'") == [(480, 640)]  # fmt: skip


@pytest.mark.parametrize("deep", [False, True], ids=["8 bit", "16 bit"])
def test_grey_image_is_archived_as_not_assessable_without_cells(serving, picture, deep):
    """An image that decodes and shows no stain is no smear that can be counted, at 8 bits or 16."""
    grey, slide = picture.convert("L"), "deep" if deep else "flat"
    if deep:
        grey = grey.convert("I").point(lambda level: level * 256).convert("I;16")

    assert {f"{slide}/grey.png": ("not_assessable", "no stain")} == dropped(
        serving, slide, {"grey.png": saved(grey, "PNG")}
    )
    assert serving.query(f"SELECT count(*) FROM cell_result WHERE field = '{slide}/grey.png'") == [(0,)]
