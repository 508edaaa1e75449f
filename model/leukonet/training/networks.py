"""The three networks. Each takes `(n, height, width, 3)` RGB of 0 to 255 and scales it itself."""

from typing import Any

import keras

from leukonet.cells import CLASS_NAMES, PAPER_CLASSES
from leukonet.field import SIZE
from leukonet.preprocessing import CANVAS, CROP
from leukonet.training.mixing import MixedStyle
from leukonet.training.normalising import BatchNormalization

L = keras.layers


def paper(*, centred: bool = False) -> keras.Model:
    """The paper's network: 2,222,084 weights, tanh throughout.

    Two 9x9 convolutions (32, 64) with 2x2 max-pooling, a dense layer of 64 (our reading of the
    paper's weight count) with dropout of 0.1 before and after it, softmax over four classes.

    Args:
        centred: levels are scaled to -1 to 1; else to 0 to 1.

    Output shape:
        `(n, 4)` probabilities in the order of `PAPER_CLASSES`.
    """
    image = keras.Input((SIZE[1], SIZE[0], 3), name="image")
    x = L.Rescaling(1 / 127.5, offset=-1)(image) if centred else L.Rescaling(1 / 255)(image)
    for filters in (32, 64):
        x = L.Conv2D(filters, 9, padding="same", activation="tanh")(x)
        x = L.MaxPooling2D(2)(x)
    x = L.Dropout(0.1)(L.Flatten()(x))
    x = L.Dropout(0.1)(L.Dense(64, activation="tanh")(x))
    x = L.Dense(len(PAPER_CLASSES), activation="softmax", dtype="float32")(x)
    return keras.Model(image, x, name="paper")


def locator() -> keras.Model:
    """Finds white cells on a canvas of `CANVAS` pixels, at a stride of 8.

    Output shape:
        `(n, CANVAS/8, CANVAS/8, 5)`: logit of a cell's centre; its offset from the grid cell's middle
        in x and y, in units of 8 pixels; the base-2 logarithms of width / 64 and height / 64.
    """
    image = keras.Input((CANVAS, CANVAS, 3), name="canvas")
    x = _unit(L.Rescaling(1 / 127.5, offset=-1)(image), 16, kernel=5, stride=4)
    fine = _residual(x, 16, 1)
    middle = _residual(_residual(fine, 32, 2), 32, 1)
    deep = _residual(_residual(middle, 64, 2), 64, 1)
    deepest = _residual(_residual(deep, 96, 2), 96, 1)
    deep = _merged(deepest, deep, 64)
    middle = _merged(deep, middle, 48)
    out = L.Conv2D(5, 1, dtype="float32", bias_initializer=_rare, name="cells")(_unit(middle, 48))
    return keras.Model(image, out, name="locator")


def classifier(*, mixed: bool = False) -> keras.Model:
    """Names the cell that a crop of `CROP` pixels shows.

    Six residual blocks of 32, 64 and 128 filters, from a quarter of the crop's size down: a stage of 16 filters at half
    the size would make a training step half as dear again.

    Args:
        mixed: styles are mixed after the first convolution and the first stage, in training only.

    Output shape:
        `(n, 8)` logits in the order of `CLASS_NAMES`.
    """
    image = keras.Input((CROP, CROP, 3), name="crop")
    x = _unit(L.Rescaling(1 / 127.5, offset=-1)(image), 16, stride=2)
    for filters in (32, 64, 128):
        x = MixedStyle()(x) if mixed and filters < 128 else x
        x = _residual(_residual(x, filters, 2), filters, 1)
    x = L.Dropout(0.2)(L.GlobalAveragePooling2D()(x))
    x = L.Dense(len(CLASS_NAMES), dtype="float32", name="classes")(x)
    return keras.Model(image, x, name="classifier")


def _unit(x: Any, filters: int, kernel: int = 3, stride: int = 1, *, active: bool = True) -> Any:
    x = L.Conv2D(filters, kernel, stride, padding="same", use_bias=False)(x)
    x = BatchNormalization(momentum=0.98)(x)
    return L.ReLU()(x) if active else x


def _residual(x: Any, filters: int, stride: int) -> Any:
    """Two 3x3 convolutions beside a short cut (He et al., arXiv:1512.03385)."""
    y = _unit(_unit(x, filters, stride=stride), filters, active=False)
    if stride > 1 or x.shape[-1] != filters:
        x = _unit(x, filters, kernel=1, stride=stride, active=False)
    return L.ReLU()(L.Add()([x, y]))


def _merged(coarse: Any, fine: Any, filters: int) -> Any:
    """A coarse map enlarged twice and joined with a finer one."""
    coarse = L.UpSampling2D(2)(_unit(coarse, filters, kernel=1))
    return _unit(L.Concatenate()([coarse, fine]), filters)


def _rare(shape: tuple[int, ...], dtype: Any = None) -> Any:
    """Bias that makes a cell's centre improbable at first (Lin et al., arXiv:1708.02002, 4.1)."""
    return keras.ops.convert_to_tensor([-4.0] + [0.0] * (shape[0] - 1), dtype)
