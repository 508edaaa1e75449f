"""Tables of labels as people write them, and what is wrong with the others."""

from pathlib import Path

import pytest
from PIL import Image

from leukonet.errors import DataError
from leukonet.labels import LabelledCell, LabelledField, read_labels
from leukonet.result import Box

HEAD = "image,class,xmin,ymin,xmax,ymax\n"


def read(folder: Path, table: str | bytes, images=("a.png", "b.png")) -> list[LabelledField]:
    """Read a table about images that are there."""
    for image in images:
        (folder / image).parent.mkdir(exist_ok=True)
        Image.new("RGB", (4, 4)).save(folder / image)
    (folder / "labels.csv").write_bytes(table if isinstance(table, bytes) else table.encode())
    return read_labels(folder, folder / "labels.csv")


def test_a_table_of_image_and_class(tmp_path):
    """One cell an image, known to be nearest the centre."""
    fields = read(tmp_path, "image,class\na.png,neutrophil\nb.png,monocyte\n")

    assert [tmp_path / "a.png", tmp_path / "b.png"] == [field.path for field in fields]
    assert [(LabelledCell("neutrophil", None),), (LabelledCell("monocyte", None),)] == [
        f.cells for f in fields
    ]


def test_a_table_with_boxes_has_a_row_a_cell(tmp_path):
    """Rows of the same image are one field, wherever they stand."""
    rows = "a.png,neutrophil,1,2,3,4\nb.png,monocyte,0,0,1,1\na.png,basophil,5,6,7.5,8\n"
    first, second = read(tmp_path, HEAD + rows)

    expected = (LabelledCell("neutrophil", Box(1, 2, 3, 4)), LabelledCell("basophil", Box(5, 6, 7.5, 8)))
    assert expected == first.cells
    assert (LabelledCell("monocyte", Box(0, 0, 1, 1)),) == second.cells


def test_a_row_without_any_corner_is_a_cell_nearest_the_centre(tmp_path):
    """In a table whose other rows have boxes."""
    (field,) = read(tmp_path, HEAD + "a.png,neutrophil,,,,\n")

    assert (LabelledCell("neutrophil", None),) == field.cells


def test_columns_may_stand_in_any_order_among_others(tmp_path):
    """A table from a spreadsheet has notes."""
    (field,) = read(tmp_path, "note,class,image\nnice,eosinophil,a.png\n")

    assert (LabelledCell("eosinophil", None),) == field.cells


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path):
    """Excel writes one."""
    (field,) = read(tmp_path, b"\xef\xbb\xbfimage,class\r\na.png,neutrophil\r\n")

    assert (LabelledCell("neutrophil", None),) == field.cells


@pytest.mark.parametrize(("word", "name"), [("ig", "immature_granulocyte"), ("platelet", "artefact")])
def test_other_sets_words_are_understood(tmp_path, word, name):
    """They are the same classes."""
    (field,) = read(tmp_path, f"image,class\na.png,{word}\n")

    assert name == field.cells[0].name


def test_images_may_lie_in_subfolders(tmp_path):
    """Paths start from the folder of the images."""
    (field,) = read(tmp_path, "image,class\nslide/a.png,neutrophil\n", ["slide/a.png"])

    assert tmp_path / "slide" / "a.png" == field.path


BAD = {
    "no class column": (
        "image,label\na.png,neutrophil\n",
        "no column 'class'; its header must name image, class",
    ),
    "no header": ("a.png,neutrophil\n", "no column"),
    "nothing": ("", "no column"),
    "an unknown class": ("image,class\na.png,unicorn\n", "no class 'unicorn'; known: neutrophil, "),
    "an empty class": ("image,class\na.png,\n", "no class ''"),
    "a short row": (
        "image,class\nb.png,monocyte\na.png\n",
        "line 3, image 'a.png': too few columns; its header names 2",
    ),
    "a missing image": ("image,class\nnone.png,neutrophil\n", "'none.png' is not in .*check --images"),
    "a corner that is no number": (
        HEAD + "a.png,neutrophil,1,2,three,4\n",
        "line 2, image 'a.png': the corner xmax is 'three', which is no number",
    ),
    "a corner that is not finite": (HEAD + "a.png,neutrophil,1,2,nan,4\n", "xmax is 'nan', .* no number"),
    "a corner beyond all bounds": (HEAD + "a.png,neutrophil,1,2,inf,4\n", "xmax is 'inf', .* no number"),
    "a corner too few": (HEAD + "a.png,neutrophil,1,2,3\n", "line 2, image 'a.png': too few columns"),
    "an empty first corner": (HEAD + "a.png,neutrophil,,2,3,4\n", "line 2, image 'a.png': no xmin; give all"),
    "an empty last corner": (HEAD + "a.png,neutrophil,1,2,3,\n", "line 2, image 'a.png': no ymax; give all"),
    "a column of corners too few": (
        "image,class,xmin\na.png,neutrophil,1\n",
        "no ymin and no xmax and no ymax; give all four corners or none",
    ),
    "corners the wrong way round": (HEAD + "a.png,neutrophil,3,4,1,2\n", "'a.png'.*no area"),
    "another encoding": ("image,class\na.png,neutröphil\n".encode("latin-1"), "cannot be read"),
    "a NUL": (b"image,class\na.png,neutro\0phil\n", "no class|cannot be read"),
    "an endless field": ("image,class\na.png," + "x" * 200_000 + "\n", "cannot be read"),
}


@pytest.mark.parametrize(("table", "words"), BAD.values(), ids=BAD)
def test_a_bad_table_is_told_by_its_name_and_its_fault(tmp_path, table, words):
    """So that a person can mend the row."""
    with pytest.raises(DataError, match=rf"(?s)labels\.csv: .*({words})"):
        read(tmp_path, table)


def test_a_missing_table_is_told(tmp_path):
    """By its path."""
    with pytest.raises(DataError, match=r"labels\.csv: cannot be read"):
        read_labels(tmp_path, tmp_path / "labels.csv")
