"""From finished trainings to a bundle: calibrate on held-out data, convert, write the card, pack."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import numpy.typing as npt

from leukonet import classify, field
from leukonet.bundle import CLASSIFIER, FIELD, LOCATOR, Bundle, Kind
from leukonet.cells import CLASS_NAMES, PAPER_CLASSES
from leukonet.errors import DataError
from leukonet.labels import read_image
from leukonet.network import Network
from leukonet.pale import raise_cell
from leukonet.preprocessing import CANVAS, CONTEXT, PREPROCESSING
from leukonet.training import calibrate, cards, fit, networks, train_classifier, train_locator, train_paper
from leukonet.training.crops import Crops, read_crops
from leukonet.training.datasets import PAPER_PART, read_dataset
from leukonet.training.export import pack, to_int8
from leukonet.training.paper_pictures import read_pictures
from leukonet.views import on_canvas, pixels

CELL_THRESHOLD = 0.4
"""Least score of a located cell, chosen by `leukonet train threshold` on left-out sources: of 0.15 to 0.6 it has the
most cells right, less half a cell for each false one, over BCCD and Chula together, or two less than 0.35, by the
training (docs/benchmark.md; PBC is found alike by all to 0.45). A false cell is seen at review and taken away by a key;
a missed one is not seen. On Kaggle's training pictures, which the shipped bundle knows, it has the most right too
(93.1%)."""
PRIORS = {"neutrophil": 1.0, "immature_granulocyte": -1.0, "erythroblast": -1.0}
"""Added to these classes' logits: training draws all classes evenly, and on a smear the first are most and the others
rare. For the neutrophil chosen by `leukonet train priors`: the most that costs nothing on cells held out of training
(96.8% balanced with and without it), while on left-out sources it brings 0.3 to 2 points, and 10 to 13 more of a
hundred neutrophils. For the others on held-out pictures, where the network trained without Chula rose from 92.2% to
93.6%; -2 gave 93.0%."""
RAISED = 1.0
"""How far a pale stain is raised before the networks look: see `leukonet train pale`."""
VARIED = 3
"""Times that each validation crop is varied, as in training, for the temperature: a lab's microscope is another one. On
left-out sources probabilities are nearer to the truth so than by the crops as they are, and on what was held out hardly
further from it: see `leukonet train temperature`."""
COVERAGE = 0.97
"""Part of the validation cells on which the bundle commits itself."""


class Taught(NamedTuple):
    """A network as a bundle holds it, and what its manifest tells of it."""

    content: bytes
    """LiteRT, int8."""
    facts: dict[str, float]
    """Of a classifier: temperature and `unclassified_below`."""
    provenance: dict[str, Any]
    """Whose it is, its epochs, and of a classifier its sets and validation figures."""


def release_locate_classify(
    data: Path,
    runs: Path,
    out: Path,
    seed: int,
    without: Sequence[str] = (),
    locator: Bundle | None = None,
    classifier: Bundle | None = None,
) -> str:
    """Pack `runs/locator` and `runs/classifier`.

    Args:
        data: folder of the labelled sets.
        runs: of the finished trainings.
        out: folder of the bundle; its name becomes the bundle's.
        seed: of the trainings.
        without: sets that they left out.
        locator: a bundle of this kind whose locator is taken over as it is; None for the one of `runs`.
        classifier: a bundle of this kind whose classifier is taken over and calibrated anew; None for the one of
            `runs`.

    Returns:
        The bundle's identity.

    Raises:
        DataError: a training is not finished, or data are missing.
    """
    fit.prepare(seed, bfloat16=False)
    places = _locator_of(locator) if locator else _trained_locator(data, runs, out.name, seed, without)
    names = (
        _classifier_of(classifier, data, without)
        if classifier
        else _trained_classifier(data, runs, out.name, seed, without)
    )
    manifest = {
        "classes": CLASS_NAMES,
        "preprocessing": PREPROCESSING,
        "cell_threshold": CELL_THRESHOLD,
        "mirrored": True,
        "raised": RAISED,
        **names.facts,
        "provenance": {
            "seed": seed,
            "left_out": list(without),
            **places.provenance,
            **names.provenance,
        },
    }
    files = {LOCATOR: places.content, CLASSIFIER: names.content}
    return pack(out, Kind.LOCATE_CLASSIFY, files, manifest, cards.locate_classify(out.name, manifest))


def _locator_of(bundle: Bundle) -> Taught:
    """Another bundle's locator."""
    told = {"locator_of": bundle.name, "locator_epochs": bundle.provenance["locator_epochs"]}
    return Taught(bundle.networks[LOCATOR], {}, told)


def _classifier_of(bundle: Bundle, data: Path, without: Sequence[str]) -> Taught:
    """Another bundle's classifier, calibrated anew on the fields that were held out of its training."""
    seed = bundle.provenance["seed"]
    held = read_crops(train_classifier.sources(data, seed, without)[1], seed)
    network = classify.open_classifier(bundle.networks[CLASSIFIER], len(CLASS_NAMES))
    facts, figures = _calibrated_on(network, held)
    told = {name: bundle.provenance[name] for name in ("sets", "classifier_epochs")}
    return Taught(
        bundle.networks[CLASSIFIER], facts, {"classifier_of": bundle.name, **told, "validation": figures}
    )


def _trained_locator(data: Path, runs: Path, name: str, seed: int, without: Sequence[str]) -> Taught:
    """The locator of `runs`."""
    content = to_int8(_load(networks.locator(), runs / "locator"), _canvases(data, seed, without))
    epochs = len(fit.history(runs / "locator")["loss"])
    return Taught(content, {}, {"locator_of": name, "locator_epochs": epochs})


def _trained_classifier(data: Path, runs: Path, name: str, seed: int, without: Sequence[str]) -> Taught:
    """The classifier of `runs`, calibrated on fields that it was not trained on."""
    fields, held_fields = train_classifier.sources(data, seed, without)
    some = fields[:: max(1, len(fields) // 400)]
    held = read_crops(held_fields, seed)
    model = _with_priors(_load(networks.classifier(), runs / "classifier"))
    content = to_int8(model, train_classifier.plain(read_crops(some, seed)))
    facts, figures = _calibrated_on(classify.open_classifier(content, len(CLASS_NAMES)), held)
    exact = np.argmax(train_classifier.logits(model, _raised(train_classifier.plain(held))), axis=1)
    figures["float_accuracy"] = round(float((exact == held.classes).mean()), 4)
    provenance = {
        "sets": sorted({each.source for each in fields}),
        "classifier_of": name,
        "classifier_epochs": len(fit.history(runs / "classifier")["loss"]),
        "validation": figures,
    }
    return Taught(content, facts, provenance)


def _calibrated_on(network: Network, held: Crops) -> tuple[dict[str, float], dict[str, float]]:
    """Temperature, threshold and validation figures of a classifier, by crops that it was not trained on."""
    logits = answers(network, train_classifier.plain(held))
    return _calibrated(logits, held.classes, temperature(network, held))


def answers(network: Network, pictures: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Logits `(n, classes)` of crops `(n, CROP, CROP, 3)`, as a bundle that ships gives them."""
    return np.stack([classify.scores(network, picture, mirrored=True) for picture in _raised(pictures)])


def _raised(pictures: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Crops of `CONTEXT`, the stain of pale cells raised."""
    return np.stack([raise_cell(picture, 1 / CONTEXT, RAISED) for picture in pictures])


def temperature(network: Network, held: Crops) -> float:
    """The temperature of a bundle's classifier: that of its validation crops, each varied `VARIED` times."""
    strange = np.concatenate([answers(network, train_classifier.varied(held)) for _ in range(VARIED)])
    classes, weights = np.tile(held.classes, VARIED), np.tile(train_classifier.chances(held), VARIED)
    return calibrate.temperature(strange, classes, weights)


def release_field(data: Path, runs: Path, out: Path, seed: int) -> str:
    """Pack `runs/paper`: one answer for the whole image.

    Returns:
        The bundle's identity.

    Raises:
        DataError: the training is not finished, or data are missing.
    """
    fit.prepare(seed, bfloat16=False)
    read = read_pictures(read_dataset(data, "kaggle_augmented", PAPER_PART))
    pictures, classes = read.images, read.classes
    held, kept = train_paper.split(len(pictures), seed)
    model = _load(networks.paper(), runs / "paper")
    content = to_int8(_with_logits(model), pictures[kept])
    network = field.open_field(content, len(PAPER_CLASSES))
    logits = np.stack([network(picture) for picture in pictures[held]])
    heat = calibrate.temperature(logits, classes[held], np.ones(len(held)))
    facts, figures = _calibrated(logits, classes[held], heat)
    provenance = {
        "seed": seed,
        "sets": ["kaggle_augmented"],
        "epochs": len(fit.history(runs / "paper")["loss"]),
        "validation": figures,
    }
    manifest = {"classes": PAPER_CLASSES, "cell_threshold": 0.0, **facts, "provenance": provenance}
    return pack(out, Kind.FIELD, {FIELD: content}, manifest, cards.field(out.name, manifest))


def _calibrated(
    logits: npt.NDArray[np.float32], classes: npt.NDArray[np.int64], heat: float
) -> tuple[dict[str, float], dict[str, float]]:
    """Temperature and threshold, and the validation figures that they give."""
    facts = {
        "temperature": round(heat, 4),
        "unclassified_below": round(calibrate.commit_from(logits, heat, COVERAGE), 4),
    }
    figures = {
        "cells": len(classes),
        "accuracy": round(float((logits.argmax(axis=1) == classes).mean()), 4),
        "expected_calibration_error": round(calibrate.expected_error(logits, classes, heat), 4),
    }
    return facts, figures


def _load(model: keras.Model, run: Path) -> keras.Model:
    """Put a finished training's weights into a float32 network."""
    weights = run / fit.WEIGHTS
    if not weights.is_file():
        raise DataError(f"{weights}: no finished training here; run `leukonet train {run.name} --out {run}`")
    model.load_weights(weights)
    return model


def _with_priors(model: keras.Model) -> keras.Model:
    """The classifier with `PRIORS` in its last bias."""
    last = model.get_layer("classes")
    last.bias.assign(last.bias + np.array([PRIORS.get(name, 0.0) for name in CLASS_NAMES], np.float32))
    return model


def _with_logits(model: keras.Model) -> keras.Model:
    """The paper's network without its softmax: calibration needs the logits."""
    last = model.layers[-1]
    last.activation = keras.activations.linear
    return keras.Model(model.inputs, last(model.layers[-2].output))


def _canvases(data: Path, seed: int, without: Sequence[str]) -> npt.NDArray[np.uint8]:
    """A few hundred training fields as the locator sees them."""
    fields, _ = train_locator.sources(data, seed, without)
    chosen = np.random.default_rng(seed).permutation(len(fields))[:300]
    canvases = np.empty((len(chosen), CANVAS, CANVAS, 3), np.uint8)
    for row, index in enumerate(chosen):
        canvases[row] = pixels(on_canvas(read_image(fields[index])).image)
    return canvases
