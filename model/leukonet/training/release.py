"""From finished trainings to a bundle: calibrate on held-out data, convert, write the card, pack."""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
from PIL import Image

from leukonet import classify, field, locate
from leukonet.bundle import Bundle, Kind
from leukonet.cells import CLASS_NAMES, PAPER_CLASSES
from leukonet.errors import DataError
from leukonet.training import calibrate, cards, fit, networks, train_classifier, train_locator, train_paper
from leukonet.training.crops import read_crops
from leukonet.training.datasets import read_dataset
from leukonet.training.export import pack, to_int8
from leukonet.training.paper_pictures import read_pictures
from leukonet.views import CANVAS, PREPROCESSING, on_canvas, pixels

CELL_THRESHOLD = 0.45
"""Least score of a located cell. `leukonet train threshold` on training pictures: 91.6% of Kaggle's and of BCCD's cells
right end to end with 1 missed each, 97.2% of Chula's; at 0.35 87.2% of Kaggle's, at 0.6 13, 15 and 36 are missed."""
RARER = {"immature_granulocyte": -1.0, "erythroblast": -1.0}
"""Added to these classes' logits: training draws all classes evenly, and on a smear these are rare. Chosen on
held-out validation pictures, where the network trained without Chula rose from 92.2% to 93.6%; -2 gave 93.0%."""
COVERAGE = 0.97
"""Part of the validation cells on which the bundle commits itself."""


def release_locate_classify(
    data: Path, runs: Path, out: Path, seed: int, without: Sequence[str] = (), locator: Bundle | None = None
) -> str:
    """Pack `runs/locator` and `runs/classifier`.

    Args:
        data: folder of the labelled sets.
        runs: of the finished trainings.
        out: folder of the bundle; its name becomes the bundle's.
        seed: of the trainings.
        without: sets that they left out.
        locator: a bundle whose locator is taken over as it is; None for the one of `runs`.

    Returns:
        The bundle's identity.

    Raises:
        DataError: a training is not finished, data are missing, or the other bundle has no locator.
    """
    fit.prepare(seed, bfloat16=False)
    fields, held_fields = train_classifier.sources(data, seed, without)
    some = fields[:: max(1, len(fields) // 400)]
    held = read_crops(held_fields, seed)
    places, epochs = _locator_of(locator) if locator else _trained_locator(data, runs, seed, without)
    model = _with_priors(_load(networks.classifier(), runs / "classifier"))
    classifier = to_int8(model, train_classifier.plain(read_crops(some, seed)))
    network = classify.open_classifier(classifier, len(CLASS_NAMES))
    pictures = train_classifier.plain(held)
    logits = np.stack([classify.scores(network, picture, mirrored=True) for picture in pictures])
    facts, figures = _calibrated(logits, held.classes, train_classifier.chances(held))
    exact = np.argmax(train_classifier.logits(model, pictures), axis=1)
    figures["float_accuracy"] = round(float((exact == held.classes).mean()), 4)
    provenance = {
        "seed": seed,
        "left_out": list(without),
        "sets": sorted({each.source for each in fields}),
        "locator_of": locator.name if locator else out.name,
        "locator_epochs": epochs,
        "classifier_epochs": len(fit.history(runs / "classifier")["loss"]),
        "validation": figures,
    }
    files = {locate.FILE: places, classify.FILE: classifier}
    manifest = {
        "classes": CLASS_NAMES,
        "preprocessing": PREPROCESSING,
        "cell_threshold": CELL_THRESHOLD,
        "mirrored": True,
        **facts,
        "provenance": provenance,
    }
    return pack(out, Kind.LOCATE_CLASSIFY, files, manifest, cards.locate_classify(out.name, manifest))


def _locator_of(bundle: Bundle) -> tuple[bytes, int]:
    """Another bundle's locator, and the epochs that it was trained for."""
    if locate.FILE not in bundle.networks:
        raise DataError(f"bundle {bundle.name} is of kind {bundle.kind}: it has no locator to take over")
    return bundle.networks[locate.FILE], int(bundle.provenance["locator_epochs"])


def _trained_locator(data: Path, runs: Path, seed: int, without: Sequence[str]) -> tuple[bytes, int]:
    """The locator of `runs`, and the epochs that it was trained for."""
    model = _load(networks.locator(), runs / "locator")
    return to_int8(model, _canvases(data, seed, without)), len(fit.history(runs / "locator")["loss"])


def release_field(data: Path, runs: Path, out: Path, seed: int) -> str:
    """Pack `runs/paper`: one answer for the whole image.

    Returns:
        The bundle's identity.

    Raises:
        DataError: the training is not finished, or data are missing.
    """
    fit.prepare(seed, bfloat16=False)
    read = read_pictures(read_dataset(data, "kaggle_augmented", "train_400_per_class"))
    pictures, classes = read.images, read.classes
    held, kept = train_paper.split(len(pictures), seed)
    model = _load(networks.paper(), runs / "paper")
    content = to_int8(_with_logits(model), pictures[kept])
    network = field.open_field(content, len(PAPER_CLASSES))
    logits = np.stack([network(picture) for picture in pictures[held]])
    facts, figures = _calibrated(logits, classes[held], np.ones(len(held)))
    provenance = {
        "seed": seed,
        "sets": ["kaggle_augmented"],
        "epochs": len(fit.history(runs / "paper")["loss"]),
        "validation": figures,
    }
    manifest = {"classes": PAPER_CLASSES, "cell_threshold": 0.0, **facts, "provenance": provenance}
    return pack(out, Kind.FIELD, {field.FILE: content}, manifest, cards.field(out.name, manifest))


def _calibrated(
    logits: npt.NDArray[np.float32], classes: npt.NDArray[np.int64], weights: npt.NDArray[np.float64]
) -> tuple[dict[str, float], dict[str, float]]:
    """Temperature and threshold, and the validation figures that they give."""
    heat = calibrate.temperature(logits, classes, weights)
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
    """The classifier with `RARER` in its last bias."""
    last = model.get_layer("classes")
    last.bias.assign(last.bias + np.array([RARER.get(name, 0.0) for name in CLASS_NAMES], np.float32))
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
        with Image.open(fields[index].path) as opened:
            canvases[row] = pixels(on_canvas(opened.convert("RGB")).image)
    return canvases
