"""Trains the classifier on crops: sources and classes drawn evenly, stain and optics varied."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from leukonet.cells import CLASS_NAMES
from leukonet.colour import Pixels
from leukonet.errors import DataError
from leukonet.labels import LabelledField
from leukonet.light import Light, measure_light
from leukonet.preprocessing import CONTEXT, CROP
from leukonet.training import augment, fit, networks
from leukonet.training.crops import KEPT, Crops, read_crops
from leukonet.training.datasets import training_fields
from leukonet.training.history import HISTORY
from leukonet.training.splits import hold_out
from leukonet.views import mirror_images


@dataclass(frozen=True, slots=True)
class Recipe:
    """How crops are drawn, cut and varied; the defaults are what ships, the benchmark's ablation tries others."""

    as_published: bool = False
    """Cells of BCCD whose published class we doubt are shown by it; else they are not shown."""
    light: Callable[[Pixels], Light] = measure_light
    """Finds the field's background."""
    context: float = CONTEXT
    """The crop's side, in units of the longer side of the cell's box."""
    stain: float = 1.15
    """Strength of the variation of stain, light and optics; 0 for none. At 1.5 a left-out Chula gains no more,
    and cells held out of training lose one (docs/benchmark.md)."""
    faintest: float = 1.0
    """Every second crop is paled, down to this share of its density; 1 for none."""
    greyed: float = 0.0
    """Share of the crops whose colours are drawn towards grey."""
    compressed: bool = True
    """Half of the crops are scaled down and compressed, each by its own lot; else whole batches are coarsened."""
    sharpened: bool = True
    """Of crops that are `compressed`, the noise has a grain, and every second one is sharpened after it, as by a cheap
    camera; else noise is fine."""
    roughened: float = 0.0
    """Share of the batches that are blended with random convolutions of themselves."""
    mixed: bool = False
    """The first stages' channels take means and deviations from other crops of the batch."""
    jitter: float = 1.0
    """Strength of the variation of size and place, as locators err; 0 for none."""
    balanced: bool = True
    """Classes and sources are drawn evenly; else every crop alike."""
    averaged: bool = True
    """The network that counts has averaged weights."""


SHIPPED = Recipe()
RESTART = 2e-3
"""Peak learning rate of a training that goes on from a finished one."""
RARE_SOURCE = 0.4
"""A source's chance within its class grows with this power of its size: below 1, small sets count for more."""


def sources(
    data: Path, seed: int, without: Sequence[str] = (), *, as_published: bool = False
) -> tuple[list[LabelledField], list[LabelledField]]:
    """Fields to train on and fields to validate with, parted by original image or slide; no test part among them.

    Args:
        data: folder that holds the sets.
        seed: of the split.
        without: sets that are left out altogether.
        as_published: with names that we doubt.
    """
    fields = training_fields(data, without, as_published=as_published)
    # A held slide would leave a class without its only slide.
    chula = [f for f in fields if f.source == "chula"]
    kept, held = hold_out([f for f in fields if f.source != "chula"], 0.08, seed)
    return kept + chula, held


def chances(crops: Crops) -> npt.NDArray[np.float64]:
    """`(n,)` chance of each crop to be drawn: classes evenly, sources within a class nearly so; sums to 1."""
    chance = np.zeros(len(crops.classes))
    for index in np.unique(crops.classes):
        for source in np.unique(crops.sources[crops.classes == index]):
            chosen = (crops.classes == index) & (crops.sources == source)
            count = np.count_nonzero(chosen)
            chance[chosen] = count**RARE_SOURCE / count
        chance[crops.classes == index] /= chance[crops.classes == index].sum()
    return chance / chance.sum()


@tf.function
def vary(images: tf.Tensor, recipe: Recipe = SHIPPED) -> tf.Tensor:
    """Turn, shift, zoom, restain and blur kept crops into what the network sees."""
    count = tf.shape(images)[0]
    zoom = tf.exp(tf.random.normal((count,), stddev=0.22 * recipe.jitter))
    shift = tf.random.normal((count, 2), stddev=5.0 * recipe.jitter)
    angle = tf.random.uniform((count,), -np.pi, np.pi)
    flip = tf.cast(tf.random.uniform((count,), 0, 2, tf.int32), tf.float32) * 2 - 1
    turned = augment.affine(images, CROP, zoom, shift, angle, flip)
    if recipe.stain:
        turned = augment.optics(
            turned,
            recipe.stain,
            blur=2.2,
            least=36,
            faintest=recipe.faintest,
            greyed=recipe.greyed,
            compressed=recipe.compressed,
            sharpened=recipe.sharpened,
        )
    if recipe.roughened:
        turned = augment.roughen(turned, recipe.roughened)
    return augment.levels(turned)


def batches(crops: Crops, size: int, seed: int, recipe: Recipe = SHIPPED) -> tf.data.Dataset:
    """Endless augmented batches."""
    random = np.random.default_rng(seed)
    chance = chances(crops) if recipe.balanced else np.full(len(crops.classes), 1 / len(crops.classes))

    def draw() -> Iterator[tuple[Any, Any]]:
        while True:
            chosen = random.choice(len(chance), size, p=chance)
            yield crops.images[chosen], crops.classes[chosen]

    signature = (tf.TensorSpec((size, KEPT, KEPT, 3), tf.uint8), tf.TensorSpec((size,), tf.int64))
    drawn = tf.data.Dataset.from_generator(draw, output_signature=signature)
    return drawn.map(
        lambda images, classes: (
            vary(tf.cast(images, tf.float32) / 255.0, recipe),
            tf.one_hot(classes, len(CLASS_NAMES)),
        )
    ).prefetch(2)


def plain(crops: Crops) -> npt.NDArray[np.uint8]:
    """What the network sees of each crop at analysis: `(n, CROP, CROP, 3)`."""
    cut = (KEPT - CROP) // 2
    return crops.images[:, cut : cut + CROP, cut : cut + CROP]


def varied(crops: Crops) -> npt.NDArray[np.uint8]:
    """What the network sees of each crop in training, varied anew each time: `(n, CROP, CROP, 3)`."""
    seen: npt.NDArray[np.uint8] = vary(tf.cast(crops.images, tf.float32) / 255.0).numpy().astype(np.uint8)
    return seen


def logits(
    model: keras.Model, pictures: npt.NDArray[np.uint8], *, mirrored: bool = True
) -> npt.NDArray[np.float32]:
    """What `classify.scores` gives for each crop, by the network in float.

    Args:
        model: that names.
        pictures: `(n, CROP, CROP, 3)`.
        mirrored: the mean over four mirror images.

    Returns:
        `(n, classes)`.
    """
    views = mirror_images(pictures) if mirrored else (pictures,)
    together: npt.NDArray[np.float32] = np.mean(
        [model.predict(view, batch_size=128, verbose=0) for view in views], axis=0
    )
    return together


def train(
    crops: Crops,
    held: Crops,
    out: Path,
    *,
    epochs: int,
    steps: int = 100,
    size: int = 64,
    rate: float = 3e-3,
    seed: int = 1,
    start: Path | None = None,
    recipe: Recipe = SHIPPED,
) -> keras.Model:
    """Train on `crops`, watch `held`, and return the network that counts: with averaged weights, as the recipe says.

    Args:
        crops: to train on.
        held: validation crops, not augmented.
        out: folder for checkpoint, history and weights.
        epochs: of `steps` batches.
        steps: batches in an epoch.
        size: crops in a batch.
        rate: peak learning rate.
        seed: of every random choice.
        start: weights of a finished training to go on from.
        recipe: how crops are drawn and varied.
    """
    fit.prepare(seed)
    model = networks.classifier(mixed=recipe.mixed)
    if start:
        model.load_weights(start)
    model.compile(
        fit.adamw(rate, epochs * steps, averaged=recipe.averaged),
        keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.05),
        metrics=["accuracy"],
    )
    truth = keras.utils.to_categorical(held.classes, len(CLASS_NAMES))
    watched = tf.data.Dataset.from_tensor_slices((plain(held), truth)).batch(128)
    fit.fit(model, batches(crops, size, seed, recipe), out, epochs=epochs, steps=steps, validation=watched)
    return model


def train_on(
    data: Path,
    out: Path,
    *,
    epochs: int,
    seed: int = 1,
    without: Sequence[str] = (),
    start: Path | None = None,
) -> keras.Model:
    """The whole recipe: read the sets, split, cut, train.

    Args:
        data: folder of the labelled sets.
        out: folder for checkpoint, history and weights.
        epochs: of 100 batches.
        seed: of every random choice.
        without: sets that are left out altogether.
        start: folder of a finished training to go on from, at `RESTART`; its history goes before the new one.

    Raises:
        DataError: data are missing, or the training to go on from is not finished.
    """
    if start and not (start / fit.WEIGHTS).is_file():
        raise DataError(f"{start}: no finished training to go on from; name another folder with --start")
    fields, held = sources(data, seed, without)
    crops, watched = read_crops(fields, seed), read_crops(held, seed)
    if not start:
        return train(crops, watched, out, epochs=epochs, seed=seed)
    if not (out / HISTORY).is_file():
        out.mkdir(parents=True, exist_ok=True)
        shutil.copy(start / HISTORY, out)
    begun = start / fit.WEIGHTS
    return train(crops, watched, out, epochs=epochs, rate=RESTART, seed=seed, start=begun)
