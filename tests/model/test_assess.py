"""What is no usable smear is said to be none, with its reason; what is one is never refused."""

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageFilter

from leukonet.assess import LEAST_DETAIL, detail, why_not_assessable
from leukonet.labels import LabelledField
from leukonet.phantom import render_field
from leukonet.training.datasets import READERS, read_dataset
from leukonet.training.strange import strange
from leukonet.views import on_canvas


def judged(image: Image.Image) -> str:
    """The reason against a field, or nothing."""
    return why_not_assessable(on_canvas(image), image.size)


def phantom(seed: int, width: int = 640, height: int = 480) -> Image.Image:
    """A synthetic field."""
    return Image.fromarray(render_field(np.random.default_rng(seed), width, height).pixels)


def noise() -> Image.Image:
    """Every pixel drawn for itself."""
    return Image.fromarray(np.random.default_rng(1).integers(0, 256, (240, 320, 3), dtype=np.uint8))


def colour_wheel() -> Image.Image:
    """Every hue round a centre: colours that no stain gives."""
    y, x = np.mgrid[-150:150, -150:150]
    hue = ((np.arctan2(y, x) / np.pi + 1) * 127.5).astype(np.uint8)
    distance = np.clip(np.hypot(x, y) * 1.7, 0, 255).astype(np.uint8)
    value = Image.new("L", (300, 300), 255)
    return Image.merge("HSV", [Image.fromarray(hue), Image.fromarray(distance), value]).convert("RGB")


NO_SMEARS: dict[str, tuple[Callable[[], Image.Image], str]] = {
    "white": (lambda: Image.new("RGB", (320, 240), "white"), "blank"),
    "black": (lambda: Image.new("RGB", (320, 240), "black"), "blank"),
    "pink": (lambda: Image.new("RGB", (320, 240), (230, 180, 200)), "blank"),
    "one pixel": (lambda: Image.new("RGB", (1, 1), "white"), "blank"),
    "a strip": (lambda: phantom(1, 600, 2), "blank"),
    "a far longer strip": (lambda: Image.new("RGB", (1, 5000), (90, 40, 110)), "blank"),
    "a grey picture": (lambda: phantom(1).convert("L").convert("RGB"), "no stain"),
    "a grey checkerboard": (lambda: Image.new("L", (2, 2)).resize((320, 240)).convert("RGB"), "blank"),
    "a blurred field": (lambda: phantom(1).filter(ImageFilter.GaussianBlur(12)), "out of focus"),
    "noise": (noise, "no smear"),
    "a colour wheel": (colour_wheel, "no smear"),
}


@pytest.mark.parametrize(("make", "reason"), NO_SMEARS.values(), ids=NO_SMEARS)
def test_what_is_no_smear_is_refused_with_its_reason(make, reason):
    """The reason is what a person reads beside the archived file."""
    assert reason == judged(make())


@pytest.mark.parametrize("seed", range(12))
def test_phantoms_are_accepted(seed):
    """Whatever their stain and light, at the size of a camera."""
    assert judged(phantom(seed)) == ""


@pytest.mark.parametrize("seed", range(12))
def test_small_phantoms_are_accepted(seed):
    """A hundred pixels, as single cells are published."""
    assert judged(phantom(seed, 100, 100)) == ""


@pytest.mark.parametrize("seed", range(8))
def test_a_field_far_out_of_focus_is_refused(seed):
    """Its cells could be located, and not be named."""
    assert "out of focus" == judged(phantom(seed).filter(ImageFilter.GaussianBlur(12)))


@pytest.mark.parametrize("seed", range(8))
def test_a_large_cell_out_of_focus_is_refused(seed):
    """Deep stain keeps more detail under a blur than a pale smear in focus has."""
    cell = render_field(np.random.default_rng(seed), 240, 240, ["neutrophil"], magnification=1.5)

    assert "out of focus" == judged(Image.fromarray(cell.pixels).filter(ImageFilter.GaussianBlur(3)))


@pytest.mark.parametrize("seed", range(8))
def test_a_pale_smear_in_focus_is_accepted(seed):
    """At a quarter of its density it has no more detail than a blurred one."""
    pale = (255 - (255 - np.asarray(phantom(seed), float)) / 4).astype(np.uint8)

    assert judged(Image.fromarray(pale)) == ""


def test_a_smooth_slope_has_no_detail():
    """Rounding to whole levels must not look like edges."""
    slope = np.linspace(100, 110, 256, dtype=np.float32)[None].repeat(200, axis=0).round()

    assert detail(slope) < LEAST_DETAIL / 2


def test_a_black_border_does_not_make_a_smear_unusable():
    """Eyepieces leave one."""
    framed = Image.new("RGB", (700, 540))
    framed.paste(phantom(2), (30, 30))

    assert judged(framed) == ""


def opened(field: LabelledField) -> Image.Image:
    """A labelled field's pixels."""
    with Image.open(field.path) as image:
        return image.convert("RGB")


@pytest.mark.real
@pytest.mark.parametrize("name", READERS)
def test_real_fields_are_accepted(real_data, name):
    """A smear that is refused costs its cells: of a sample of every set, none is."""
    fields = read_dataset(real_data, name)
    refused = {field.path.name: judged(opened(field)) for field in fields[:: len(fields) // 25]}

    assert set(refused.values()) == {""}


@pytest.mark.slow
@pytest.mark.real
def test_real_fields_under_another_microscope_are_accepted(real_data):
    """A lab's own stain and lamp are none that the limits were set on: of a sample, hardly one in fifty is refused."""
    rng = np.random.default_rng(3)
    parts = [("bccd", "test"), ("pbc", "val"), ("chula", "all"), ("txl_pbc", "val")]
    fields = [field for each in parts for field in read_dataset(real_data, *each)[::4][:40]]
    reasons = [judged(strange(opened(field), rng)) for field in fields]

    assert sum(reason != "" for reason in reasons) <= len(reasons) / 50


@pytest.mark.real
@pytest.mark.parametrize("name", ["bccd", "txl_pbc"])
def test_real_fields_out_of_focus_are_refused(real_data, name):
    """Blurred by a Gaussian of 8 pixels."""
    fields = read_dataset(real_data, name)
    reasons = [
        judged(opened(field).filter(ImageFilter.GaussianBlur(8))) for field in fields[:: len(fields) // 8]
    ]

    assert set(reasons) == {"out of focus"}
