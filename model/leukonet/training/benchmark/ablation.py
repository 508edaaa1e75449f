"""What each ingredient of the classifier's recipe gives on a source that was left out, in its cells' true boxes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from leukonet.cells import CLASS_NAMES
from leukonet.colour import Pixels
from leukonet.labels import LabelledField
from leukonet.light import Light, even_light
from leukonet.training import train_classifier
from leukonet.training.benchmark.record import Part, Table
from leukonet.training.benchmark.unseen import SETS
from leukonet.training.crops import Crops, read_crops
from leukonet.training.datasets import read_dataset
from leukonet.training.train_classifier import SHIPPED, Recipe

SMEAR_5 = Recipe(as_published=True, stain=0.85, faintest=0.2, sharpened=False)
"""The recipe from which ingredients were taken away in short trainings; longer ones changed it (`LONGER`)."""
SMEAR_6 = replace(SHIPPED, stain=0.85, sharpened=False)
"""The recipe of smear-6 and smear-7."""


@dataclass(frozen=True, slots=True)
class Change:
    """One row: a recipe, and how it is judged."""

    name: str
    """Of the folder of its trainings; changes that judge the same trainings otherwise share it."""
    told: str
    """In the table."""
    recipe: Recipe = SMEAR_5
    mirrored: bool = True
    """Judged by the mean of four mirror images; else by the crop alone."""
    seeds: tuple[int, ...] = (0,)
    """Added to the part's seed: one training each. The mean of their logits is judged."""


WHOLE = Change("whole", "the recipe of smear-5")
UNPALED = Change("unpaled", "no crops paled", replace(SMEAR_5, faintest=1.0))
TAKEN = (
    WHOLE,
    Change("whole", "the same, a second seed", seeds=(1,)),
    Change("whole", "the mean of the two, which one taught by them would strive for", seeds=(0, 1)),
    Change("whole", "judged by the crop alone, not by four mirror images", mirrored=False),
    UNPALED,
    Change("unstained", "no variation of stain, light and optics", replace(SMEAR_5, stain=0.0)),
    Change("exact", "crops of true size and place", replace(SMEAR_5, jitter=0.0)),
    Change("alike", "every crop drawn alike", replace(SMEAR_5, balanced=False)),
    Change("last", "last weights, not averaged", replace(SMEAR_5, averaged=False)),
    Change("even", "one background colour a field, not a surface", replace(SMEAR_5, light=even_light)),
)
"""The recipe by two seeds, and each of its ingredients taken away."""
TRIED = (
    WHOLE,
    Change("coarsened", "whole batches scaled down, no crop compressed", replace(SMEAR_5, compressed=False)),
    Change("wide", "a view of two and a half times the cell", replace(SMEAR_5, context=2.5)),
    Change("greyed", "half of the crops drawn towards grey", replace(SMEAR_5, greyed=0.5)),
    Change("mixed", "styles mixed within the batch", replace(SMEAR_5, mixed=True)),
    Change(
        "roughened", "half of the batches roughened by random convolutions", replace(SMEAR_5, roughened=0.5)
    ),
    Change("stained", "a third more variation of stain, light and optics", replace(SMEAR_5, stain=1.15)),
)
"""The recipe, and what was tried beside it and does not ship."""
LONGER = (
    WHOLE,
    UNPALED,
    Change("undoubted", "nor names of BCCD's shown that we doubt: the recipe of smear-6", SMEAR_6),
    Change("undoubted", "the same, judged by the crop alone", SMEAR_6, mirrored=False),
    Change(
        "shipped", "a third more variation, and every second crop sharpened: the recipe that ships", SHIPPED
    ),
)
"""What short trainings could not settle."""
MOST = 1500
"""Of a left-out source of many fields, every so many that about this number is left is judged."""


def measure(
    data: Path,
    runs: Path,
    title: str,
    changes: Sequence[Change],
    *,
    epochs: int,
    seed: int,
    sets: Sequence[str] = SETS,
) -> Part:
    """Train each recipe without each source, and judge it on the source's true boxes.

    Args:
        data: folder of the labelled sets.
        runs: gets `ablation-EPOCHS/SET/CHANGE-SEED`; what is trained is not trained again.
        title: of the table.
        changes: `TAKEN`, `TRIED` or `LONGER`.
        epochs: of each training, of 100 batches.
        seed: of every random choice.
        sets: that are left out, one at a time.
    """
    scores: dict[str, dict[str, float]] = {change.told: {} for change in changes}
    for name in sets:
        for change in changes:
            scores[change.told][name] = score(data, runs, name, change, epochs=epochs, seed=seed)
    rows: list[dict[str, Any]] = [
        {
            "change": change,
            **{f"recall, {name}": share for name, share in told.items()},
            "recall, mean": sum(told.values()) / len(told),
        }
        for change, told in scores.items()
    ]
    notes = [
        "Balanced recall over the classes that the trained sources hold too.",
        f"Of a source of many fields, every so many that about {MOST} are left.",
        f"Each training has {epochs * 100:,} batches of 64: shorter than what ships.",
    ]
    return Part([Table(title, rows, notes)])


def score(data: Path, runs: Path, name: str, change: Change, *, epochs: int, seed: int) -> float:
    """Balanced recall on a set by trainings without it.

    Args:
        data: folder of the labelled sets.
        runs: gets `ablation-EPOCHS/NAME/CHANGE-SEED` for each training.
        name: the set that is left out.
        change: of the recipe.
        epochs: of 100 batches.
        seed: of every random choice.
    """
    recipe = change.recipe
    cut = _Cut(recipe.as_published, recipe.light, recipe.context)
    crops, watched, judged = _crops(data, name, seed, cut)
    pictures, logits = train_classifier.plain(judged), []
    for more in change.seeds:
        out = runs / f"ablation-{epochs}" / name / f"{change.name}-{seed + more}"
        model = train_classifier.train(crops, watched, out, epochs=epochs, seed=seed + more, recipe=recipe)
        logits.append(train_classifier.logits(model, pictures, mirrored=change.mirrored))
    return balanced(judged, np.argmax(np.mean(logits, axis=0), axis=1), np.unique(crops.classes))


class _Cut(NamedTuple):
    """What of a recipe the crops themselves depend on."""

    as_published: bool
    light: Callable[[Pixels], Light]
    context: float


@lru_cache(maxsize=1)
def _crops(data: Path, name: str, seed: int, cut: _Cut) -> tuple[Crops, Crops, Crops]:
    """Crops to train on, to watch and to judge; most changes have the same, and cutting them takes minutes."""
    fields, held = train_classifier.sources(data, seed, (name,), as_published=cut.as_published)
    judged = _thinned(read_dataset(data, name))
    crops, watched, truth = (
        read_crops(part, seed, cut.light, context=cut.context) for part in (fields, held, judged)
    )
    return crops, watched, truth


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
