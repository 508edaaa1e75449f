"""The paper's figure in a terminal."""

import io

import pytest
from PIL import Image
from rich.console import Console

from handmade import cell
from leukowatch.console.crops import SIDE, terminal_figure

RED, BLUE = (255, 0, 0), (0, 0, 255)


def shown(cells, **options):
    """What a console prints for a field whose left half is red and whose right half is blue."""
    image = Image.new("RGB", (200, 200), RED)
    image.paste(BLUE, (100, 0, 200, 200))
    console = Console(file=io.StringIO(), **({"width": 100, "force_terminal": True} | options))
    console.print(terminal_figure(image, cells))
    return console.file.getvalue()


def plain(text):
    """The lines without trailing spaces."""
    return [line.rstrip() for line in text.splitlines()]


def test_a_crop_has_the_fields_colours():
    """The left of it is red above and below, the right blue."""
    told = shown([cell("neutrophil", (80, 80, 120, 120))], color_system="truecolor")

    assert "\x1b[38;2;255;0;0;48;2;255;0;0m▀" in told
    assert "\x1b[38;2;0;0;255;48;2;0;0;255m▀" in told
    assert told.count("▀") == SIDE * SIDE // 2


@pytest.mark.parametrize(("width", "side_by_side"), [(100, 2), (80, 1), (50, 1), (200, 4)])
def test_blocks_stand_side_by_side_where_there_is_room(width, side_by_side):
    """No line is wider than the terminal, and no block is cut."""
    cells = [cell("immature_granulocyte", (80, 80, 120, 120))] * 8
    console = Console(
        record=True, width=width, force_terminal=True, color_system="truecolor", file=io.StringIO()
    )
    console.print(terminal_figure(Image.new("RGB", (200, 200)), cells))

    told = console.export_text()
    lines = told.splitlines()
    heads = [line.count("cell ") for line in lines if "cell " in line]
    assert max(heads) == side_by_side
    assert max(map(len, lines)) <= width
    assert told.count("0.80 Immature granulocyte") == 8


def test_without_colours_the_text_says_all():
    """Number, both classes with probabilities, whether it counts, box; no block of characters."""
    told = plain(shown([cell("neutrophil", (10, 20, 60, 70))], no_color=True, force_terminal=False))

    assert [line.strip() for line in told if line.strip()] == [
        "cell 1", "0.80 Neutrophil", "0.10 Monocyte", "counts", "x 10-60, y 20-70", "located 0.90",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "fate"),
    [
        ("neutrophil", "counts"),
        ("neutrophil?", "unclassified, not counted"),
        ("artefact", "not in the differential"),
    ],
)
def test_the_text_says_whether_a_cell_counts(name, fate):
    """In words, for colour-blind people and for logs."""
    assert fate in shown([cell(name)], force_terminal=False)


def test_a_cell_at_the_fields_edge_is_cropped_all_the_same():
    """What lies beyond the field is black."""
    told = shown([cell("neutrophil", (0, 0, 40, 40))], color_system="truecolor")

    assert "\x1b[38;2;0;0;0;48;2;0;0;0m▀" in told


def test_a_field_without_cells_says_so():
    """Instead of an empty screen."""
    assert plain(shown([])) == ["no cells located"]
