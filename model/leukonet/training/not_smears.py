"""Pictures that are no smear, in two lists that share nothing: one to set limits on, one to test them.

Noise, blanks, texts, slopes of colour and patterns are drawn from seeds that hold the list's name. Photographs are
those that scikit-image, scikit-learn and matplotlib carry inside their packages; each one goes to one list as a whole,
and so do all crops of it. No picture is downloaded, and none is stored.
"""

from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageFilter

from leukonet.decode import decode
from leukonet.errors import ExtraMissing
from leukonet.labels import LabelledField, read_image
from leukonet.preprocessing import CANVAS
from leukonet.training import drawn


class Picture(NamedTuple):
    """One picture that no cell may be counted in."""

    name: str
    """Unlike every other picture's, of both lists."""
    kind: str
    """`noise`, `blank`, `text`, `gradient`, `pattern`, `photograph` or `out of focus`."""
    image: Image.Image
    """RGB."""


DRAWN: dict[str, tuple[int, tuple[Callable[[np.random.Generator], Image.Image], ...]]] = {
    "noise": (8, (drawn.white_noise, drawn.grey_noise, drawn.pink_noise, drawn.specks, drawn.blobs)),
    "blank": (20, (drawn.blank,)),
    "text": (15, (drawn.black_on_white, drawn.coloured_text)),
    "gradient": (15, (drawn.slope, drawn.ring)),
    "pattern": (10, (drawn.checkerboard, drawn.stripes, drawn.shapes)),
}
"""How many of each sort the testing list holds, and the sorts of each kind."""
TIMES = {"tuning": 3, "testing": 1}
"""How many times as many a list holds."""
PHOTOGRAPHS = {
    "tuning": {
        "skimage/data": (
            "astronaut.png", "brick.png", "cell.png", "chelsea.png", "coffee.png", "coins.png",
            "hubble_deep_field.jpg", "ihc.png", "logo.png", "motorcycle_left.png", "motorcycle_right.png",
            "page.png", "phantom.png",
        ),
        "sklearn/datasets/images": ("china.jpg",),
        "matplotlib/mpl-data/sample_data": ("logo2.png",),
    },
    "testing": {
        "skimage/data": (
            "camera.png", "clock_motion.png", "color.png", "grass.png", "gravel.png", "horse.png",
            "microaneurysms.png", "moon.png", "retina.jpg", "rocket.jpg", "text.png",
        ),
        "sklearn/datasets/images": ("flower.jpg",),
        "matplotlib/mpl-data/sample_data": ("grace_hopper.jpg", "Minduka_Present_Blue_Pack.png"),
    },
}  # fmt: skip
"""Files by the folder of an installed package. `ihc.png`, stained tissue, is the hardest: limits are set on it."""
CROPS = 5
"""Crops of each photograph, beside the whole."""
BLUR = 3.2
"""Standard deviation in canvas pixels that puts a field out of focus: 8 pixels of a field of 640."""


def tuning() -> list[Picture]:
    """The pictures that limits may be set on."""
    return _listed("tuning")


def testing() -> list[Picture]:
    """The pictures that decide nothing, and are looked at when all is decided."""
    return _listed("testing")


def out_of_focus(fields: Sequence[LabelledField]) -> Iterator[Picture]:
    """Real fields, blurred until no cell of them could be named."""
    for field in fields:
        image = read_image(field)
        scale = min(1.0, CANVAS / max(image.size))
        name = f"{field.source}/{field.path.name}"
        yield Picture(name, "out of focus", image.filter(ImageFilter.GaussianBlur(BLUR / scale)))


def _listed(side: str) -> list[Picture]:
    return [*_drawn(side), *_photographs(side)]


def _drawn(side: str) -> Iterator[Picture]:
    for kind, (count, sorts) in DRAWN.items():
        for draw in sorts:
            for number in range(count * TIMES[side]):
                name = f"{side}/{draw.__name__}-{number}"
                yield Picture(name, kind, draw(np.random.default_rng(list(name.encode()))))


def _photographs(side: str) -> Iterator[Picture]:
    for folder, files in PHOTOGRAPHS[side].items():
        for file in files:
            whole = decode((package_folder(folder) / file).read_bytes())
            yield Picture(file, "photograph", whole)
            rng = np.random.default_rng(list(file.encode()))
            for number in range(CROPS):
                yield Picture(f"{file}-{number}", "photograph", crop(whole, rng))


def package_folder(folder: str) -> Path:
    """A folder inside an installed package, without importing it.

    Raises:
        ExtraMissing: the package is not installed.
    """
    package, _, inside = folder.partition("/")
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ExtraMissing(package)
    return Path(spec.submodule_search_locations[0]) / inside


def crop(whole: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A quarter to nine tenths of a picture's width and height, anywhere in it."""
    width, height = (max(1, round(length * rng.uniform(0.25, 0.9))) for length in whole.size)
    left, top = int(rng.integers(whole.width - width + 1)), int(rng.integers(whole.height - height + 1))
    return whole.crop((left, top, left + width, top + height))
