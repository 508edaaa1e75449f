"""Readers for the labelled image sets, each as fields with their cells and the group that must not be split.

A group is the source that two pictures can share: an original image (BCCD, PBC) or a slide (Chula).
The sets, their licences and where they come from are listed in `docs/data.md`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from PIL import Image

from leukonet.errors import DataError
from leukonet.labels import ALIASES, LabelledCell, LabelledField, Row, read_box, read_table
from leukonet.result import Box

TXL_CLASSES = Path(__file__).parent / "sources" / "txl_pbc_classes.csv"
"""Our own reading of TXL-PBC's training cells, whose makers boxed and did not name them; see `docs/data.md`."""
BCCD_DOUBTED = Path(__file__).parent / "sources" / "bccd_doubted.csv"
"""Our own reading of BCCD's training cells again: images published as eosinophil whose cell has no eosinophil's
granules; see `docs/data.md`."""
NEAR = 0.005
"""A reading is of the box whose centre is as near, in shares of the field's width and height."""


def read_dataset(data: Path, name: str, part: str = "all") -> list[LabelledField]:
    """Read one set.

    Args:
        data: folder that holds the sets.
        name: one of `READERS`.
        part: the set's own part (`train`, `val`, `test`, for Kaggle's the folder), or `all`.

    Raises:
        DataError: unknown set or part, a missing folder or a malformed table.
    """
    if name not in READERS:
        raise DataError(f"no data set {name!r}; known: {', '.join(READERS)}")
    if not (data / name).is_dir():
        raise DataError(f"{data / name}: no such folder; set --data or LEUKOWATCH_DATA to where the sets are")
    listed = list(READERS[name](data / name))
    fields = [field for field in listed if part in ("all", field.part)]
    if not fields:
        parts = sorted({field.part for field in listed if field.part})
        raise DataError(f"{data / name}: nothing in part {part!r}; there are: {', '.join(('all', *parts))}")
    return fields


TRAINING_PARTS = {"bccd": "train", "chula": "all", "txl_pbc": "train", "pbc": "train"}
"""What may be trained on: no part that a bundle is judged on, but for Chula, which is judged in folds."""
PAPER_PART = "train_400_per_class"
"""What of Kaggle's augmented pictures trains the paper's network."""


def training_fields(
    data: Path, without: Sequence[str] = (), *, as_published: bool = False
) -> list[LabelledField]:
    """Read every field that may be trained on.

    Args:
        data: folder that holds the sets.
        without: sets that are left out altogether.
        as_published: with every name; else `without_doubted` ones.

    Raises:
        DataError: as `read_dataset`.
    """
    kept = {name: part for name, part in TRAINING_PARTS.items() if name not in without}
    fields = [field for name, part in kept.items() for field in read_dataset(data, name, part)]
    return fields if as_published else without_doubted(fields)


def without_doubted(fields: Sequence[LabelledField]) -> list[LabelledField]:
    """Take the names from cells whose published class we doubt; they stay white cells, to be located.

    To train on alone: what judges a network keeps the names that were published.
    """
    doubted = {row["image"] for row in read_table(BCCD_DOUBTED, "image")}
    return [
        replace(field, cells=tuple(replace(cell, name=None) for cell in field.cells))
        if field.source == "bccd" and field.path.name in doubted
        else field
        for field in fields
    ]


def classes_known(data: Path, without: Sequence[str]) -> set[str | None]:
    """Classes, None among them, of the cells that may be trained on where some sets are left out.

    Raises:
        DataError: as `read_dataset`.
    """
    return {cell.name for field in training_fields(data, without) for cell in field.cells}


def _boxes(path: Path, kind: str) -> dict[str, list[tuple[str, Box]]]:
    found: dict[str, list[tuple[str, Box]]] = {}
    for row in read_table(path, "image", kind, *Box._fields):
        listed = found.setdefault(row["image"], [])
        box = read_box(row, path)
        if box.area > 0:  # BCCD publishes a few red cells without area
            listed.append((row[kind], box))
    return found


def _bccd(folder: Path) -> Iterator[LabelledField]:
    boxes = _boxes(folder / "boxes.csv", "object")
    for row in read_table(folder / "images.csv", "image", "subtypes", "kaggle_split"):
        listed = boxes.get(row["image"], [])
        white = [box for kind, box in listed if kind == "WBC"]
        subtypes = [name for name in row["subtypes"].split(", ") if name]
        # Two cells of different classes: the table does not say which box is which.
        name = subtypes[0] if len(set(subtypes)) == 1 else None
        yield LabelledField(
            path=folder / "images" / row["image"],
            source="bccd",
            group=row["image"],
            part="test" if row["kaggle_split"] == "test" else "train",
            cells=tuple(LabelledCell(name, box) for box in white),
            others=tuple(box for kind, box in listed if kind != "WBC"),
        )


def _chula(folder: Path) -> Iterator[LabelledField]:
    for image, listed in _boxes(folder / "boxes.csv", "class").items():
        cells = tuple(LabelledCell(name, box) for name, box in listed)
        yield LabelledField(folder / "images" / image, "chula", image.rsplit("_", 1)[0], "", cells)


def _txl_pbc(folder: Path) -> Iterator[LabelledField]:
    parts = {row["image"]: row["split"] for row in read_table(folder / "boxes.csv", "image", "split")}
    readings = _readings(TXL_CLASSES)
    for image, listed in _boxes(folder / "boxes.csv", "object").items():
        white = [box for kind, box in listed if kind == "WBC"]
        named = _read_by_us(folder / "images" / image, readings.get(image, ()), white)
        yield LabelledField(
            path=folder / "images" / image,
            source="txl_pbc",
            group=image,
            part=parts[image],
            cells=tuple(LabelledCell(name, box) for name, box in zip(named, white, strict=True)),
            others=tuple(box for kind, box in listed if kind != "WBC"),
        )


def _readings(path: Path) -> dict[str, list[Row]]:
    """The cells that we named, by image."""
    told: dict[str, list[Row]] = {}
    for row in read_table(path, "image", "x", "y", "class"):
        told.setdefault(row["image"], []).append(row)
    return told


def _read_by_us(image: Path, told: Sequence[Row], boxes: Sequence[Box]) -> list[str | None]:
    """The class of the cell in each box, None where we did not name it.

    A reading tells its place in shares of the field's width and height, as copies of several sizes are about.
    """
    if not told:
        return [None] * len(boxes)
    try:
        with Image.open(image) as opened:
            width, height = opened.size
    except OSError as error:
        raise DataError(f"{image}: {error}") from error
    named: list[str | None] = []
    for x, y in (box.centre for box in boxes):
        here = (
            row["class"]
            for row in told
            if max(abs(x / width - float(row["x"])), abs(y / height - float(row["y"]))) < NEAR
        )
        named.append(next(here, None))
    return named


def _pbc(folder: Path) -> Iterator[LabelledField]:
    for row in read_table(folder / "images.csv", "image", "class", "split"):
        name = ALIASES.get(row["class"], row["class"])
        path = folder / "images" / row["image"]
        yield LabelledField(path, "pbc", row["image"], row["split"], (LabelledCell(name, None),))


def _kaggle_augmented(folder: Path) -> Iterator[LabelledField]:
    for path in sorted(folder.glob("*/*/*.jpeg")):
        part, name = path.parent.parent.name, path.parent.name
        yield LabelledField(path, "kaggle_augmented", path.name, part, (LabelledCell(name, None),))


READERS: dict[str, Callable[[Path], Iterator[LabelledField]]] = {
    "bccd": _bccd,
    "chula": _chula,
    "kaggle_augmented": _kaggle_augmented,
    "pbc": _pbc,
    "txl_pbc": _txl_pbc,
}
