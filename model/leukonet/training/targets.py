"""What the locator learns to answer: its grid drawn from boxes, and the loss that compares with it."""

import tensorflow as tf

from leukonet.locate import SIZE_UNIT, STRIDE
from leukonet.preprocessing import CANVAS

GRID = CANVAS // STRIDE
VISIBLE = 0.35
"""A cell cut by the border to less than this share of its area is neither cell nor background."""


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
