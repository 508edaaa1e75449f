"""Keras networks become int8 files for LiteRT, and files become a bundle."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from leukonet.bundle import FORMAT, MANIFEST, Kind

SAMPLES = 300
"""Pictures by which the ranges of the activations are found."""


def to_int8(model: keras.Model, examples: npt.NDArray[np.uint8]) -> bytes:
    """Convert a network, post-training, to int8 weights and activations.

    The rescaling at the network's entry is left out: with an input from -1 to 1, or of the paper's network from 0 to 1,
    the quantised input is the raw uint8 pixel itself.

    Args:
        model: float32, whose first layer after the input is a `Rescaling`.
        examples: `(n, height, width, 3)` uint8, as the network will see them.

    Returns:
        A `.tflite` that takes `(1, height, width, 3)` uint8 and gives float32.
    """
    body, scaling = without_scaling(model)
    shape = (1, *model.input_shape[1:])
    call = tf.function(
        lambda image: body(image, training=False), input_signature=[tf.TensorSpec(shape, tf.float32)]
    )
    frozen = convert_variables_to_constants_v2(call.get_concrete_function())
    converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.uint8
    converter.inference_output_type = tf.float32
    extremes = np.stack([np.zeros(shape[1:], np.uint8), np.full(shape[1:], 255, np.uint8)])
    chosen = np.random.default_rng(0).permutation(len(examples))[:SAMPLES]
    pictures = np.concatenate([extremes, examples[chosen]])
    converter.representative_dataset = lambda: (
        [(picture[None].astype(np.float32) * scaling.scale + scaling.offset).astype(np.float32)]
        for picture in pictures
    )
    content: bytes = converter.convert()
    return content


def without_scaling(model: keras.Model) -> tuple[keras.Model, Any]:
    """The network behind its entry's `Rescaling`, and that layer."""
    scaling = next(layer for layer in model.layers if isinstance(layer, keras.layers.Rescaling))
    return keras.Model(scaling.output, model.output), scaling


def pack(out: Path, kind: Kind, files: dict[str, bytes], facts: dict[str, Any], card: str) -> str:
    """Write a bundle, replacing what was there.

    Args:
        out: folder of the bundle; its name is the bundle's.
        kind: how it answers.
        files: content of each network file by name.
        facts: the other keys of the manifest: `classes`, thresholds, `temperature`, `provenance`.
        card: the model card, Markdown.

    Returns:
        The manifest's SHA-256: the bundle's identity.
    """
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    contents = {**files, "CARD.md": card.encode()}
    for name, content in contents.items():
        (out / name).write_bytes(content)
    manifest = {
        "format": FORMAT,
        "name": out.name,
        "kind": kind,
        "use": "research use only",
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(contents.items())},
        **facts,
    }
    raw = (json.dumps(manifest, indent=2) + "\n").encode()
    (out / MANIFEST).write_bytes(raw)
    return hashlib.sha256(raw).hexdigest()
