"""Mixes the styles of a batch's pictures inside a network, so that it learns to do without any one of them."""

from typing import Any

import keras
import tensorflow as tf

CHANCE = 0.5
"""Of a batch to be mixed."""
SHAPE = 0.1
"""Both parameters of the beta distribution that the share of a picture's own style comes from."""


class MixedStyle(keras.layers.Layer):
    """Gives each picture's channels means and deviations between its own and another picture's; only in training.

    After Zhou et al., Domain generalization with MixStyle, arXiv:2104.02008.
    """

    def call(self, x: Any, training: bool | None = None) -> Any:
        """Take and give `(n, height, width, channels)`."""
        if not training:
            return x
        return tf.cond(tf.random.uniform(()) < CHANCE, lambda: self._mixed(x), lambda: x)

    def _mixed(self, x: Any) -> Any:
        mean, variance = tf.nn.moments(tf.stop_gradient(tf.cast(x, tf.float32)), [1, 2], keepdims=True)
        deviation = tf.sqrt(variance + 1e-6)
        count = tf.shape(x)[0]
        own, other = (tf.random.gamma((count, 1, 1, 1), SHAPE) + 1e-9 for _ in range(2))
        share = own / (own + other)
        partner = tf.random.shuffle(tf.range(count))
        wanted_mean = share * mean + (1 - share) * tf.gather(mean, partner)
        wanted = share * deviation + (1 - share) * tf.gather(deviation, partner)
        return tf.cast((tf.cast(x, tf.float32) - mean) / deviation * wanted + wanted_mean, x.dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """As given."""
        return input_shape
