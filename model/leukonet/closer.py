"""Looks again, closer, at what a canvas shows small: whether it is a cell, and how large, is seen better there."""

from PIL import Image

from leukonet.locate import Located, locate, without_overlap
from leukonet.magnification import Look
from leukonet.network import Network
from leukonet.preprocessing import CANVAS
from leukonet.result import Box
from leukonet.views import on_canvas

SPECK = 0.4
"""Of the longer side of a field's surest place: what is smaller beside it is a platelet or a speck. Platelets have a
quarter of the usual white cell's, the smallest lymphocytes more than half of the largest monocytes'."""
SHOWN = 64.0
"""Canvas pixels: places whose longer side is shorter are looked at again, at this size, in the middle of what training
shows. On one canvas BCCD's cells have about 75, Chula's about 27; of a strange microscope small cells are boxed up to
twice as wide as they are, which a closer look puts right."""
LEAST = 0.2
"""Score from which on a small place is worth a closer look: the smaller a cell, the less sure is the locator."""
LIKELY = 0.05
"""Score from which on a closer look tells of a place."""


def look_closer(network: Network, image: Image.Image, look: Look, threshold: float) -> list[Located]:
    """Judge the small places of a look by a closer one each, and leave out what is a speck beside the surest of all.

    Args:
        network: the bundle's `Locator`.
        image: the field, RGB.
        look: its places from `LEAST` on, or from the threshold where that is lower, the most certain first.
        threshold: least score, 0 to 1; of a small place the mean of both looks must reach it.

    Returns:
        Cells from the most certain to the least.
    """
    if not look.places:
        return []
    least = SPECK * look.places[0].box.longer
    judged = [
        _closer(network, image, place) if place.box.longer * look.scale < SHOWN else place
        for place in look.places
        if place.box.longer >= least
    ]
    sure = [place for place in judged if place is not None and place.score >= threshold]
    return without_overlap(sorted(sure, key=lambda place: -place.score))


def _closer(network: Network, image: Image.Image, place: Located) -> Located | None:
    """The surest place around the middle of one, looked at closely; None where there is nothing."""
    side = place.box.longer * CANVAS / SHOWN
    x, y = place.box.centre
    left, top = max(0, round(x - side / 2)), max(0, round(y - side / 2))
    part = image.crop(
        (left, top, min(image.width, round(x + side / 2)), min(image.height, round(y + side / 2)))
    )
    zoom = CANVAS / side
    enlarged = part.resize([max(1, round(length * zoom)) for length in part.size], Image.Resampling.BILINEAR)
    around = [
        Located(_in_field(box, zoom, left, top, image.size), (score + place.score) / 2)
        for box, score in locate(network, on_canvas(enlarged), enlarged.size, LIKELY)
    ]
    here = [found for found in around if found.box.overlap(Box(x, y, x + 1, y + 1)) > 0]
    return max(here, key=lambda found: found.score, default=None)


def _in_field(box: Box, zoom: float, left: int, top: int, size: tuple[int, int]) -> Box:
    """A box of an enlarged part in the field's pixels; a part's last pixel may be enlarged by a little more."""
    width, height = size
    placed = Box(*(edge / zoom for edge in box)).moved(left, top)
    return Box(placed.xmin, placed.ymin, min(placed.xmax, width), min(placed.ymax, height))
