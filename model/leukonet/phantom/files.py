"""Phantom fields as files: slide folders of labelled JPEGs with the truth beside them."""

import csv
from collections.abc import Callable, Iterable, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image

from leukonet.errors import DataError
from leukonet.phantom.field import PhantomField, render_field
from leukonet.phantom.look import draw_look

LABEL = "synthetic phantom, not a blood smear"
"""Stands in every file, as JPEG comment and in EXIF."""
QUALITY = 90

_README = f"""These images are phantoms: {LABEL}.

They were drawn by a program from random numbers (seed {{seed}}), as a test object for software.
No patient, no slide and no microscope was involved. What a program counts in them says nothing about
how it counts blood.

truth.csv   one line for each white cell: image, class, and its true extent in pixels
fields.csv  one line for each field, those without any white cell too: image, width, height, cells
"""


def field_bytes(seed: int, cells: Sequence[str] = ("neutrophil",)) -> bytes:
    """Give one labelled JPEG of 640 x 480 pixels that holds `cells`, for a check that needs no file.

    Raises:
        ValueError: a class is unknown, or the seed negative.
    """
    return _jpeg(render_field(np.random.default_rng(seed), cells=cells))


def write_phantoms(
    out: Path,
    fields: int,
    seed: int,
    slides: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write phantom fields below a new or empty folder; the same seed gives the same bytes.

    A field depends on the seed, its number and its slide alone: with one slide, a longer run begins with
    the shorter one's fields.

    Args:
        out: gets `phantom-slide-1/phantom-SEED-0001.jpg` and so on, `truth.csv`, `fields.csv`, `README.txt`.
        fields: how many, at least 1.
        seed: 0 or more.
        slides: over how many slide folders the fields are spread evenly, 1 to `fields`.
        progress: called after each field with how many are written and how many there will be.

    Returns:
        The path of `truth.csv`.

    Raises:
        ValueError: a number is out of range.
        DataError: the folder holds something already, or cannot be written.
    """
    if fields < 1 or seed < 0 or not 1 <= slides <= fields:
        given = f"fields={fields} slides={slides} seed={seed}"
        raise ValueError(f"{given}: give fields >= slides >= 1 and seed >= 0")
    try:
        out.mkdir(parents=True, exist_ok=True)
        if any(out.iterdir()):
            raise DataError(f"{out} is not empty, and its files would not be in truth.csv: name a new folder")
        return _write_all(out, fields, seed, slides, progress)
    except OSError as error:
        where = error.filename or out
        raise DataError(f"{where}: cannot be written ({error.strerror}); name another folder") from error


def _write_all(
    out: Path, fields: int, seed: int, slides: int, progress: Callable[[int, int], None] | None
) -> Path:
    """Fill the empty folder, and give the path of its truth."""
    (out / "README.txt").write_text(_README.format(seed=seed), encoding="utf-8")
    truth: list[tuple[object, ...]] = []
    listing: list[tuple[object, ...]] = []
    for index in range(fields):
        slide = index * slides // fields + 1
        image = f"phantom-slide-{slide}/phantom-{seed}-{index + 1:04d}.jpg"
        field = _render(seed, slide, index)
        (out / image).parent.mkdir(exist_ok=True)
        (out / image).write_bytes(_jpeg(field))
        height, width = field.pixels.shape[:2]
        listing.append((image, width, height, len(field.cells)))
        truth.extend((image, name, *(round(edge) for edge in box)) for name, box in field.cells)
        if progress is not None:
            progress(index + 1, fields)
    _write(out / "fields.csv", ("image", "width", "height", "cells"), listing)
    return _write(out / "truth.csv", ("image", "class", "xmin", "ymin", "xmax", "ymax"), truth)


def _render(seed: int, slide: int, index: int) -> PhantomField:
    """Draw a field in its slide's look, each from a random stream of its own."""
    look = draw_look(np.random.default_rng([seed, 0, slide]))
    return render_field(np.random.default_rng([seed, 1, index]), look=look)


def _jpeg(field: PhantomField) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = LABEL
    exif[ExifTags.Base.Software] = f"leukonet: {LABEL}"
    file = BytesIO()
    Image.fromarray(field.pixels).save(file, "JPEG", quality=QUALITY, comment=LABEL, exif=exif)
    return file.getvalue()


def _write(path: Path, header: Iterable[str], rows: Iterable[tuple[object, ...]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
    return path
