"""How much of the shipped classifier's figures is luck: trained again by other seeds, and judged as it is."""

from pathlib import Path

from leukonet.bundle import Bundle, load_bundle
from leukonet.training import train_classifier
from leukonet.training.benchmark.production import judge
from leukonet.training.benchmark.record import Part, Table
from leukonet.training.release import release_locate_classify

MORE = (1, 2)
"""Added to the shipped bundle's seed: one training each."""


def measure(data: Path, runs: Path, bundle: Bundle) -> Part:
    """Train the classifier again by the other seeds, as long as the bundle's, and judge all three beside its locator.

    Args:
        data: folder of the labelled sets.
        runs: gets `seed-SEED/classifier` and `seed-SEED/bundle`; what is trained is not trained again.
        bundle: that ships.

    Raises:
        DataError: data are missing.
    """
    first, epochs = bundle.provenance["seed"], bundle.provenance["classifier_epochs"]
    rows, _ = judge(data, bundle, f"{bundle.name}, seed {first}")
    for seed in (first + more for more in MORE):
        run = runs / f"seed-{seed}"
        train_classifier.train_on(data, run / "classifier", epochs=epochs, seed=seed)
        release_locate_classify(data, run, run / "bundle", seed, locator=bundle)
        rows += judge(data, load_bundle(run / "bundle"), f"seed {seed}")[0]
    rows.sort(key=lambda row: str(row["tested on"]))
    notes = [
        f"Each classifier has {epochs * 100:,} batches of 64, and the locator of {bundle.name}.",
        "The seed draws the pictures held out of training as well as the weights and every batch.",
    ]
    return Part([Table("The classifier that ships, by three seeds", rows, notes)])
