"""The parts of the benchmark by name, each with what it needs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from leukonet.bundle import load_bundle, load_locating
from leukonet.errors import DataError
from leukonet.training.benchmark import (
    ablation,
    close_ups,
    folds,
    locating,
    paper,
    production,
    rivals,
    seeds,
    smears,
    unseen,
)
from leukonet.training.benchmark.record import Part

EPOCHS = {"locator": 12, "classifier": 106, "ablation": 4, "longer": 24, "paper": 96}
"""Of 100 batches each, but for the paper's network: passes over its pictures. A left-out classifier is trained for four
fifths as long as the one that ships."""
FOLD_EPOCHS = {"locator": 4, "classifier": 8}
"""Of each fold's networks, which go on from finished ones: errors are of naming far more than of locating."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What every part is given."""

    data: Path
    """Folder of the labelled sets."""
    runs: Path
    """Folder of the trainings; what is trained there is not trained again."""
    bundle: str
    """Name of the production bundle, or its folder."""
    seed: int
    """Of every random choice."""


def _folds(setting: Setting, name: str) -> Part:
    return folds.measure(
        setting.data,
        name,
        setting.runs / f"without-{name}",
        setting.runs / f"folds-{name}",
        epochs=FOLD_EPOCHS,
        seed=setting.seed,
    )


def _ablation(
    setting: Setting,
    title: str,
    changes: Sequence[ablation.Change],
    epochs: int = EPOCHS["ablation"],
    sets: Sequence[str] = unseen.SETS,
) -> Part:
    return ablation.measure(
        setting.data, setting.runs, title, changes, epochs=epochs, seed=setting.seed, sets=sets
    )


PARTS: dict[str, Callable[[Setting], Part]] = {
    "production": lambda setting: production.measure(setting.data, load_bundle(setting.bundle)),
    "seeds": lambda setting: seeds.measure(setting.data, setting.runs, load_locating(setting.bundle)),
    "unseen": lambda setting: unseen.measure(setting.data, setting.runs, epochs=EPOCHS, seed=setting.seed),
    "bccd-folds": lambda setting: _folds(setting, "bccd"),
    "chula-folds": lambda setting: _folds(setting, "chula"),
    "locating": lambda setting: locating.measure(setting.data, load_locating(setting.bundle), setting.seed),
    "close-ups": lambda setting: close_ups.measure(setting.data, load_locating(setting.bundle)),
    "smears": lambda setting: smears.measure(setting.data, load_bundle(setting.bundle)),
    "ablation": lambda setting: _ablation(
        setting, "Ingredients taken away, each source left out", ablation.TAKEN
    ),
    "tried": lambda setting: _ablation(
        setting, "Tried beside the recipe, each source left out", ablation.TRIED
    ),
    "longer": lambda setting: _ablation(
        setting, "What short trainings could not settle", ablation.LONGER, EPOCHS["longer"], ("chula", "pbc")
    ),
    "rivals": lambda setting: rivals.measure(setting.data, setting.seed),
    "paper": lambda setting: paper.measure(
        setting.data,
        setting.runs,
        load_locating(setting.bundle),
        epochs=EPOCHS["paper"],
        seed=setting.seed,
    ),
}
"""In the report's order."""


def measure(name: str, setting: Setting) -> Part:
    """Run one part.

    Raises:
        DataError: there is no such part, or its data are missing.
    """
    if name not in PARTS:
        raise DataError(f"no part {name!r} of the benchmark; known: {', '.join(PARTS)}")
    return PARTS[name](setting)
