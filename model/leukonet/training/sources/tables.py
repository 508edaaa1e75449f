"""Turns the labels that come with a fetched set into the tables that `leukonet.training.datasets` reads.

Corners are in pixels of the picture as published. Every file was checked by its SHA-256, so its form is known.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from PIL import Image

from leukonet.cells import PAPER_CLASSES
from leukonet.errors import DataError
from leukonet.labels import read_table
from leukonet.result import Box
from leukonet.training.sources.pins import IMAGES, PINS, PUBLISHED, read_names

CHULA_CLASSES = ("neutrophil", "eosinophil", "basophil", "lymphocyte", "monocyte")
"""By the number in Chula's label files, which come without a list of names."""
TXL_PBC_OBJECTS = ("WBC", "RBC", "Platelets")
"""By the number in TXL-PBC's label files."""


def write_bccd(folder: Path) -> None:
    """Boxes from the Pascal VOC files, a field's classes from the table of another repository."""
    annotations = sorted((folder / PUBLISHED / "BCCD/Annotations").glob("*.xml"))
    boxes = [(f"{path.stem}.jpg", *found) for path in annotations for found in _voc(path)]
    write_table(folder / "boxes.csv", ("image", "object", *Box._fields), boxes)
    subtypes = _subtypes(folder / PUBLISHED / "labels.csv")
    tested = set(read_names(PINS / "kaggle_test.txt"))
    images = [f"{path.stem}.jpg" for path in annotations]
    rows = [(image, ", ".join(subtypes[image]), _side(image, subtypes[image], tested)) for image in images]
    write_table(folder / "images.csv", ("image", "subtypes", "kaggle_split"), rows)


def write_chula(folder: Path) -> None:
    """A class and a box for each white cell."""
    labels = sorted((folder / PUBLISHED / "WBC_Samples/train/labels").glob("*.txt"))
    rows = [(image, CHULA_CLASSES[kind], *box) for path in labels for image, kind, box in _yolo(path, folder)]
    write_table(folder / "boxes.csv", ("image", "class", *Box._fields), rows)


def write_txl_pbc(folder: Path) -> None:
    """A box for each cell and platelet; the folder of the labels is the part."""
    labels = sorted((folder / PUBLISHED / "TXL_PBC/labels").glob("*/*.txt"))
    rows = [
        (image, TXL_PBC_OBJECTS[kind], *box, path.parent.name)
        for path in labels
        for image, kind, box in _yolo(path, folder)
    ]
    write_table(folder / "boxes.csv", ("image", "object", *Box._fields, "split"), rows)


WRITERS: dict[str, Callable[[Path], None]] = {
    "bccd": write_bccd,
    "chula": write_chula,
    "txl_pbc": write_txl_pbc,
}


def _voc(path: Path) -> Iterator[tuple[str, ...]]:
    """Name and corners of each object of a Pascal VOC file."""
    root = ET.parse(path).getroot()  # noqa: S314  its sum says that it is the published file
    for found in root.iter("object"):
        yield found.findtext("name", ""), *(found.findtext(f"bndbox/{key}", "") for key in Box._fields)


def _subtypes(path: Path) -> dict[str, list[str]]:
    """Classes of the white cells of each field that the table numbers, BCCD's or not."""
    return {
        f"BloodImage_{int(row['Image']):05d}.jpg": [
            name.strip().lower() for name in row["Category"].split(",") if name.strip()
        ]
        for row in read_table(path, "Image", "Category")
    }


def _side(image: str, subtypes: Sequence[str], tested: set[str]) -> str:
    """The side of Kaggle's set that a field fed; it took fields with one cell of the paper's four classes."""
    if image in tested:
        return "test"
    return "train" if len(subtypes) == 1 and subtypes[0] in PAPER_CLASSES else ""


def _yolo(path: Path, folder: Path) -> Iterator[tuple[str, int, tuple[int, ...]]]:
    """Picture, class number and corners of each line of a YOLO file: centre and extent in shares of the sides."""
    image = f"{path.stem}.jpg"
    with Image.open(folder / IMAGES / image) as opened:
        width, height = opened.size
    for line in path.read_text(encoding="utf-8").splitlines():
        kind, *shares = line.split()
        x, y, across, down = (float(share) for share in shares)
        low = ((x - across / 2) * width, (y - down / 2) * height)
        high = ((x + across / 2) * width, (y + down / 2) * height)
        yield image, int(kind), tuple(round(corner) for corner in (*low, *high))


def write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table whole or not at all."""
    part = path.with_suffix(".part")
    try:
        with part.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(rows)
        part.replace(path)
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror}); make room and start again") from error
