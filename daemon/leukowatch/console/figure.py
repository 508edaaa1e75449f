"""The paper's figure as a picture: a field with each cell's box and its two most probable classes."""

import math
from collections.abc import Iterator, Sequence

from PIL import Image, ImageDraw, ImageFont

from leukonet.result import Box, Cell
from leukowatch.console.captions import Rect, place_captions
from leukowatch.console.shares import RESEARCH, label_of
from leukowatch.store.rows import CellRow

COLOURS = {
    "neutrophil": (0, 114, 178),
    "eosinophil": (213, 94, 0),
    "basophil": (204, 121, 167),
    "lymphocyte": (0, 158, 115),
    "monocyte": (230, 159, 0),
    "immature_granulocyte": (86, 180, 233),
    "erythroblast": (240, 228, 66),
}
"""Okabe and Ito's colours, told apart by colour-blind people too; the captions say the same in words."""
OTHERS = (70, 70, 70)
"""Colour of artefacts, and of classes that no bundle of ours predicts."""
SMALLEST = 1000
"""A field whose longer side is shorter is enlarged by a whole factor, so that captions find room."""
_TEXT_SHARE = 56
"""The longer side is this many text heights."""
_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def cell_of(row: CellRow) -> Cell:
    """Make the record of an analysis out of a row of the store."""
    return Cell(
        box=Box(row.xmin, row.ymin, row.xmax, row.ymax),
        score=row.score,
        first=row.first,
        first_probability=row.first_probability,
        second=row.second,
        second_probability=row.second_probability,
        unclassified=row.unclassified,
        counts=row.counts,
    )


def caption(number: int, cell: Cell) -> str:
    """Say in two lines what a cell most probably is, and what else; an unclassified one is marked `?`."""
    mark = "?" if cell.unclassified else ""
    return (
        f"{number}{mark} {label_of(cell.first)} {cell.first_probability:.2f}\n"
        f"{label_of(cell.second)} {cell.second_probability:.2f}"
    )


def enlargement(size: tuple[int, int]) -> int:
    """Whole factor, at least 1, by which a field of this width and height is enlarged in its figure."""
    return max(1, math.ceil(SMALLEST / max(size)))


def annotate(image: Image.Image, cells: Sequence[Cell]) -> Image.Image:
    """Draw boxes and captions on a field, and a footer below it.

    Args:
        image: the upright field, RGB.
        cells: of the field, boxes in its pixels.

    Returns:
        RGB, the field enlarged by `enlargement` at its upper left corner. Boxes of unclassified cells are
        dashed.
    """
    zoom = enlargement(image.size)
    field = image.resize((image.width * zoom, image.height * zoom), Image.Resampling.BICUBIC)
    height = max(field.size) // _TEXT_SHARE
    font = ImageFont.load_default(height)
    footer = _footer(cells)
    width = max(field.width, SMALLEST // 2, math.ceil(font.getlength(footer)) + height)
    figure = Image.new("RGB", (width, max(field.height, 4 * height) + 2 * height), _WHITE)
    figure.paste(field)
    draw = ImageDraw.Draw(figure)
    boxes = [_scaled(cell.box, zoom) for cell in cells]
    line = max(2, height // 6)
    for box, cell in zip(boxes, cells, strict=True):
        _outline(draw, box, _colour(cell), line, dashed=cell.unclassified)
    _write_captions(draw, boxes, cells, (width, figure.height - 2 * height), font)
    draw.text((height // 2, figure.height - 1.5 * height), footer, _BLACK, font)
    return figure


def _footer(cells: Sequence[Cell]) -> str:
    counted = sum(cell.counts for cell in cells)
    unclassified = sum(cell.unclassified for cell in cells)
    return (
        f"Cells located: {len(cells)}, counted: {counted}, unclassified: {unclassified} (dashed, ?). "
        f"{RESEARCH.capitalize()}."
    )


def _colour(cell: Cell) -> tuple[int, int, int]:
    return COLOURS.get(cell.first, OTHERS)


def _scaled(box: Box, zoom: int) -> Rect:
    left, top, right, bottom = (round(edge * zoom) for edge in box)
    return Rect(left, top, max(right, left + 1), max(bottom, top + 1))


def _outline(
    draw: ImageDraw.ImageDraw, box: Rect, colour: tuple[int, int, int], line: int, *, dashed: bool
) -> None:
    """Draw a box's edge just inside it, with a white one just outside it that parts it from dark cells."""
    around = (box.left - 1, box.top - 1, box.right, box.bottom)
    draw.rectangle(around, outline=_WHITE, width=line + 2)
    if not dashed:
        draw.rectangle((box.left, box.top, box.right - 1, box.bottom - 1), outline=colour, width=line)
        return
    for dash in _dashes(box, line):
        draw.rectangle(dash, fill=colour)


def _dashes(box: Rect, line: int) -> Iterator[tuple[int, int, int, int]]:
    """Give the pieces of a dashed edge, both ends of each within it."""
    dash = 5 * line
    for left in range(box.left, box.right, 2 * dash):
        right = min(left + dash, box.right) - 1
        yield left, box.top, right, min(box.top + line, box.bottom) - 1
        yield left, max(box.bottom - line, box.top), right, box.bottom - 1
    for top in range(box.top, box.bottom, 2 * dash):
        bottom = min(top + dash, box.bottom) - 1
        yield box.left, top, min(box.left + line, box.right) - 1, bottom
        yield max(box.right - line, box.left), top, box.right - 1, bottom


def _write_captions(
    draw: ImageDraw.ImageDraw,
    boxes: Sequence[Rect],
    cells: Sequence[Cell],
    canvas: tuple[int, int],
    font: Font,
) -> None:
    """Write each caption black on white, framed in its box's colour."""
    texts = [caption(number, cell) for number, cell in enumerate(cells, 1)]
    margin = 6
    extents = [draw.multiline_textbbox((margin, margin), text, font) for text in texts]
    sizes = [(math.ceil(right) + margin, math.ceil(bottom) + margin) for _, _, right, bottom in extents]
    for place, text, cell in zip(place_captions(boxes, sizes, canvas), texts, cells, strict=True):
        frame = (place.left, place.top, place.right - 1, place.bottom - 1)
        draw.rectangle(frame, fill=_WHITE, outline=_colour(cell), width=2)
        draw.multiline_text((place.left + margin, place.top + margin), text, _BLACK, font)
