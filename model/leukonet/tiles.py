"""Looks at a large field tile by tile, where its cells would be too small to be seen on one canvas.

A large file may be a few cells in great detail or hundreds of them, so a large field is looked at whole and then in
finer and finer tiles, and a close-up from further away; `magnification` tells which level is kept, and `closer` judges
what is small on it.
"""

from collections.abc import Iterator, Sequence
from math import ceil, log
from typing import NamedTuple

from PIL import Image

from leukonet.closer import look_closer
from leukonet.locate import STRIDE, Located, locate, without_overlap
from leukonet.magnification import Look, best_level
from leukonet.network import Network
from leukonet.preprocessing import CANVAS
from leukonet.result import Box
from leukonet.views import Canvas, halved, on_canvas

LARGE = 960
"""Pixels: a field whose longer side has no more is looked at on one canvas alone. Half again BCCD's 640, on which
cells are well above the smallest that the locator was trained on."""
NEAR = CANVAS / 2
"""Canvas pixels of the longer side from which on a place is too near to be seen whole: lobes of a nucleus that fills
the canvas look like cells."""
FAINT = 0.2
"""Score from which on places are told, or from the threshold if that is lower: what is too near is hardly believed."""
FINEST = 640
"""Side in pixels of the smallest tiles: cells of 50 pixels become the 20 of the canvas that training begins with."""
STEP = 2.5
"""At most this ratio between the tiles of two levels. Training showed cells at up to 1.9 times their size and down to
1 / 1.9, so that what one level shows too small or too large the next one shows well."""
MOST_TILES = 48
"""Of one level: what 4000 x 3000 pixels need. On larger fields the smallest tiles are larger."""
OVERLAP = 0.25
"""Share of a tile's side that its neighbour shows too; a cell no larger than this is whole in one of them."""
EDGE = float(STRIDE)
"""Canvas pixels: a box that comes this near to a tile's inner border may be a piece of a cell."""
SHARED = 0.4
"""A piece that has this share of the smaller area in common with another place belongs to the same cell."""


class Tile(NamedTuple):
    """A part of a field, in its pixels."""

    left: int
    top: int
    right: int
    bottom: int


class Seen(NamedTuple):
    """A place that was located in a tile."""

    place: Located
    """In the field's pixels."""
    cut: bool
    """Whether the tile's border may cut it, where the field goes on."""


def locate_field(network: Network, canvas: Canvas, image: Image.Image, threshold: float) -> list[Located]:
    """Find the cells of a field of any size.

    Args:
        network: the bundle's `Locator`.
        canvas: the whole field drawn small.
        image: the field, RGB.
        threshold: least score, 0 to 1.

    Returns:
        Cells from the most certain to the least, each once.
    """
    look = best_level(looks(network, canvas, image, min(threshold, FAINT)))
    return look_closer(network, image, canvas.light, look, threshold)


def looks(network: Network, canvas: Canvas, image: Image.Image, least: float) -> Iterator[Look]:
    """Look at a field as a whole, then at each finer level as it is asked for.

    A whole that shows something `NEAR` is looked at from further away too, and that comes first.

    Args:
        network: the bundle's `Locator`.
        canvas: the whole field drawn small.
        image: the field, RGB.
        least: score from which on places are told, 0 to 1.
    """
    whole = Look(locate(network, canvas, image.size, least), canvas.scale)
    if any(place.box.longer * canvas.scale >= NEAR for place in whole.places):
        further = halved(canvas)
        yield Look(locate(network, further, image.size, least), further.scale)
    yield whole
    for side in levels(*image.size):
        seen = [part for tile in tiles(*image.size, side) for part in _look(network, image, tile, least)]
        yield Look(joined(seen), CANVAS / side)


def levels(width: int, height: int) -> list[int]:
    """Sides in pixels of the tiles in which a field is looked at besides the whole, from coarse to fine."""
    longest = max(width, height)
    if longest <= LARGE:
        return []
    finest = FINEST
    while len(tiles(width, height, finest)) > MOST_TILES:
        finest += FINEST // 10
    count = max(1, ceil(log(longest / finest) / log(STEP) - 1e-9))
    return [round(longest * (finest / longest) ** (number / count)) for number in range(1, count + 1)]


def tiles(width: int, height: int, side: int) -> list[Tile]:
    """Cover a field with overlapping squares of about `side` pixels, row by row; they end where the field does."""
    return [
        Tile(left, top, min(width, left + side), min(height, top + side))
        for top in _starts(height, side)
        for left in _starts(width, side)
    ]


def middle(image: Image.Image) -> Image.Image:
    """The part in the middle of a large field as its finest tiles show it; a smaller field as it is."""
    sides = levels(*image.size)
    if not sides:
        return image
    left, top = ((length - min(length, sides[-1])) // 2 for length in image.size)
    return image.crop((left, top, image.width - left, image.height - top))


def _starts(length: int, side: int) -> list[int]:
    """Where tiles begin along one axis, evenly, the last one ending at `length`."""
    spare = max(0, length - side)
    steps = ceil(spare / (side * (1 - OVERLAP)))
    return [round(spare * step / max(1, steps)) for step in range(steps + 1)]


def _look(network: Network, image: Image.Image, tile: Tile, threshold: float) -> Iterator[Seen]:
    """Locate in one tile, on a canvas of its own."""
    part = image.crop(tile)
    canvas = on_canvas(part)
    near = EDGE / canvas.scale
    inner = Box(
        tile.left + near if tile.left > 0 else 0.0,
        tile.top + near if tile.top > 0 else 0.0,
        tile.right - near if tile.right < image.width else image.width,
        tile.bottom - near if tile.bottom < image.height else image.height,
    )
    for box, score in locate(network, canvas, part.size, threshold):
        moved = box.moved(tile.left, tile.top)
        yield Seen(Located(moved, score), moved.union(inner) != inner)


def joined(found: Sequence[Seen]) -> list[Located]:
    """Make one place of what several tiles saw of a cell, the most certain first.

    Whole cells come first, and of two that overlap the more certain stays, as on one canvas. A piece goes where a
    whole cell covers it; pieces that cover each other are put together to one cell.
    """
    ranked = sorted(found, key=lambda seen: -seen.place.score)
    whole = without_overlap([seen.place for seen in ranked if not seen.cut])
    pieces: list[Located] = []
    for place in (seen.place for seen in ranked if seen.cut):
        if any(_shared(place.box, other.box) >= SHARED for other in whole):
            continue
        same = [other for other in pieces if _shared(place.box, other.box) >= SHARED]
        if same:
            pieces[pieces.index(same[0])] = Located(same[0].box.union(place.box), same[0].score)
        else:
            pieces.append(place)
    return sorted([*whole, *pieces], key=lambda place: -place.score)


def _shared(one: Box, other: Box) -> float:
    """Intersection over the smaller of two areas, 0 to 1."""
    return one.shared(other) / min(one.area, other.area)
