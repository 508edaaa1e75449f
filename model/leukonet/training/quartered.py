"""Canvases of several cells for the locator's training: four of a batch, each at half its size, put together.

The sets hold hardly a field of more than one cell, and a locator that never saw one finds less than half of them.
"""

import tensorflow as tf

SHARE = 0.4
"""Part of a batch that is put together."""


def quartered(canvases: tf.Tensor, boxes: tf.Tensor, visible: float) -> tuple[tf.Tensor, tf.Tensor]:
    """Replace the first `SHARE` of a batch by canvases that show four of it.

    Args:
        canvases: `(n, side, side, 3)`.
        boxes: `(n, cells, 4)` in canvas pixels, unclipped; without area where there is no cell.
        visible: a cell of which less than this share of its area is on its canvas is left out.

    Returns:
        Canvases of the same shape; and `(n, 4 * cells, 4)` boxes, in those put together clipped to their quarter.
    """
    side = canvases.shape[1]
    made, half = round(SHARE * canvases.shape[0]), side // 2
    small = tf.image.resize(canvases, [half, half], antialias=True)
    clipped = tf.clip_by_value(boxes, 0.0, float(side))
    kept = _area(boxes) > 1
    kept &= _area(clipped) >= visible * _area(boxes)
    placed = [
        tf.where(kept, clipped / 2 + tf.constant([left, top, left, top], tf.float32), 0.0)
        for left, top in ((0, 0), (half, 0), (0, half), (half, half))
    ]
    quarters = [tf.roll(small, shift, axis=0)[:made] for shift in range(4)]
    moved = [tf.roll(each, shift, axis=0)[:made] for shift, each in enumerate(placed)]
    rows = [tf.concat(quarters[:2], axis=2), tf.concat(quarters[2:], axis=2)]
    together = tf.concat([tf.concat(rows, axis=1), canvases[made:]], axis=0)
    rest = tf.pad(boxes[made:], [[0, 0], [0, 3 * boxes.shape[1]], [0, 0]])
    return together, tf.concat([tf.concat(moved, axis=1), rest], axis=0)


def _area(boxes: tf.Tensor) -> tf.Tensor:
    """`(..., 1)` area of boxes, 0 where there is none."""
    return tf.reduce_prod(tf.maximum(boxes[..., 2:] - boxes[..., :2], 0.0), axis=-1, keepdims=True)
