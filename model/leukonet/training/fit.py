"""What every training shares: seeds, threads, checkpoints that resume, a history and a progress bar."""

import json
import os
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# Left alone, TensorFlow takes oneDNN on some processors only; a step here takes two thirds of the time with it.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import keras
import tensorflow as tf

from leukonet.training.history import HISTORY, read_history

WEIGHTS = "weights.weights.h5"
"""File of a finished training, below its folder."""


CPUINFO = Path("/proc/cpuinfo")
BFLOAT16 = {"avx512_bf16", "amx_bf16"}
"""Flags of processors that multiply bfloat16; others emulate it, and a step takes ten times as long."""


def prepare(seed: int, *, bfloat16: bool = True) -> None:
    """Seed Python, NumPy and TensorFlow; compute in bfloat16 (weights stay float32) where the processor can.

    Args:
        seed: of every random choice.
        bfloat16: False computes in float32 everywhere.
    """
    keras.utils.set_random_seed(seed)
    keras.mixed_precision.set_global_policy("mixed_bfloat16" if bfloat16 and has_bfloat16() else "float32")


def has_bfloat16() -> bool:
    """Whether this machine's processors multiply bfloat16 themselves; False where nothing tells."""
    try:
        return not BFLOAT16.isdisjoint(CPUINFO.read_text().split())
    except OSError:
        return False


def cosine(peak: float, steps: int) -> keras.optimizers.schedules.LearningRateSchedule:
    """A learning rate that warms up over a twentieth of the steps and falls to nothing on a cosine."""
    warm = max(1, steps // 20)
    return keras.optimizers.schedules.CosineDecay(
        peak / 25, steps - warm, alpha=0.002, warmup_target=peak, warmup_steps=warm
    )


def adamw(peak: float, steps: int, *, averaged: bool = True) -> keras.optimizers.Optimizer:
    """AdamW on the cosine, with a moving average of the weights that validation and export use.

    The average reaches over 500 steps, or over a tenth of a short training.
    """
    momentum = 1 - 1 / min(500, max(10, steps // 10))
    return keras.optimizers.AdamW(
        cosine(peak, steps), weight_decay=0.02, clipnorm=2.0, use_ema=averaged, ema_momentum=momentum
    )


def fit(
    model: keras.Model,
    batches: tf.data.Dataset,
    out: Path,
    *,
    epochs: int,
    steps: int | None = None,
    validation: Any = None,
    callbacks: tuple[keras.callbacks.Callback, ...] = (),
) -> dict[str, list[float]]:
    """Train, or go on with a training that was broken off, and leave the weights in `out`.

    A training that is finished there is not begun again: its weights are read.

    Args:
        model: compiled.
        batches: an endless data set where `steps` is given, else one pass.
        out: folder for `state/` (the checkpoint), `history.csv` and `WEIGHTS`.
        epochs: of `steps` batches each.
        steps: batches in an epoch.
        validation: data set judged after each epoch.
        callbacks: more of them.

    Returns:
        The history by column; also in `history.json`.
    """
    if (out / WEIGHTS).is_file():
        model.load_weights(out / WEIGHTS)
        return history(out)
    out.mkdir(parents=True, exist_ok=True)
    averaged = [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)] if model.optimizer.use_ema else []
    model.fit(
        batches,
        epochs=epochs,
        shuffle=False,  # the batches come shuffled
        steps_per_epoch=steps,
        validation_data=validation,
        callbacks=[
            Keep(out / WEIGHTS),
            keras.callbacks.BackupAndRestore(str(out / "state")),
            *averaged,
            keras.callbacks.CSVLogger(str(out / HISTORY), append=True),
            *callbacks,
        ],
        verbose=1 if os.isatty(1) else 2,
    )
    return history(out)


class Keep(keras.callbacks.Callback):
    """Saves the weights as soon as a training ends, before its checkpoint goes.

    Not after `fit`, which may never return: it takes its data set down, and TensorFlow waits there for a thread that
    waits for Python.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def on_train_end(self, _logs: Any = None) -> None:
        """Save."""
        begun = self._path.with_name(f"begun-{self._path.name}")
        self.model.save_weights(begun)
        begun.replace(self._path)


def history(out: Path) -> dict[str, list[float]]:
    """The columns of `HISTORY`; a copy goes to `history.json`."""
    columns = read_history(out)
    (out / "history.json").write_text(json.dumps(columns, indent=1) + "\n")
    return columns
