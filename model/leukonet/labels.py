"""Labelled fields, and the CSV tables that label them."""

import csv
import math
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from leukonet.cells import BY_NAME
from leukonet.decode import decode
from leukonet.errors import DataError, ImageError
from leukonet.result import Box

ALIASES = {"ig": "immature_granulocyte", "platelet": "artefact"}
"""Other sets' words for two of our classes."""


class Row(dict[str, str]):
    """One row of a table, by column."""

    def __init__(self, values: dict[str, str], line: int) -> None:
        super().__init__(values)
        self.line = line
        """Of the file, from 1: the row's last."""


@dataclass(frozen=True, slots=True)
class LabelledCell:
    """One white cell as a person labelled it."""

    name: str | None
    """Class, or None where the set does not say which white cell it is."""
    box: Box | None
    """In pixels of the file, or None where the cell is only known to be nearest the centre."""


@dataclass(frozen=True, slots=True)
class LabelledField:
    """One image with every white cell that its set labels."""

    path: Path
    source: str
    """Name of the data set."""
    group: str
    """Original image or slide: all fields of a group go to the same side of a split."""
    part: str
    """The set's own split: train, val, test; empty where it has none."""
    cells: tuple[LabelledCell, ...]
    others: tuple[Box, ...] = ()
    """Red cells and platelets, where the set boxes them."""


def read_image(labelled: LabelledField) -> Image.Image:
    """A field as the analysis decodes it.

    Raises:
        DataError: the file is missing or is no image.
    """
    try:
        return decode(labelled.path.read_bytes())
    except (OSError, ImageError) as error:
        raise DataError(f"{labelled.path}: {error}") from error


def read_labels(images: Path, labels: Path) -> list[LabelledField]:
    """Read a CSV of columns `image,class`, or `image,class,xmin,ymin,xmax,ymax`, a row a cell.

    Args:
        images: folder that the first column's paths start from.
        labels: the CSV file; corners in pixels of the upright image.

    Raises:
        DataError: the table is malformed, or names an unknown class or a missing image.
    """
    found: dict[str, list[LabelledCell]] = {}
    for row in read_table(labels, "image", "class"):
        cell = LabelledCell(_read_class(row, labels), _read_box_or_none(row, labels))
        found.setdefault(row["image"], []).append(cell)
    missing = [image for image in found if not (images / image).is_file()]
    if missing:
        raise DataError(
            f"{labels}: {missing[0]!r} is not in {images} ({len(missing)} missing); check --images"
        )
    return [
        LabelledField(images / image, labels.stem, image, "", tuple(cells)) for image, cells in found.items()
    ]


def read_table(path: Path, *columns: str) -> list[Row]:
    """Rows of a CSV file that has at least these columns.

    Raises:
        DataError: the file is missing, no CSV in UTF-8, or lacks a column; or a row is too short.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = set(columns) - set(reader.fieldnames or ())
            if missing:
                raise DataError(
                    f"{path}: no column {min(missing)!r}; its header must name {', '.join(columns)}"
                )
            rows = [Row(values, reader.line_num) for values in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read ({error}); give a CSV file in UTF-8") from error
    for row in rows:
        if None in row.values():
            raise DataError(f"{_where(row, path)}: too few columns; its header names {len(row)}")
    return rows


def read_box(row: Row, path: Path) -> Box:
    """The four corner columns of a row.

    Raises:
        DataError: a corner is missing or no finite number.
    """
    corners = []
    for key in Box._fields:
        told = row.get(key, "")
        try:
            corner = float(told)
        except ValueError:
            corner = math.nan
        if not math.isfinite(corner):
            raise DataError(f"{_where(row, path)}: the corner {key} is {told!r}, which is no number")
        corners.append(corner)
    return Box(*corners)


def _read_box_or_none(row: Row, path: Path) -> Box | None:
    """Read a box with an area, or None where all four corners are empty."""
    empty = [key for key in Box._fields if not row.get(key, "").strip()]
    if len(empty) == len(Box._fields):
        return None
    if empty:
        raise DataError(f"{_where(row, path)}: no {' and no '.join(empty)}; give all four corners or none")
    box = read_box(row, path)
    if not box.area:
        raise DataError(f"{_where(row, path)}: the box has no area; give xmin < xmax and ymin < ymax")
    return box


def _read_class(row: Row, path: Path) -> str:
    """Read a class name as ours."""
    name = row["class"]
    known = ALIASES.get(name, name)
    if known not in BY_NAME:
        raise DataError(f"{_where(row, path)}: no class {name!r}; known: {', '.join(BY_NAME)}")
    return known


def _where(row: Row, path: Path) -> str:
    """Name a row for a person who has the file open."""
    return f"{path}: line {row.line}, image {row.get('image')!r}"
