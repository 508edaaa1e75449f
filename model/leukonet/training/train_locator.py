"""Trains the locator on whole fields: canvases under augmentation, their centres and sizes as targets."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from leukonet.labels import LabelledField, read_image
from leukonet.preprocessing import BACKGROUND, CANVAS
from leukonet.training import augment, fit, networks
from leukonet.training.crowded import crowded
from leukonet.training.datasets import training_fields
from leukonet.training.mosaics import Scene
from leukonet.training.outline import central_box
from leukonet.training.quartered import quartered
from leukonet.training.splits import hold_out
from leukonet.training.targets import VISIBLE, loss, targets
from leukonet.views import on_canvas, pixels

SHEET = 384
"""Fields are kept at this side while training, so that augmentation has pixels to zoom into."""
MOST_CELLS = 8
"""Cells of one field that training uses; no set has as many on a field, and `crowded` pastes no more."""
SMALLEST, LARGEST = 20.0, 230.0
"""Sides in canvas pixels between which cells are shown in training."""
PBC_EVERY = 4
"""Every so many of PBC's pictures will do: they are alike, and memory is not free."""
ZOOMED = -0.9, 0.9
"""Base-2 logarithms between which a field is zoomed from the size that fits the canvas. Zoomed out to a third (-1.6),
locators of 1,200 batches missed more of a left-out source, and boxed its cells more loosely (docs/benchmark.md)."""
FAINTEST = 0.2
"""Smears are shown down to this share of their density: some stains and cameras are as pale."""
CROWDED = 0.25
"""How often crowded fields made of a source are shown, where its own fields are shown once. Of the 360 cells of Chula,
left out, locators of 1,200 batches that saw them as often, a quarter as often and never found 267, 337 and 344 at a
threshold of 0.3, with 82, 36 and 36 false."""


@dataclass(frozen=True, slots=True)
class Sheets:
    """Fields ready for training."""

    images: npt.NDArray[np.uint8]
    """`(n, SHEET, SHEET, 3)`, normalised, field in the upper left corner."""
    sizes: npt.NDArray[np.float32]
    """`(n, 2)` width and height of the field on its sheet."""
    boxes: npt.NDArray[np.float32]
    """`(n, MOST_CELLS, 4)` on the sheet; all zero where there is no cell."""
    weights: npt.NDArray[np.float64]
    """`(n,)` chance of being drawn; sums to 1, sources evenly."""


def read_sheets(fields: Sequence[LabelledField], seed: int) -> Sheets:
    """Decode fields and place their boxes, and add crowded fields made of them.

    Args:
        fields: PBC's boxes come from the outline of its central cell.
        seed: of the crowded fields.
    """
    scenes = [(field.source, 1.0, _scene(field)) for field in fields]
    scenes += [(f"{name}, crowded", CROWDED, made) for name, made in crowded(fields, seed)]
    images = np.full((len(scenes), SHEET, SHEET, 3), BACKGROUND, np.uint8)
    boxes = np.zeros((len(scenes), MOST_CELLS, 4), np.float32)
    sizes = np.zeros((len(scenes), 2), np.float32)
    for index, (_, _, (image, truth)) in enumerate(scenes):
        sheet = on_canvas(image, SHEET)
        images[index] = pixels(sheet.image)
        sizes[index] = np.array(image.size) * sheet.scale
        for slot, box in enumerate(truth[:MOST_CELLS]):
            boxes[index, slot] = np.array(box) * sheet.scale
    sources = np.array([name for name, _, _ in scenes])
    weights = np.array([weight / np.count_nonzero(sources == name) for name, weight, _ in scenes])
    return Sheets(images, sizes, boxes, weights / weights.sum())


def _scene(field: LabelledField) -> Scene:
    """A field and its white cells; an artefact is none."""
    image = read_image(field)
    named = [cell for cell in field.cells if cell.name != "artefact"]
    return Scene(image, tuple(cell.box or central_box(image) for cell in named))


@tf.function
def vary(images: tf.Tensor, sizes: tf.Tensor, boxes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Zoom, turn, restain and blur sheets into canvases, and move the boxes with them."""
    count = tf.shape(images)[0]
    natural = CANVAS / tf.reduce_max(sizes, axis=1)
    side = tf.sqrt(tf.reduce_prod(boxes[:, 0, 2:] - boxes[:, 0, :2], axis=1))
    side = tf.where(side > 1, side, 90.0)
    wanted = natural * tf.pow(2.0, tf.random.uniform((count,), *ZOOMED))
    zoom = tf.clip_by_value(wanted, SMALLEST / side, tf.maximum(LARGEST / side, SMALLEST / side))
    turns = tf.cast(tf.random.uniform((count,), 0, 4, tf.int32), tf.float32) * (np.pi / 2)
    angle = turns + tf.random.normal((count,), stddev=0.1)
    flip = tf.cast(tf.random.uniform((count,), 0, 2, tf.int32), tf.float32) * 2 - 1
    aim = _aims(sizes, boxes)
    cos, sin = tf.cos(angle) * zoom, tf.sin(angle) * zoom
    rotation = tf.stack([tf.stack([flip * cos, -sin], 1), tf.stack([flip * sin, cos], 1)], 1)
    lever = tf.einsum("nij,nj->ni", rotation, aim - (SHEET - 1) / 2)
    spot = tf.random.uniform((count, 2), -0.36, 0.36) * CANVAS
    shift = spot - lever
    canvases = augment.affine(images, CANVAS, zoom, shift, angle, flip)
    corners = tf.stack([boxes[..., :2], boxes[..., 2:]], axis=2) - (SHEET - 1) / 2
    middle = tf.einsum("nij,ncj->nci", rotation, tf.reduce_mean(corners, axis=2))
    middle += (CANVAS - 1) / 2 + shift[:, None]
    extent = (corners[:, :, 1] - corners[:, :, 0]) * zoom[:, None, None]
    across = tf.cast(tf.abs(tf.sin(turns)) > 0.5, tf.float32)[:, None, None]
    extent = extent * (1 - across) + extent[..., ::-1] * across
    moved = tf.concat([middle - extent / 2, middle + extent / 2], axis=-1)
    varied = augment.optics(canvases, 1.0, blur=2.0, least=110, faintest=FAINTEST)
    seen, placed = quartered(varied, moved, VISIBLE)
    return augment.levels(seen), targets(placed)


def _aims(sizes: tf.Tensor, boxes: tf.Tensor) -> tf.Tensor:
    """The point of each sheet that is brought into view: mostly its first cell, else anywhere in the field."""
    count = tf.shape(sizes)[0]
    anywhere = tf.random.uniform((count, 2)) * sizes
    cell = (boxes[:, 0, :2] + boxes[:, 0, 2:]) / 2
    chosen = (tf.random.uniform((count, 1)) < 0.7) & (cell[:, :1] > 0)
    return tf.where(chosen, cell, anywhere)


def batches(sheets: Sheets, size: int, seed: int) -> tf.data.Dataset:
    """Endless augmented batches, every source alike often."""
    random = np.random.default_rng(seed)

    def draw() -> object:
        while True:
            chosen = random.choice(len(sheets.images), size, p=sheets.weights)
            yield sheets.images[chosen], sheets.sizes[chosen], sheets.boxes[chosen]

    signature = (
        tf.TensorSpec((size, SHEET, SHEET, 3), tf.uint8),
        tf.TensorSpec((size, 2), tf.float32),
        tf.TensorSpec((size, MOST_CELLS, 4), tf.float32),
    )
    drawn = tf.data.Dataset.from_generator(draw, output_signature=signature)
    return drawn.map(lambda i, s, b: vary(tf.cast(i, tf.float32) / 255.0, s, b)).prefetch(2)


def sources(
    data: Path, seed: int, without: Sequence[str] = ()
) -> tuple[list[LabelledField], list[LabelledField]]:
    """Fields to train on and fields to watch, parted by original image or slide; no test part among them.

    Args:
        data: folder that holds the sets.
        seed: of the split.
        without: sets that are left out altogether.
    """
    # Fields without a box are no fields without a cell: looked at, each shows one that nobody boxed.
    fields = [field for field in training_fields(data, without) if field.cells]
    thinned = [f for index, f in enumerate(fields) if f.source != "pbc" or index % PBC_EVERY == 0]
    return hold_out(thinned, 0.06, seed)


def train(
    fields: Sequence[LabelledField],
    held: Sequence[LabelledField],
    out: Path,
    *,
    epochs: int,
    steps: int = 100,
    size: int = 16,
    rate: float = 2e-3,
    seed: int = 1,
    start: Path | None = None,
) -> keras.Model:
    """Train on `fields`, watch the loss on augmented `held`, and return the network with averaged weights.

    Args:
        fields: to train on.
        held: to watch.
        out: folder for checkpoint, history and weights.
        epochs: of `steps` batches.
        steps: batches in an epoch.
        size: fields in a batch.
        rate: peak learning rate.
        seed: of every random choice.
        start: weights to go on from, for a fold.
    """
    fit.prepare(seed)
    model = networks.locator()
    if start:
        model.load_weights(start)
    model.compile(fit.adamw(rate, epochs * steps), loss, auto_scale_loss=False)
    watched = batches(read_sheets(held, seed), size, seed).take(10).cache()
    fit.fit(
        model,
        batches(read_sheets(fields, seed), size, seed),
        out,
        epochs=epochs,
        steps=steps,
        validation=watched,
    )
    return model


def train_on(
    data: Path, out: Path, *, epochs: int, seed: int = 1, without: Sequence[str] = ()
) -> keras.Model:
    """The whole recipe: read the sets, split, train."""
    return train(*sources(data, seed, without), out, epochs=epochs, seed=seed)
