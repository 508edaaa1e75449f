"""How well white cells are found, whatever their class: average precision, recall, false cells per field."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from leukonet.analysis import open_networks
from leukonet.bundle import Bundle
from leukonet.classify import name_at
from leukonet.errors import DataError
from leukonet.labels import LabelledField, read_image
from leukonet.result import Box
from leukonet.tiles import locate_field
from leukonet.training.benchmark.record import limits
from leukonet.views import on_canvas

LEAST_OVERLAP = 0.5
"""Intersection over union from which a located cell is the labelled one, as PASCAL VOC has it."""
EVERYTHING = 0.01
"""Score down to which places are collected: a curve needs the doubtful ones too."""


@dataclass(frozen=True, slots=True)
class Found:
    """A place that the locator gives."""

    box: Box
    score: float
    artefact: bool = False
    """Whether the classifier names it artefact, so that it is never counted; only asked from the threshold on."""


@dataclass(frozen=True, slots=True)
class Detections:
    """One field: what is true, and what was found."""

    truth: tuple[Box, ...]
    found: tuple[Found, ...]
    """From the most certain to the least."""
    threshold: float
    """From this score on the bundle counts a place as a cell."""
    group: str
    """Independent source of the field."""
    size: tuple[int, int]
    """Width and height of the field in pixels."""

    def matches(self, threshold: float = 0.0) -> list[int | None]:
        """For each place from a score on, the index of its labelled cell, or None where there is none left.

        As in PASCAL VOC each place, the most certain first, is compared with the labelled cell that it overlaps
        most; a second place on the same cell is false.
        """
        taken: set[int] = set()
        partners: list[int | None] = []
        for place in self.found:
            if place.score < threshold:
                break
            overlap, index = max(
                ((box.overlap(place.box), -row) for row, box in enumerate(self.truth)), default=(0.0, 0)
            )
            partners.append(-index if overlap >= LEAST_OVERLAP and -index not in taken else None)
            taken.update(partner for partner in partners[-1:] if partner is not None)
        return partners

    @property
    def recalled(self) -> set[int]:
        """Labelled cells that the bundle finds, by index."""
        return {partner for partner in self.matches(self.threshold) if partner is not None}

    @property
    def false(self) -> int:
        """Cells that the locator alone would report and nobody labelled."""
        return self.matches(self.threshold).count(None)

    @property
    def false_named(self) -> int:
        """The same without those that the classifier names artefact."""
        partners = self.matches(self.threshold)
        return sum(
            not place.artefact
            for place, partner in zip(self.found, partners, strict=False)
            if partner is None
        )


def detect(fields: Sequence[LabelledField], bundle: Bundle) -> list[Detections]:
    """Locate in labelled fields whose cells are boxed.

    Args:
        fields: of sets that box every white cell.
        bundle: of kind `locate-classify`.

    Raises:
        DataError: a file is missing or is no image, or a cell has no box.
    """
    found = []
    for labelled in fields:
        image, truth = read_field(labelled)
        found.append(detect_in(image, truth, bundle, f"{labelled.source}/{labelled.group}"))
    return found


def read_field(labelled: LabelledField) -> tuple[Image.Image, tuple[Box, ...]]:
    """An image and the boxes of its white cells, as drawn by a person.

    Raises:
        DataError: the file is missing or is no image, or a cell has no box.
    """
    boxes = tuple(cell.box for cell in labelled.cells if cell.box)
    if len(boxes) < len(labelled.cells):
        raise DataError(f"{labelled.path}: a cell without a box; locating is judged on boxed cells")
    return read_image(labelled), boxes


def detect_in(image: Image.Image, truth: Sequence[Box], bundle: Bundle, group: str) -> Detections:
    """Locate in one image as the analysis does, but keep the doubtful places too."""
    locator, classifier = open_networks(bundle)
    canvas = on_canvas(image)
    found = []
    for box, score in locate_field(locator, canvas, image, EVERYTHING):
        artefact = False
        if score >= bundle.cell_threshold:
            artefact = name_at(bundle, classifier, image, canvas.light, box, score).first == "artefact"
        found.append(Found(box, score, artefact))
    return Detections(tuple(truth), tuple(found), bundle.cell_threshold, group, image.size)


def average_precision(detections: Sequence[Detections]) -> float | None:
    """Area under precision over recall, all points, precision made monotonic.

    After Everingham et al., The PASCAL Visual Object Classes Challenge: A Retrospective, IJCV 111 (2015), and its
    development kit of 2010, which gave up the eleven points. None where nothing is labelled.
    """
    labelled = sum(len(field.truth) for field in detections)
    if not labelled:
        return None
    ranked = sorted(
        (
            (-place.score, partner is not None)  # of places that tie the false ones come first
            for field in detections
            for place, partner in zip(field.found, field.matches(), strict=True)
        ),
    )
    right = np.cumsum([is_cell for _, is_cell in ranked])
    recall = np.concatenate([[0.0], right / labelled])
    precision = right / np.arange(1, len(right) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(recall) * envelope))


def detection_row(
    tested: str, detections: Sequence[Detections], sources: int | None = None
) -> dict[str, Any]:
    """The row that every table of locating has.

    Args:
        tested: on what, in a few words.
        detections: of all fields, those without a white cell too.
        sources: independent ones on which the limits of recall rest, where they are not the groups of the fields that
            hold cells: several mosaics are made of the same originals.
    """
    labelled = sum(len(field.truth) for field in detections)
    found = sum(len(field.recalled) for field in detections)
    independent = sources or len({field.group for field in detections if field.truth})
    low, high = limits(found / labelled, independent) if labelled else (None, None)
    return {
        "tested on": tested,
        "fields": len(detections),
        "cells": labelled,
        "sources": independent,
        "average precision": average_precision(detections),
        "recall": found / labelled if labelled else None,
        "low": low,
        "high": high,
        "false a field, located": sum(field.false for field in detections) / len(detections),
        "false a field, named": sum(field.false_named for field in detections) / len(detections),
    }


def recall_row(
    tested: str, detections: Sequence[Detections], wanted: Callable[[Detections, int], bool]
) -> dict[str, Any]:
    """Recall on some of the labelled cells alone: those of which `wanted(field, index)` holds."""
    chosen = [
        (field, index) for field in detections for index in range(len(field.truth)) if wanted(field, index)
    ]
    found = sum(index in field.recalled for field, index in chosen)
    sources = len({field.group for field, _ in chosen})
    low, high = limits(found / len(chosen), sources) if chosen else (None, None)
    return {
        "cells": tested,
        "labelled": len(chosen),
        "sources": sources,
        "found": found,
        "recall": found / len(chosen) if chosen else None,
        "low": low,
        "high": high,
    }
