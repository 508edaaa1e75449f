"""Imports PBC, which its publisher gives out by hand as a zip archive, doi:10.17632/snkd93bnjr.1."""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from leukonet.errors import DataError
from leukonet.labels import read_table
from leukonet.training.sources.archive import Archive, opened_archive
from leukonet.training.sources.pins import IMAGES
from leukonet.training.sources.tables import write_table
from leukonet.training.splits import draw

CLASSES = (
    "basophil",
    "eosinophil",
    "erythroblast",
    "ig",
    "lymphocyte",
    "monocyte",
    "neutrophil",
    "platelet",
)
"""The archive's folders."""
PARTS = ("train", "val", "test")
VAL_SHARE = 0.15
"""About this share of the pictures is kept from training, where no table says which."""
JPEG = b"\xff\xd8\xff"
"""How every picture begins."""


@dataclass(frozen=True, slots=True)
class Imported:
    """The set as it now lies there."""

    folder: Path
    images: int
    """Pictures, at least one a class."""
    drawn: int
    """How many of them no table put into a part, so that a draw by name did."""


def import_pbc(
    archive: Path,
    data: Path,
    splits: Path | None = None,
    wrap: Callable[[Iterable[Any]], Iterable[Any]] = iter,
) -> Imported:
    """Unpack the archive's pictures into `data/pbc` and write their table: all of it or nothing.

    Args:
        archive: the zip file as downloaded; its folders may lie below others.
        data: folder that holds the sets; made if need be.
        splits: CSV of columns `image,split`; a picture that it does not name is drawn into a part by its own name.
        wrap: shows progress over the pictures.

    Raises:
        DataError: the set is there already, or the archive or the table is not what it should be.
    """
    folder = data / "pbc"
    if folder.exists():
        raise DataError(f"{folder}: is there already; move it away, or name another folder by --data")
    told = _read_splits(splits) if splits else {}
    with opened_archive(archive) as opened:
        pictures = _pictures(opened)
        if splits and not told.keys() & {image.name for image in pictures}:
            raise DataError(f"{splits}: names no picture of {archive}; give one that does, or none")
        rows = [
            (str(image), image.parts[0], told.get(image.name) or _part(image)) for image in sorted(pictures)
        ]
        try:
            _unpack(opened, pictures, rows, folder, wrap)
        except OSError as error:
            raise DataError(
                f"{folder}: cannot be written ({error}); make room or name another folder"
            ) from error
    return Imported(folder, len(pictures), sum(image.name not in told for image in pictures))


def _pictures(archive: Archive) -> dict[PurePosixPath, PurePosixPath]:
    """Every picture's place below `images`, and its place in the archive."""
    found: dict[PurePosixPath, PurePosixPath] = {}
    for place in archive.entries:
        if _is_junk(place):
            continue
        image = PurePosixPath(*place.parts[-2:])
        if image.parent.name not in CLASSES:
            raise DataError(
                f"{archive.path}: {place} is in none of the folders {', '.join(CLASSES)}; is it PBC?"
            )
        if image in found:
            raise DataError(f"{archive.path}: {image} is there twice; pack each picture once")
        found[image] = place
    missing = set(CLASSES) - {image.parent.name for image in found}
    if missing:
        raise DataError(
            f"{archive.path}: no folder {min(missing)!r} with JPEG pictures; give PBC's whole archive, "
            "and if that holds another one, the inner"
        )
    return found


def _is_junk(place: PurePosixPath) -> bool:
    """Whether an entry is something that a system or a person left beside the pictures."""
    hidden = any(part.startswith((".", "__MACOSX")) for part in place.parts)
    return hidden or place.suffix.lower() not in {".jpg", ".jpeg"}


def _part(image: PurePosixPath) -> str:
    """Draw a part; by a key of its own, as training draws again among those that it is given."""
    return "val" if draw(f"pbc val/{image.name}") < VAL_SHARE else "train"


def _read_splits(path: Path) -> dict[str, str]:
    """The part of each picture that a table names, by file name."""
    found: dict[str, str] = {}
    for row in read_table(path, "image", "split"):
        name, part = PurePosixPath(row["image"]).name, row["split"]
        if part not in PARTS:
            raise DataError(f"{path}: line {row.line}: no part {part!r}; known: {', '.join(PARTS)}")
        if found.setdefault(name, part) != part:
            raise DataError(f"{path}: line {row.line}: {name} is in {found[name]} already; name one part")
    return found


def _unpack(
    archive: Archive,
    pictures: dict[PurePosixPath, PurePosixPath],
    rows: Iterable[tuple[str, ...]],
    folder: Path,
    wrap: Callable[[Iterable[Any]], Iterable[Any]],
) -> None:
    """Fill a folder beside the wanted one, and give it its name when it is whole."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".pbc-", dir=folder.parent) as beside:
        made = Path(beside) / folder.name
        for name in CLASSES:
            (made / IMAGES / name).mkdir(parents=True)
        for image, content in _contents(archive, wrap(pictures.items())):
            (made / IMAGES / image).write_bytes(content)
        write_table(made / "images.csv", ("image", "class", "split"), rows)
        made.rename(folder)


def _contents(
    archive: Archive, pictures: Iterable[tuple[PurePosixPath, PurePosixPath]]
) -> Iterator[tuple[PurePosixPath, bytes]]:
    for image, place in pictures:
        content = archive.read(place)
        if not content.startswith(JPEG):
            raise DataError(f"{archive.path}: {place} is no JPEG picture; download the archive again")
        yield image, content
