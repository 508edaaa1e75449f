"""Finds the weights of `leukonet.likeness`: a logistic regression on the traits and their products.

It learns from the training parts' fields, the same as other microscopes might show them, phantoms, and the tuning
list of `not_smears`; the limit is then laid where it refuses few of the strange fields. The testing list is not looked
at.
"""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from leukonet.assess import Drawn, measured, part_filled, why_plainly_not
from leukonet.labels import read_image
from leukonet.likeness import REACH, terms
from leukonet.phantom import render_field
from leukonet.training.datasets import TRAINING_PARTS, read_dataset
from leukonet.training.not_smears import tuning
from leukonet.training.strange import strange
from leukonet.views import on_canvas

Numbers = npt.NDArray[np.float64]

STEP = {"pbc": 8}
"""Of a set with thousands of like pictures, every so many-th teaches."""
PHANTOMS = 300
"""Shown plain and strange, as the fields are: at sizes and zooms that the sets do not have."""
RECOLOURED = 2
"""Times that each tuning picture is shown in other colours, as smears are."""
WEIGHT = 2.0
"""Of a picture that is no smear, where a smear weighs 1: there are fewer of them."""
RIDGE = 10.0
"""On the squared weights. Of 1, 3 and 10 it leaves the most room on both sides of the limit, on what it learns from."""
REFUSED = 0.006
"""Share of the strange fields that the limit refuses. With less, a second cloud of noise passes."""
SEED = 5


def tune(data: Path) -> str:
    """Fit the weights.

    Args:
        data: folder of the labelled sets.

    Returns:
        `CENTRE`, `SPREAD` and `WEIGHTS` as they stand in `leukonet.likeness`.

    Raises:
        DataError: a set or a package with photographs is missing.
    """
    own = _terms(chain(_fields(data), _phantoms()))
    rng = np.random.default_rng(SEED)
    seen_so = _terms(strange(image, rng) for image in chain(_fields(data), _phantoms()))
    none = _terms(_not_smears(np.random.default_rng([SEED, 1])))
    smears = np.concatenate([own, seen_so])
    centre, spread = smears.mean(axis=0).round(3), smears.std(axis=0).round(3)
    products = _products(np.clip((np.concatenate([smears, none]) - centre) / spread, -REACH, REACH))
    truth = np.arange(len(products)) < len(smears)
    weights = _regression(products, truth.astype(float), np.where(truth, 1.0, WEIGHT))
    weights[0] -= np.quantile(products[len(own) : len(smears)] @ weights, REFUSED)
    return _as_code(centre, spread, weights.round(3))


def _fields(data: Path) -> Iterator[Image.Image]:
    for name, part in TRAINING_PARTS.items():
        for field in read_dataset(data, name, part)[:: STEP.get(name, 1)]:
            yield read_image(field)


def _phantoms() -> Iterator[Image.Image]:
    for number in range(PHANTOMS):
        rng = np.random.default_rng([SEED, number])
        width = int(rng.integers(100, 640))
        drawn = render_field(rng, width, round(0.8 * width), magnification=rng.uniform(0.4, 1.5))
        yield Image.fromarray(drawn.pixels)


def _not_smears(rng: np.random.Generator) -> Iterator[Image.Image]:
    for picture in tuning():
        yield picture.image
        for _ in range(RECOLOURED):
            yield strange(picture.image, rng)


def _terms(images: Iterator[Image.Image]) -> Numbers:
    """The terms of those that are neither blank nor grey nor refused by a single measure."""
    fields = (Drawn(part_filled(on_canvas(image), image.size)) for image in images)
    return np.array([terms(measured(field)) for field in fields if not why_plainly_not(field)], float)


def _products(far: Numbers) -> Numbers:
    """A row's 1, its traits and their products, as the upper triangle of `WEIGHTS` has them."""
    told = np.concatenate([np.ones((len(far), 1)), far], axis=1)
    first, second = np.triu_indices(told.shape[1])
    products: Numbers = told[:, first] * told[:, second]
    return products


def _regression(products: Numbers, truth: Numbers, weight: Numbers) -> Numbers:
    """Logistic regression with a ridge, by Newton's method."""
    found: Numbers = np.zeros(products.shape[1])
    ridge = np.eye(products.shape[1]) * RIDGE
    ridge[0, 0] = 0.0
    for _ in range(8):
        share = 1 / (1 + np.exp(-np.clip(products @ found, -30, 30)))
        bend = weight * np.maximum(share * (1 - share), 1e-4)
        pull = products.T @ (weight * (truth - share)) - ridge @ found
        found = found + np.linalg.solve((products * bend[:, None]).T @ products + ridge, pull)
    return found


def _as_code(centre: Numbers, spread: Numbers, weights: Numbers) -> str:
    """The lines that stand in `leukonet.likeness`."""
    side = len(centre) + 1
    square = np.zeros((side, side))
    square[np.triu_indices(side)] = weights
    rows = [f"    {tuple(float(each) for each in row)}," for row in square]
    numbers = [
        f"{name}: tuple[float, ...] = {tuple(float(each) for each in row)}"
        for name, row in (("CENTRE", centre), ("SPREAD", spread))
    ]
    return "\n".join([*numbers, "WEIGHTS: tuple[tuple[float, ...], ...] = (", *rows, ")"])
