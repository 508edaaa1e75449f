"""Labelled fields, and the CSV tables that label them."""

import csv
import math
from dataclasses import dataclass
from pathlib import Path

from leukonet.cells import BY_NAME
from leukonet.errors import DataError
from leukonet.result import Box

ALIASES = {"ig": "immature_granulocyte", "platelet": "artefact"}
"""Other sets' words for two of our classes."""


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
        box = read_box(row, labels) if row.get("xmin") else None
        if box and not box.area:
            raise DataError(
                f"{labels}: a box of {row['image']!r} has no area; give xmin < xmax and ymin < ymax"
            )
        found.setdefault(row["image"], []).append(LabelledCell(check_class(row["class"], labels), box))
    missing = [image for image in found if not (images / image).is_file()]
    if missing:
        raise DataError(
            f"{labels}: {missing[0]!r} is not in {images} ({len(missing)} missing); check --images"
        )
    return [
        LabelledField(images / image, labels.stem, image, "", tuple(cells)) for image, cells in found.items()
    ]


def read_table(path: Path, *columns: str) -> list[dict[str, str]]:
    """Rows of a CSV file that has at least these columns.

    Raises:
        DataError: the file is missing, no CSV in UTF-8, or lacks a column.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = set(columns) - set(reader.fieldnames or ())
            if missing:
                raise DataError(
                    f"{path}: no column {min(missing)!r}; its header must name {', '.join(columns)}"
                )
            return list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read ({error})") from error


def read_box(row: dict[str, str], path: Path) -> Box:
    """The four corner columns of a row.

    Raises:
        DataError: a corner is missing or no finite number.
    """
    try:
        box = Box(*(float(row[key]) for key in Box._fields))
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path}: a corner of {row.get('image')!r} is no number ({error})") from error
    if not all(math.isfinite(corner) for corner in box):
        raise DataError(f"{path}: a corner of {row.get('image')!r} is no number")
    return box


def check_class(name: str, path: Path) -> str:
    """Return a class name as ours, or raise.

    Raises:
        DataError: the name is no class of `leukonet.cells` and no alias of one.
    """
    known = ALIASES.get(name, name)
    if known not in BY_NAME:
        raise DataError(f"{path}: no class {name!r}; known: {', '.join(BY_NAME)}")
    return known
