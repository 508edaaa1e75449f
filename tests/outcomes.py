"""Files taken and what became of them, made by hand for the ledger."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from leukonet.result import Box, Cell, FieldResult
from leukowatch.store.ledger import BundleRef
from leukowatch.store.outcome import Outcome, Received

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)

BUNDLE = BundleRef("current", "b" * 64, "locate-classify")


def cell(first="neutrophil", *, unclassified=False, **changes) -> Cell:
    """A cell that counts where its class does."""
    counts = not unclassified and first not in {"erythroblast", "immature_granulocyte", "artefact"}
    values = {
        "box": Box(1, 2, 30, 40), "score": 0.9, "unclassified": unclassified, "counts": counts,
        "first": first, "first_probability": 0.8, "second": "monocyte", "second_probability": 0.1,
    }  # fmt: skip
    return Cell(**(values | changes))


def result(*cells, **changes) -> FieldResult:
    """An analysis of a field of 640 x 480 pixels."""
    values = {"width": 640, "height": 480, "assessable": True, "reason": "", "cells": cells,
              "bundle": BUNDLE.name, "bundle_sha256": BUNDLE.sha256,
              "timings": {"decode": 1.0, "locate": 2.0, "classify": 3.0}}  # fmt: skip
    return FieldResult(**(values | changes))


def received(path: str, content: str, inode: int, *, unassigned=False) -> Received:
    """A file taken: its folder is its slide."""
    return Received(
        relative=path.encode(), printable=path, slide=str(Path(path).parent), unassigned=unassigned,
        sha256=hashlib.sha256(content.encode()).hexdigest(), size=len(content), device=2**64 - 1,
        inode=inode, mtime_ns=2**70, received_at=NOON,
    )  # fmt: skip


def counted(path: str, content: str, inode: int = 1) -> Outcome:
    """A field with one neutrophil."""
    return Outcome(received(path, content, inode), result(cell()))


def refused(path: str, content: str, inode: int = 1) -> Outcome:
    """A file that is no image."""
    return Outcome(received(path, content, inode), None, "truncated", "the image's end is missing")
