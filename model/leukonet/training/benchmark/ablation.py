"""What each ingredient of the classifier's recipe gives on a source that was left out: short trainings, true boxes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from leukonet.cells import CLASS_NAMES
from leukonet.labels import LabelledField
from leukonet.light import even_light
from leukonet.training import train_classifier
from leukonet.training.benchmark.record import Part, Table
from leukonet.training.benchmark.unseen import SETS
from leukonet.training.crops import Crops, read_crops
from leukonet.training.datasets import read_dataset
from leukonet.training.train_classifier import SHIPPED, Recipe

RECIPES = {
    "the recipe": SHIPPED,
    "one background colour a field, not a surface": Recipe(light=even_light),
    "no crops paled": Recipe(faintest=1.0),
    "no crops paled, every stain evened by the nucleus": Recipe(faintest=1.0, evened=True),
    "no variation of stain, light and optics": Recipe(stain=0.0),
    "a third more variation of them": Recipe(stain=1.15),
    "crops of true size and place": Recipe(jitter=0.0),
    "every crop drawn alike": Recipe(balanced=False),
    "last weights, not averaged": Recipe(averaged=False),
}
"""By what is changed."""
MOST = 1500
"""Fields of a left-out source that are judged, drawn evenly."""


def measure(data: Path, runs: Path, *, epochs: int, seed: int) -> Part:
    """Train each recipe without each source, and judge it on the source's true boxes.

    Args:
        data: folder of the labelled sets.
        runs: gets `ablation/SET/NUMBER`; what is trained is not trained again.
        epochs: of each training, of 100 batches.
        seed: of every random choice.
    """
    scores: dict[str, dict[str, float]] = {change: {} for change in RECIPES}
    for name in SETS:
        fields, held = train_classifier.sources(data, seed, (name,))
        judged = _thinned(read_dataset(data, name))
        for number, (change, recipe) in enumerate(RECIPES.items()):
            crops, watched = (
                read_crops(part, seed, recipe.light, evened=recipe.evened) for part in (fields, held)
            )
            out = runs / "ablation" / name / str(number)
            model = train_classifier.train(crops, watched, out, epochs=epochs, seed=seed, recipe=recipe)
            truth = read_crops(judged, seed, recipe.light, evened=recipe.evened)
            named = np.argmax(model.predict(train_classifier.plain(truth), batch_size=128, verbose=0), axis=1)
            scores[change][name] = balanced(truth, named, np.unique(crops.classes))
    rows: list[dict[str, Any]] = [
        {"change": change, **{f"recall, {name}": told[name] for name in SETS}, "recall, mean": _mean(told)}
        for change, told in scores.items()
    ]
    notes = [
        f"Balanced recall over the classes that the trained sources hold too; at most {MOST} fields of each source.",
        f"Each training has {epochs * 100} batches of 64: shorter than what ships.",
    ]
    return Part([Table("Ingredients, each source left out", rows, notes)])


def balanced(truth: Crops, named: np.ndarray, known: np.ndarray) -> float:
    """Mean recall over the cells' classes that are known; artefacts are not judged here.

    Args:
        truth: crops with their classes.
        named: `(n,)` index of the answer to each.
        known: indices of the classes that were trained on.
    """
    classes = [k for k in np.unique(truth.classes) if k in known and CLASS_NAMES[k] != "artefact"]
    return float(np.mean([(named[truth.classes == k] == k).mean() for k in classes]))


def _thinned(fields: Sequence[LabelledField]) -> Sequence[LabelledField]:
    return fields[:: max(1, len(fields) // MOST)]


def _mean(told: dict[str, float]) -> float:
    return sum(told.values()) / len(told)
