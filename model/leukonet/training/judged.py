"""Puts a packed bundle's figures on test data into its manifest and card; they decide nothing."""

import json
from pathlib import Path
from typing import Any

from leukonet.bundle import MANIFEST, load_bundle
from leukonet.errors import DataError
from leukonet.training import cards
from leukonet.training.datasets import read_dataset
from leukonet.training.evaluate import evaluate
from leukonet.training.export import pack

TEST_PARTS = (
    ("bccd", "test"),
    ("kaggle_augmented", "test"),
    ("kaggle_augmented", "paper_test_213"),
    ("pbc", "val"),
)
"""Sets and parts that every bundle is judged on, where they are at hand."""
TOLD = ("n", "accuracy", "balanced_accuracy", "missed", "false_cells", "unclassified")
"""Figures of `Tally.figures` that a card tells."""
OF_PACK = ("format", "name", "kind", "use", "files")
"""Keys of a manifest that packing writes."""


def add_test_figures(folder: Path, data: Path, folds: Path | None = None) -> str:
    """Judge a bundle and pack it anew with what came out.

    Args:
        folder: of the bundle.
        data: folder of the labelled sets; a set that is not there is left out.
        folds: `figures.json` of `leukonet folds`, which judges the recipe on Chula.

    Returns:
        The bundle's new identity.
    """
    bundle = load_bundle(folder)
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
    facts = {key: value for key, value in manifest.items() if key not in OF_PACK}
    told = {}
    for name, part in TEST_PARTS:
        try:
            fields = read_dataset(data, name, part)
        except DataError:
            continue
        told[f"{name} {part}"] = _short(evaluate(fields, bundle).figures())
    if folds and folds.is_file():
        told["chula in folds by slide, other networks of this recipe"] = _short(
            json.loads(folds.read_text())["together"]
        )
    facts["provenance"]["test"] = told
    return pack(
        folder, bundle.kind, dict(bundle.networks), facts, cards.CARDS[bundle.kind](bundle.name, facts)
    )


def _short(figures: dict[str, Any]) -> dict[str, float]:
    return {key: round(figures[key], 4) for key in TOLD}
