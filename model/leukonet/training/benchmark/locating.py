"""Measures how well white cells are found on fields that no network was trained on, and on mosaics of them."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from leukonet.bundle import Bundle
from leukonet.labels import LabelledField
from leukonet.training.benchmark.record import Part, Table
from leukonet.training.datasets import read_dataset
from leukonet.training.detection import Detections, detect, detect_in, detection_row, recall_row
from leukonet.training.mosaics import (
    LARGEST,
    Scene,
    closer,
    donors,
    enlarged,
    largest_mosaics,
    pasted,
    scene,
    seen_from_afar,
    tiled,
)

HELD_OUT = (("bccd", "test"), ("txl_pbc", "val"), ("txl_pbc", "test"))
"""Boxed sets and parts that no bundle is trained on. Chula is judged in folds, each fold by its own bundle."""
ZOOMS = (0.5, 0.7, 1.0, 1.4, 2.0)
NEAR = 2.0
"""Pixels: a labelled box that comes this near to the field's border is cut by it."""
DONATED = 200
"""Of PBC's held-out cells that are pasted."""


def measure(data: Path, bundle: Bundle, seed: int) -> Part:
    """Measure a bundle on everything that is held out.

    Args:
        data: folder of the labelled sets.
        bundle: of kind `locate-classify`.
        seed: of the mosaics.
    """
    parts = {f"{name} {part}": read_dataset(data, name, part) for name, part in HELD_OUT}
    found = {tested: detect(fields, bundle) for tested, fields in parts.items()}
    scenes = {
        "bccd": _scenes(parts["bccd test"]),
        "txl_pbc": _scenes([*parts["txl_pbc val"], *parts["txl_pbc test"]]),
    }
    singles = [field for field in read_dataset(data, "pbc", "val") if field.cells[0].name != "artefact"]
    chosen = np.random.default_rng(seed).permutation(len(singles))[:DONATED]
    cells = [scene(singles[index]) for index in chosen]
    return Part(
        tables=(
            held_out_table([detection_row(tested, fields) for tested, fields in found.items()]),
            hard_cells_table([field for fields in found.values() for field in fields]),
            magnification_table(scenes, bundle),
            mosaic_table(scenes, cells, bundle, seed),
        )
    )


def held_out_table(rows: Sequence[dict[str, Any]]) -> Table:
    """The table of rows from `detection_row`."""
    return Table(
        "Locating white cells on held-out fields",
        rows,
        (
            "Average precision at an intersection over union of 0.5, all points (PASCAL VOC 2010).",
            "Recall, with exact 95% limits over independent fields, and false cells are at the bundle's threshold.",
            "False cells a field: of the locator alone, and of those what the classifier does not name artefact.",
            "Four held-out fields of TXL-PBC have no boxed white cell and each shows one: found, it counts as false.",
        ),
    )


def hard_cells_table(found: Sequence[Detections]) -> Table:
    """Recall on cells that are cut or covered."""
    return Table(
        "Recall on held-out cells by their place",
        [
            recall_row("inside the field", found, lambda field, index: not at_border(field, index)),
            recall_row("touching the border", found, at_border),
            recall_row("overlapping another", found, overlapping),
        ],
        ("A cell touches the border where its labelled box ends within two pixels of it.",),
    )


def at_border(field: Detections, index: int) -> bool:
    """Whether the field's border cuts a labelled cell."""
    box, (width, height) = field.truth[index], field.size
    return min(box.xmin, box.ymin, width - box.xmax, height - box.ymax) <= NEAR


def overlapping(field: Detections, index: int) -> bool:
    """Whether a labelled cell's box has some of its area in common with another's."""
    box = field.truth[index]
    return any(box.shared(other) > 0 for other in field.truth if other is not box)


def magnification_table(scenes: dict[str, list[Scene]], bundle: Bundle) -> Table:
    """The same fields nearer and farther."""
    rows = []
    for name, wholes in scenes.items():
        for zoom in ZOOMS:
            for way, made in _ways(zoom):
                found = [
                    detect_in(*made(whole, zoom), bundle, str(number)) for number, whole in enumerate(wholes)
                ]
                row = detection_row(name, found)
                rows.append({"tested on": row.pop("tested on"), "magnification": zoom, "how": way, **row})
    return Table(
        "Locating at other magnifications",
        rows,
        ("Held-out fields that hold a labelled cell, resized; enlarging adds pixels and no detail.",),
    )


def _ways(zoom: float) -> Iterator[tuple[str, Callable[[Scene, float], Scene]]]:
    yield "whole field resized", enlarged
    if zoom < 1:
        yield "shrunk on a plain ground", seen_from_afar
    if zoom > 1:
        yield "window enlarged", closer


def mosaic_table(scenes: dict[str, list[Scene]], cells: Sequence[Scene], bundle: Bundle, seed: int) -> Table:
    """Many cells in a field, and large fields.

    Args:
        scenes: held-out fields by set; those of BCCD are the ground for other sets' cells too.
        cells: held-out single cells.
        bundle: to be measured.
        seed: of every choice.
    """
    random = np.random.default_rng(seed)
    rows = []
    for name, wholes in scenes.items():
        own = donors(wholes)
        fields = [pasted(ground, own, random) for ground in wholes]
        rows.append(_row(f"mosaic: {name} cells pasted into {name} fields", fields, len(wholes), bundle))
    foreign = donors(cells, usual_side(scenes["bccd"]) / usual_side(cells))
    fields = [pasted(ground, foreign, random) for ground in scenes["bccd"]]
    rows.append(_row("mosaic: pbc cells pasted into bccd fields", fields, len(scenes["bccd"]), bundle))
    for name, wholes in scenes.items():
        for side in (2, 3):
            blocks = [wholes[at : at + side**2] for at in range(0, len(wholes) - side**2 + 1, side**2)]
            fields = [tiled(block, side, side) for block in blocks]
            rows.append(_row(f"mosaic: {side} x {side} fields of {name}", fields, len(wholes), bundle))
        fields = list(largest_mosaics(wholes, LARGEST, random))
        rows.append(
            _row(f"mosaic: fields of {name} up to {LARGEST[0]} x {LARGEST[1]}", fields, len(wholes), bundle)
        )
    return Table(
        "Locating on mosaics",
        rows,
        (
            "Mosaics are no smears: two to eight held-out cells a field, some cut, some touching; or whole fields.",
            "The limits rest on the originals, not on the mosaics.",
            "PBC's cells are scaled to the usual size of BCCD's, and their boxes come from their outlines.",
        ),
    )


def usual_side(scenes: Sequence[Scene]) -> float:
    """Median of the longer sides of all cells, in pixels."""
    return float(np.median([box.longer for each in scenes for box in each.truth]))


def _scenes(fields: Sequence[LabelledField]) -> list[Scene]:
    """Fields that hold a labelled cell: one without may hold one that nobody labelled."""
    return [scene(field) for field in fields if field.cells]


def _row(tested: str, fields: Sequence[Scene], sources: int, bundle: Bundle) -> dict[str, Any]:
    found = [detect_in(*field, bundle, str(number)) for number, field in enumerate(fields)]
    width, height = fields[0].image.size
    row = detection_row(tested, found, sources)
    return {"tested on": row.pop("tested on"), "size": f"{width} x {height}", **row}
