"""Batches are normalised by the fused kernel as by Keras's own layer, which reads and writes the same weights."""

# ruff: noqa: PLC0415  TensorFlow takes long to import: quick tests collect this file and do not wait for it.

import numpy as np
import pytest

pytestmark = pytest.mark.slow


@pytest.fixture
def batch():
    """Pictures of four channels, whose levels are neither centred nor scaled."""
    return np.random.default_rng(1).normal(3, 2, (16, 12, 12, 4)).astype(np.float32)


@pytest.fixture
def layers():
    """Ours, and Keras's own."""
    import keras

    from leukonet.training.normalising import BatchNormalization

    return BatchNormalization(momentum=0.9), keras.layers.BatchNormalization(momentum=0.9)


def test_a_batch_is_normalised_and_remembered_as_by_keras(batch, layers):
    """In training: what comes out, and the moving statistics."""
    given = [layer(batch, training=True) for layer in layers]

    np.testing.assert_allclose(*given, atol=1e-5)
    for ours, theirs in zip(*(layer.get_weights() for layer in layers), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3)


def test_what_was_remembered_is_used_as_by_keras(batch, layers):
    """After training."""
    ours, theirs = layers
    ours(batch, training=True)
    theirs.build(batch.shape)
    theirs.set_weights(ours.get_weights())

    np.testing.assert_array_equal(ours(batch), theirs(batch))


def test_weights_of_a_training_by_keras_own_layer_are_read(tmp_path, batch, layers):
    """Trainings of before go on."""
    import keras

    ours, theirs = (keras.Sequential([keras.Input(batch.shape[1:]), layer]) for layer in layers)
    theirs.set_weights([np.full(4, value, np.float32) for value in (1.5, 0.5, 3, 4)])
    theirs.save_weights(tmp_path / "before.weights.h5")
    ours.load_weights(tmp_path / "before.weights.h5")

    np.testing.assert_array_equal(ours.predict(batch, verbose=0), theirs.predict(batch, verbose=0))
