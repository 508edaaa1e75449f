"""The paper's way: one answer for the whole image."""

from PIL import Image

from leukonet.bundle import FIELD, Bundle
from leukonet.classify import name
from leukonet.colour import Pixels
from leukonet.network import Network
from leukonet.result import Box, Cell
from leukonet.views import pixels

SIZE = (100, 80)
"""Width and height in pixels of the paper network's input."""


def open_field(content: bytes, classes: int) -> Network:
    """The field network, its shape checked."""
    return Network(content, FIELD, (SIZE[1], SIZE[0]), classes)


def answer(network: Network, image: Image.Image, bundle: Bundle) -> Cell:
    """Name the whole RGB image as if it were one cell; its box is the field."""
    return name(bundle, network(whole(image)), Box(0.0, 0.0, float(image.width), float(image.height)), 1.0)


def whole(image: Image.Image) -> Pixels:
    """An RGB image as the network sees it, `(80, 100, 3)`."""
    return pixels(image.resize(SIZE, Image.Resampling.BILINEAR, reducing_gap=2.0))
