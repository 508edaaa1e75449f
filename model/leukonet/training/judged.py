"""Puts a packed bundle's figures on test data into its manifest and card; they decide nothing."""

import json
from pathlib import Path
from typing import Any

from leukonet.bundle import MANIFEST, load_bundle
from leukonet.errors import DataError
from leukonet.training import cards
from leukonet.training.benchmark.report import read_parts
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
RECIPE_PARTS = ("unseen", "bccd-folds", "chula-folds")
"""Parts of the benchmark that judge the recipe, not the bundle."""
TOLD_OF_RECIPE = ("cells", "accuracy", "low", "high", "balanced", "missed")
OF_PACK = ("format", "name", "kind", "use", "files")
"""Keys of a manifest that packing writes."""


def add_test_figures(folder: Path, data: Path, benchmark: Path | None = None) -> str:
    """Judge a bundle and pack it anew with what came out.

    Args:
        folder: of the bundle.
        data: folder of the labelled sets; a set that is not there is left out.
        benchmark: folder of the benchmark's parts, which judge the recipe by other networks, in folds and with a
            source left out; None to tell of none.

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
    facts["provenance"]["test"] = told
    facts["provenance"]["recipe"] = _of_recipe(benchmark) if benchmark else {}
    return pack(
        folder, bundle.kind, dict(bundle.networks), facts, cards.CARDS[bundle.kind](bundle.name, facts)
    )


def _of_recipe(benchmark: Path) -> dict[str, dict[str, Any]]:
    """Rows of the benchmark that other networks of the same recipe gave."""
    return {
        f"{row['tested on']}, {row['model']}": {key: row[key] for key in TOLD_OF_RECIPE}
        for written in read_parts(benchmark)
        if written.name in RECIPE_PARTS
        for table in written.part.tables
        for row in table.rows
        if "model" in row  # the others tell of locating alone
    }


def _short(figures: dict[str, Any]) -> dict[str, float]:
    return {key: round(figures[key], 4) for key in TOLD}
