"""Looks again, closer, at what a canvas shows small: whether it is a cell, and how large, is seen better there."""

from PIL import Image

from leukonet.light import Light
from leukonet.locate import Located, peaks, without_overlap
from leukonet.magnification import Look
from leukonet.network import Network
from leukonet.preprocessing import CANVAS
from leukonet.result import Box
from leukonet.views import crop, crop_square, pixels

SPECK = 0.4
"""Of the longer side of a field's surest place: what is smaller beside it is a platelet or a speck. Platelets have a
quarter of the usual white cell's, the smallest lymphocytes more than half of the largest monocytes'."""
SHOWN = 64.0
"""Canvas pixels: places whose longer side is shorter are looked at again, unless they are `CLEAR`, at this size, in the
middle of what training shows. On one canvas BCCD's cells have about 75, Chula's about 27; of a strange microscope small
cells are boxed up to twice as wide as they are, which a closer look puts right."""
AROUND = CANVAS / SHOWN
"""Side of the closer look, in units of the place's longer side."""
LEAST = 0.3
"""Score from which on a place is worth a closer look: the smaller a cell, the less sure is the locator."""
CLEAR, WELL_SHOWN = 0.7, 48.0
"""A place of this score, shown at this many canvas pixels, needs no closer look: it would say the same."""
LIKELY = 0.05
"""Score from which on a closer look tells of a place."""


def look_closer(
    network: Network, image: Image.Image, light: Light, look: Look, threshold: float
) -> list[Located]:
    """Judge the small places of a look by a closer one each, and leave out what is a speck beside the surest of all.

    Args:
        network: the bundle's `Locator`.
        image: the field, RGB.
        light: its background: a close look alone shows too little of it.
        look: its places, the most certain first; what is fainter than `LEAST` is taken as it is.
        threshold: least score, 0 to 1; of a small place the mean of both looks must reach it.

    Returns:
        Cells from the most certain to the least.
    """
    if not look.places:
        return []
    smallest = SPECK * look.places[0].box.longer
    judged = [
        _closer(network, image, light, place) if _doubtful(place, look.scale) else place
        for place in look.places
        if place.box.longer >= smallest
    ]
    sure = [place for place in judged if place is not None and place.score >= threshold]
    return without_overlap(sorted(sure, key=lambda place: -place.score))


def _doubtful(place: Located, scale: float) -> bool:
    """Whether a place is not faint, and shown below `SHOWN` canvas pixels, or below `WELL_SHOWN` where it is clear."""
    shown = place.box.longer * scale
    return place.score >= LEAST and shown < (WELL_SHOWN if place.score >= CLEAR else SHOWN)


def _closer(network: Network, image: Image.Image, light: Light, place: Located) -> Located | None:
    """The surest place around the middle of one, looked at closely; None where there is nothing."""
    square = crop_square(place.box, AROUND)
    near = pixels(crop(image, place.box, light, CANVAS, AROUND))
    zoom = CANVAS / square.longer
    around = [
        Located(
            box.scaled(1 / zoom).moved(square.xmin, square.ymin).clipped(image.size),
            (score + place.score) / 2,
        )
        for box, score in peaks(network(near), LIKELY)
    ]
    x, y = place.box.centre
    here = [found for found in around if found.box.overlap(Box(x, y, x + 1, y + 1)) > 0]
    return max(here, key=lambda found: found.score, default=None)
