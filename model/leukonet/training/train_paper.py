"""Trains the paper's network, as its text tells and with one change after another.

Our reading of what the text leaves open: Adam at 1e-4, batches of 32, a fifth of the pictures for validation (drawn
from the augmented pictures, as the paper seems to have done: siblings of one original fall on both sides), and the
weights of the best validation epoch of at most 96.
"""

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from leukonet.cells import PAPER_CLASSES
from leukonet.field import SIZE
from leukonet.training import augment, fit, networks
from leukonet.training.datasets import PAPER_PART, read_dataset
from leukonet.training.paper_pictures import Pictures, read_pictures

EPOCHS = 96
PATIENCE = 20
"""Epochs without a better validation loss after which training ends."""
VALIDATION = 0.2
BATCH = 32
PEAK = 3e-4
"""Learning rate. At 1e-3 the training accuracy fell to chance once the rate had risen: tanh saturates."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One way to train the network; each rung of `LADDER` changes one thing of the rung before."""

    name: str
    """Of its folder."""
    change: str
    """What is new, for the table."""
    augmented: bool = False
    """Pictures are turned, shifted, zoomed and restained anew in every epoch."""
    cropped: bool = False
    """The network sees the located cell's crop, not the whole picture."""
    averaged: bool = False
    """AdamW up to `PEAK` on a warmed-up cosine, averaged weights, all epochs; else Adam at 1e-4, the best epoch."""
    centred: bool = False
    """The network scales levels to -1 to 1, in the middle of its tanh; else to 0 to 1."""


LADDER = (
    Rung("paper", "as the text tells"),
    Rung("paper-augmented", "augmented while training", augmented=True),
    Rung("paper-cropped", "the located cell's crop, not the whole picture", augmented=True, cropped=True),
    Rung(
        "paper-averaged", "AdamW on a cosine, averaged weights", augmented=True, cropped=True, averaged=True
    ),
    Rung(
        "paper-centred",
        "levels from -1 to 1, not 0 to 1",
        augmented=True,
        cropped=True,
        averaged=True,
        centred=True,
    ),
)
TEXT = LADDER[0]


def split(count: int, seed: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Indices of the validation pictures and of the others."""
    order = np.random.default_rng(seed).permutation(count)
    held, kept = np.split(order, [round(VALIDATION * count)])
    return held, kept


def train(
    data: Path,
    out: Path,
    *,
    epochs: int = EPOCHS,
    seed: int = 1,
    rung: Rung = TEXT,
    locator: bytes | None = None,
) -> keras.Model:
    """Train on Kaggle's 400 pictures a class.

    Args:
        data: folder of the labelled sets.
        out: folder for checkpoint, history and weights.
        epochs: at most.
        seed: of every random choice.
        rung: how.
        locator: the network file that finds the cell, for a rung that is cropped.

    Returns:
        The network of the best validation epoch, or with averaged weights.
    """
    fit.prepare(seed)
    read = read_pictures(
        read_dataset(data, "kaggle_augmented", PAPER_PART), locator if rung.cropped else None
    )
    held, kept = split(len(read.images), seed)
    model = networks.paper(centred=rung.centred)
    steps = -(-len(kept) // BATCH)
    optimiser = fit.adamw(PEAK, epochs * steps) if rung.averaged else keras.optimizers.Adam(1e-4)
    model.compile(optimiser, "sparse_categorical_crossentropy", metrics=["accuracy"])
    best = () if rung.averaged else _best(out)
    watched = tf.data.Dataset.from_tensor_slices((read.images[held], read.classes[held])).batch(64)
    fit.fit(model, _batches(read, kept, rung), out, epochs=epochs, validation=watched, callbacks=best)
    if best:
        model.load_weights(out / "best.weights.h5")
        model.save_weights(out / fit.WEIGHTS)
    return model


def _batches(read: Pictures, kept: npt.NDArray[np.int64], rung: Rung) -> tf.data.Dataset:
    """One pass over the training pictures, in another order each time."""
    told = tf.data.Dataset.from_tensor_slices((read.images[kept], read.classes[kept]))
    told = told.shuffle(len(kept)).batch(BATCH)
    return told.map(lambda images, classes: (vary(images), classes)).prefetch(2) if rung.augmented else told


@tf.function
def vary(images: tf.Tensor) -> tf.Tensor:
    """Turn, shift, zoom and restain pictures `(n, 80, 100, 3)` uint8 into float32 of 0 to 255."""
    count, (width, height) = tf.shape(images)[0], SIZE
    rim = (width - height) // 2
    square = tf.pad(tf.cast(images, tf.float32) / 255.0, [[0, 0], [rim, rim], [0, 0], [0, 0]], "REFLECT")
    zoom = tf.exp(tf.random.normal((count,), stddev=0.1))
    flip = tf.cast(tf.random.uniform((count,), 0, 2, tf.int32), tf.float32) * 2 - 1
    angle = tf.random.uniform((count,), -np.pi, np.pi)
    turned = augment.affine(square, width, zoom, tf.random.normal((count, 2), stddev=4.0), angle, flip)
    return augment.levels(augment.restain(turned, 0.4))[:, rim : rim + height]


def _best(out: Path) -> tuple[keras.callbacks.Callback, ...]:
    """Stop where validation gets no better, and keep the best epoch, across resumptions."""
    best = out / "best.weights.h5"
    reached = min(fit.history(out)["val_loss"]) if best.is_file() else None
    return (
        keras.callbacks.EarlyStopping(patience=PATIENCE),
        keras.callbacks.ModelCheckpoint(
            str(best), save_best_only=True, save_weights_only=True, initial_value_threshold=reached
        ),
    )


def classes_of(model: keras.Model, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Probabilities `(n, 4)` of pictures, in the order of `PAPER_CLASSES`."""
    shares: npt.NDArray[np.float32] = np.asarray(model.predict(images, batch_size=64, verbose=0))
    assert shares.shape[1] == len(PAPER_CLASSES)
    return shares
