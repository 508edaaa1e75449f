"""How long a batch of 64 takes in the classifier's training: to be varied, and to be learned from.

Rival: the same network with Keras's own batch normalisation.
Run: `python bench/training.py [--runs 30]`, pinned to one core by itself; needs the `train` extra.
"""

import argparse
import os
import time
from collections.abc import Callable

os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["TF_NUM_INTEROP_THREADS"] = "1"

import keras
import numpy as np
import tensorflow as tf
from service import told

from leukonet.cells import CLASS_NAMES
from leukonet.preprocessing import CROP
from leukonet.training import fit, networks, train_classifier
from leukonet.training.crops import KEPT
from leukonet.training.normalising import BatchNormalization

BATCH = 64
WARM = 3
"""Rounds that do not count: the first ones trace."""


def learning(model: keras.Model, pictures: tf.Tensor) -> Callable[[], object]:
    """One step of training."""
    model.compile(fit.adamw(1e-3, 1000), keras.losses.CategoricalCrossentropy(from_logits=True))
    truth = tf.one_hot(np.arange(len(pictures)) % len(CLASS_NAMES), len(CLASS_NAMES))
    return lambda: model.train_on_batch(pictures, truth)


def by_keras(model: keras.Model) -> keras.Model:
    """The same network with Keras's own layers alone."""

    def layer(ours: keras.layers.Layer) -> keras.layers.Layer:
        kind = keras.layers.BatchNormalization if isinstance(ours, BatchNormalization) else type(ours)
        return kind.from_config(ours.get_config())

    return keras.models.clone_model(model, clone_function=layer)


def milliseconds(work: Callable[[], object]) -> float:
    """Time of one run."""
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def main() -> None:
    """Take turns and print medians, ranges and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=30)
    asked = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    fit.prepare(1)
    random = np.random.default_rng(1)
    kept = tf.constant(random.uniform(0, 1, (BATCH, KEPT, KEPT, 3)), tf.float32)
    pictures = tf.constant(random.uniform(0, 255, (BATCH, CROP, CROP, 3)), tf.float32)
    model = networks.classifier()
    ours, rival = "ours: learned from", "rival: Keras's own normalisation"
    works = {
        "varied": lambda: train_classifier.vary(kept),
        ours: learning(model, pictures),
        rival: learning(by_keras(model), pictures),
    }
    rounds = [{name: milliseconds(work) for name, work in works.items()} for _ in range(WARM + asked.runs)]
    times = {name: [each[name] for each in rounds[WARM:]] for name in works}
    kind = "bfloat16" if fit.has_bfloat16() else "float32"
    print(f"classifier, batches of {BATCH} in {kind} on one core; milliseconds of {asked.runs} runs")
    for name, each in times.items():
        print(f"{name:<36}{told(each, 1)}")
    ratios = [theirs / own for theirs, own in zip(times[rival], times[ours], strict=True)]
    print(f"ratio rival / ours: {told(ratios)}")


if __name__ == "__main__":
    main()
