"""Trains the locator on whole fields: canvases under augmentation, their centres and sizes as targets."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from PIL import Image

from leukonet.labels import LabelledField
from leukonet.locate import SIZE_UNIT, STRIDE
from leukonet.preprocessing import BACKGROUND, CANVAS
from leukonet.training import augment, fit, networks
from leukonet.training.crowded import crowded
from leukonet.training.datasets import training_fields
from leukonet.training.mosaics import Scene
from leukonet.training.outline import central_box
from leukonet.training.quartered import quartered
from leukonet.training.splits import hold_out
from leukonet.views import on_canvas, pixels

SHEET = 384
"""Fields are kept at this side while training, so that augmentation has pixels to zoom into."""
MOST_CELLS = 8
"""Cells of one field that training uses; no set has as many on a field, and `crowded` pastes no more."""
GRID = CANVAS // STRIDE
SMALLEST, LARGEST = 20.0, 230.0
"""Sides in canvas pixels between which cells are shown in training."""
PBC_EVERY = 4
"""Every so many of PBC's pictures will do: they are alike, and memory is not free."""
FAINTEST = 0.2
"""Smears are shown down to this share of their density: some stains and cameras are as pale."""
CROWDED = 0.25
"""How often crowded fields made of a source are shown, where its own fields are shown once. Of the 360 cells of Chula,
left out, locators of 1,200 batches that saw them as often, a quarter as often and never found 267, 337 and 344 at a
threshold of 0.3, with 82, 36 and 36 false."""
VISIBLE = 0.35
"""A cell cut by the border to less than this share of its area is neither cell nor background."""


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
    with Image.open(field.path) as opened:
        image = opened.convert("RGB")
    named = [cell for cell in field.cells if cell.name != "artefact"]
    return Scene(image, tuple(cell.box or central_box(image) for cell in named))


def loss(truth: tf.Tensor, predicted: tf.Tensor) -> tf.Tensor:
    """Penalty-reduced focal loss on centres, plus L1 on offset and size at the centres.

    After Zhou et al., Objects as Points, arXiv:1904.07850, equations 1 to 4.

    Args:
        truth: `(n, GRID, GRID, 7)`: heat 0 to 1, weight of the heat, offset x y, log sizes, centre 0 or 1.
        predicted: `(n, GRID, GRID, 5)` as `networks.locator` gives it.
    """
    heat, weight, centre = truth[..., 0], truth[..., 1], truth[..., 6]
    logit = predicted[..., 0]
    probability = tf.sigmoid(logit)
    positive = -centre * tf.square(1 - probability) * tf.math.log_sigmoid(logit)
    negative = -(1 - centre) * tf.pow(1 - heat, 4.0) * tf.square(probability) * tf.math.log_sigmoid(-logit)
    count = tf.maximum(tf.reduce_sum(centre), 1.0)
    geometry = tf.reduce_sum(tf.abs(truth[..., 2:6] - predicted[..., 1:5]), axis=-1) * centre
    return (tf.reduce_sum((positive + negative) * weight) + tf.reduce_sum(geometry)) / count


def targets(boxes: tf.Tensor) -> tf.Tensor:
    """Draw boxes on the canvas as the grid that `loss` compares with.

    Args:
        boxes: `(n, cells, 4)` unclipped, in canvas pixels; without area where there is no cell.
    """
    low, high = boxes[..., :2], boxes[..., 2:]
    whole = tf.reduce_prod(high - low, axis=-1)
    low, high = tf.clip_by_value(low, 0.0, CANVAS), tf.clip_by_value(high, 0.0, CANVAS)
    size = high - low
    seen = tf.reduce_prod(tf.maximum(size, 0.0), axis=-1) / tf.maximum(whole, 1.0)
    cell = tf.cast((whole > 1) & (seen >= VISIBLE), tf.float32)
    doubtful = (whole > 1) & (seen > 0.02) & (seen < VISIBLE)
    middle = (low + high) / 2
    place = tf.range(GRID, dtype=tf.float32) * STRIDE + STRIDE / 2
    dx = place[None, None, None, :] - middle[..., 0][:, :, None, None]
    dy = place[None, None, :, None] - middle[..., 1][:, :, None, None]
    spread = tf.maximum(tf.sqrt(tf.maximum(tf.reduce_prod(size, axis=-1), 1.0)) / 8, 4.0)[:, :, None, None]
    heat = tf.exp(-(dx * dx + dy * dy) / (2 * spread * spread)) * cell[:, :, None, None]
    half = STRIDE / 2
    here = (tf.abs(dx) <= half) & (tf.abs(dy) <= half) & (cell[:, :, None, None] > 0)
    covered = (tf.abs(dx) < size[..., 0][:, :, None, None] / 2 + half) & (
        tf.abs(dy) < size[..., 1][:, :, None, None] / 2 + half
    )
    ignored = tf.reduce_any(covered & doubtful[:, :, None, None], axis=1)
    logs = tf.math.log(tf.maximum(size, 4.0) / SIZE_UNIT) / tf.math.log(2.0)
    shape = tf.shape(dx)
    values = [
        -dx / STRIDE,
        -dy / STRIDE,
        *(tf.broadcast_to(logs[..., i][:, :, None, None], shape) for i in (0, 1)),
    ]
    owner = tf.one_hot(tf.argmax(tf.cast(here, tf.float32) * heat, axis=1), boxes.shape[1], axis=1)
    centre = tf.cast(tf.reduce_any(here, axis=1), tf.float32)
    geometry = [tf.reduce_sum(value * owner, axis=1) for value in values]
    return tf.stack(
        [tf.reduce_max(heat, axis=1), 1.0 - tf.cast(ignored, tf.float32), *geometry, centre], axis=-1
    )


@tf.function
def vary(images: tf.Tensor, sizes: tf.Tensor, boxes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Zoom, turn, restain and blur sheets into canvases, and move the boxes with them."""
    count = tf.shape(images)[0]
    natural = CANVAS / tf.reduce_max(sizes, axis=1)
    side = tf.sqrt(tf.reduce_prod(boxes[:, 0, 2:] - boxes[:, 0, :2], axis=1))
    side = tf.where(side > 1, side, 90.0)
    wanted = natural * tf.pow(2.0, tf.random.uniform((count,), -0.9, 0.9))
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
