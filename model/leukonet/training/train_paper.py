"""Trains the paper's network on whole pictures, by the paper's protocol as far as its text tells.

Our reading of what it leaves open: Adam at 1e-4, batches of 32, a fifth of the pictures for validation (drawn from the
augmented pictures, as the paper seems to have done: siblings of one original fall on both sides), and the weights
of the best validation epoch of at most 96.
"""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from PIL import Image

from leukonet.cells import PAPER_CLASSES
from leukonet.field import SIZE
from leukonet.labels import LabelledField
from leukonet.training import fit, networks
from leukonet.training.datasets import read_dataset

EPOCHS = 96
PATIENCE = 20
"""Epochs without a better validation loss after which training ends."""
VALIDATION = 0.2


def read_pictures(fields: Sequence[LabelledField]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Whole pictures at the paper's size, `(n, 80, 100, 3)` uint8, and their classes, `(n,)`."""
    pictures, classes = [], []
    for field in fields:
        name = field.cells[0].name
        if name not in PAPER_CLASSES:
            continue
        with Image.open(field.path) as opened:
            small = opened.convert("RGB").resize(SIZE, Image.Resampling.BILINEAR, reducing_gap=2.0)
        pictures.append(np.asarray(small))
        classes.append(PAPER_CLASSES.index(name))
    return np.stack(pictures), np.array(classes)


def split(count: int, seed: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Indices of the validation pictures and of the others."""
    order = np.random.default_rng(seed).permutation(count)
    held, kept = np.split(order, [round(VALIDATION * count)])
    return held, kept


def train(data: Path, out: Path, *, epochs: int = EPOCHS, seed: int = 1) -> keras.Model:
    """Train on Kaggle's 400 pictures a class and return the network of the best validation epoch."""
    fit.prepare(seed)
    pictures, classes = read_pictures(read_dataset(data, "kaggle_augmented", "train_400_per_class"))
    held, kept = split(len(pictures), seed)
    model = networks.paper()
    model.compile(keras.optimizers.Adam(1e-4), "sparse_categorical_crossentropy", metrics=["accuracy"])
    batches = tf.data.Dataset.from_tensor_slices((pictures[kept], classes[kept])).shuffle(len(kept)).batch(32)
    watched = tf.data.Dataset.from_tensor_slices((pictures[held], classes[held])).batch(64)
    best = out / "best.weights.h5"
    reached = min(fit.history(out)["val_loss"]) if best.is_file() else None
    fit.fit(
        model,
        batches,
        out,
        epochs=epochs,
        validation=watched,
        callbacks=(
            keras.callbacks.EarlyStopping(patience=PATIENCE),
            keras.callbacks.ModelCheckpoint(
                str(best), save_best_only=True, save_weights_only=True, initial_value_threshold=reached
            ),
        ),
    )
    model.load_weights(best)
    model.save_weights(out / fit.WEIGHTS)
    return model
