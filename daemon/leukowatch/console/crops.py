"""The paper's figure in a terminal: each cell's crop in half blocks, and beside it what it is taken for."""

from collections.abc import Sequence

from PIL import Image
from rich.color import Color
from rich.columns import Columns
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.segment import Segment
from rich.style import Style
from rich.table import Table
from rich.text import Text

from leukonet.result import Box, Cell
from leukonet.views import crop_square
from leukowatch.console.shares import label_of

SIDE = 22
"""Columns that a crop takes; a half block is a square, so it takes half as many lines."""
BESIDE = 25
"""Columns of the text beside it: the longest label and its probability."""


class HalfBlocks:
    """A picture in a terminal, two pixels a character; nothing at all where there are no colours.

    Args:
        image: RGB, of an even height; a column a pixel.
    """

    def __init__(self, image: Image.Image) -> None:
        self._image = image

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw line by line: the upper pixel in the foreground, the lower one in the background."""
        if not _shows(console, options):
            return
        pixels = self._image.tobytes()
        width = self._image.width
        for top in range(0, self._image.height, 2):
            for column in range(width):
                upper, lower = (3 * (row * width + column) for row in (top, top + 1))
                style = Style(
                    color=Color.from_rgb(*pixels[upper : upper + 3]),
                    bgcolor=Color.from_rgb(*pixels[lower : lower + 3]),
                )
                yield Segment("▀", style)
            yield Segment.line()

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """As wide as the picture, or nothing."""
        width = self._image.width if _shows(console, options) else 0
        return Measurement(width, width)


def _shows(console: Console, options: ConsoleOptions) -> bool:
    return console.color_system is not None and not console.no_color and not options.ascii_only


def terminal_figure(image: Image.Image, cells: Sequence[Cell]) -> RenderableType:
    """Show each cell with its number, its two most probable classes, whether it counts, and its box.

    Args:
        image: the upright field, RGB.
        cells: of the field, boxes in its pixels.

    Returns:
        Blocks of `SIDE + BESIDE + 1` columns, as many side by side as the terminal has room for.
    """
    if not cells:
        return Text("no cells located")
    return Columns(
        [_block(image, number, cell) for number, cell in enumerate(cells, 1)], padding=(1, 1), equal=True
    )


def _block(image: Image.Image, number: int, cell: Cell) -> RenderableType:
    grid = Table.grid(padding=(0, 1, 0, 0), pad_edge=False)
    grid.add_row(HalfBlocks(_crop(image, cell.box)), _told(number, cell))
    return grid


def _told(number: int, cell: Cell) -> Text:
    box = cell.box
    lines = (
        f"cell {number}",
        f"{cell.first_probability:.2f} {label_of(cell.first)}",
        f"{cell.second_probability:.2f} {label_of(cell.second)}",
        _fate(cell),
        f"x {box.xmin:.0f}-{box.xmax:.0f}, y {box.ymin:.0f}-{box.ymax:.0f}",
        f"located {cell.score:.2f}",
    )
    told = Text("\n".join(line.ljust(BESIDE) for line in lines), no_wrap=True)
    told.stylize("bold", 0, 2 * BESIDE)
    return told


def _fate(cell: Cell) -> str:
    if cell.unclassified:
        return "unclassified, not counted"
    return "counts" if cell.counts else "not in the differential"


def _crop(image: Image.Image, box: Box) -> Image.Image:
    """Cut the square around a box, black beyond the field, at the terminal's size."""
    square = crop_square(box)
    edges = tuple(round(edge) for edge in square)
    part = image.crop((edges[0], edges[1], edges[2], edges[3]))
    return part.resize((SIDE, SIDE), Image.Resampling.BOX)
