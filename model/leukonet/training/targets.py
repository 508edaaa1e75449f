"""What the locator learns to answer: its grid drawn from boxes, and the loss that compares with it."""

import tensorflow as tf

from leukonet.locate import SIZE_UNIT, STRIDE
from leukonet.views import CANVAS

GRID = CANVAS // STRIDE
VISIBLE = 0.35
"""A cell cut by the border to less than this share of its area is neither cell nor background."""


def loss(truth: tf.Tensor, predicted: tf.Tensor) -> tf.Tensor:
    """Penalty-reduced focal loss on centres, plus L1 on offset and size at the centres and on red cells everywhere.

    After Zhou et al., Objects as Points, arXiv:1904.07850, equations 1 to 4.

    Args:
        truth: `(n, GRID, GRID, 9)`: heat 0 to 1, weight of the heat, offset x y, log sizes, centre 0 or 1, log
            diameter of red cells, 1 where that is known.
        predicted: `(n, GRID, GRID, 6)` as `networks.locator` gives it.
    """
    heat, weight, centre, red, known = (truth[..., index] for index in (0, 1, 6, 7, 8))
    logit = predicted[..., 0]
    probability = tf.sigmoid(logit)
    positive = -centre * tf.square(1 - probability) * tf.math.log_sigmoid(logit)
    negative = -(1 - centre) * tf.pow(1 - heat, 4.0) * tf.square(probability) * tf.math.log_sigmoid(-logit)
    count = tf.maximum(tf.reduce_sum(centre), 1.0)
    geometry = tf.reduce_sum(tf.abs(truth[..., 2:6] - predicted[..., 1:5]), axis=-1) * centre
    redness = tf.reduce_sum(tf.abs(red - predicted[..., 5]) * known) / tf.maximum(tf.reduce_sum(known), 1.0)
    return (tf.reduce_sum((positive + negative) * weight) + tf.reduce_sum(geometry)) / count + redness


def targets(boxes: tf.Tensor, reds: tf.Tensor) -> tf.Tensor:
    """Draw boxes on the canvas as the grid that `loss` compares with.

    Args:
        boxes: `(n, cells, 4)` unclipped, in canvas pixels; without area where there is no cell.
        reds: `(n, 2, 2)` diameter in canvas pixels of the red cells in each quarter, 0 where it is not known.
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
    logs = _log(size, 4.0)
    shape = tf.shape(dx)
    values = [
        -dx / STRIDE,
        -dy / STRIDE,
        *(tf.broadcast_to(logs[..., i][:, :, None, None], shape) for i in (0, 1)),
    ]
    owner = tf.one_hot(tf.argmax(tf.cast(here, tf.float32) * heat, axis=1), boxes.shape[1], axis=1)
    centre = tf.cast(tf.reduce_any(here, axis=1), tf.float32)
    geometry = [tf.reduce_sum(value * owner, axis=1) for value in values]
    heats, weight = tf.reduce_max(heat, axis=1), 1.0 - tf.cast(ignored, tf.float32)
    return tf.stack([heats, weight, *geometry, centre, *_red(reds)], axis=-1)


def _red(reds: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """`(n, GRID, GRID)` log diameter of the red cells, and 1 where it is known."""
    wide = tf.repeat(tf.repeat(reds, GRID // 2, axis=1), GRID // 2, axis=2)
    return _log(wide, 1.0), tf.cast(wide > 0, tf.float32)


def _log(sizes: tf.Tensor, least: float) -> tf.Tensor:
    """Base-2 logarithm of canvas pixels over `SIZE_UNIT`."""
    return tf.math.log(tf.maximum(sizes, least) / SIZE_UNIT) / tf.math.log(2.0)
