"""Names a cell: logits of the network, with the locator's say, become probabilities, the two best the answer."""

from math import log

import numpy as np
from PIL import Image

from leukonet.bundle import CLASSIFIER, Bundle
from leukonet.cells import BY_NAME, Role
from leukonet.colour import Pixels
from leukonet.light import Light
from leukonet.network import Network, Scores
from leukonet.pale import raise_cell
from leukonet.preprocessing import CONTEXT, CROP
from leukonet.result import Box, Cell
from leukonet.views import crop, mirror_images, pixels

SURE = 2.0
"""Logits by which the first class leads the second one from which on a crop names its cell alone: its mirror images
would hardly ever name it otherwise (`leukonet train mirrors`)."""
SUREST = 0.999
"""No score of the locator says more than this, nor less than the rest of 1."""


def open_classifier(content: bytes, classes: int) -> Network:
    """The classifier's network, its shape checked."""
    return Network(content, CLASSIFIER, (CROP, CROP), classes)


def scores(network: Network, picture: Pixels, *, mirrored: bool, expected: Scores | float = 0.0) -> Scores:
    """The logits of one crop, `(classes,)`.

    Args:
        network: from `open_classifier`.
        picture: `(CROP, CROP, 3)` uint8.
        mirrored: of a crop that is not `SURE`, the mean over its four mirror images; else of each as it is.
        expected: added to the logits, `(classes,)`.

    Raises:
        BundleDamaged: the network does not run.
        BadScores: it gave a score that is no number.
    """
    alone = network(picture)
    if not mirrored or lead(alone + expected) >= SURE:
        return alone + expected
    _, *others = mirror_images(picture)
    together: Scores = np.mean([alone, *map(network, others)], axis=0)
    return together + expected


def lead(logits: Scores) -> float:
    """By how much the first class's logit, of `(classes,)`, exceeds the second's."""
    second, first = np.sort(logits)[-2:]
    return float(first - second)


def name_at(
    bundle: Bundle, network: Network, image: Image.Image, light: Light, box: Box, score: float
) -> Cell:
    """Cut a located cell out of its field, and name it.

    Args:
        bundle: whose classifier `network` is.
        network: from `open_classifier`.
        image: the field as it came.
        light: the field's background, from its `Canvas`.
        box: the cell, in the field's pixels.
        score: of the place, 0 to 1.

    Raises:
        BundleDamaged, BadScores: as `scores`.
    """
    picture = cut(bundle, image, light, box)
    logits = scores(network, picture, mirrored=bundle.mirrored, expected=expected(bundle, score))
    return name(bundle, logits, box, score)


def cut(bundle: Bundle, image: Image.Image, light: Light, box: Box) -> Pixels:
    """Cut a place out of its field as a bundle's classifier sees it: `(CROP, CROP, 3)` uint8.

    Args:
        bundle: of kind `locate-classify`.
        image: the field as it came.
        light: the field's background, from its `Canvas`.
        box: the place, in the field's pixels.
    """
    return raise_cell(pixels(crop(image, box, light)), 1 / CONTEXT, bundle.raised)


def probabilities(logits: Scores, temperature: float) -> Scores:
    """Softmax of logits over a temperature (Guo et al., arXiv:1706.04599).

    Args:
        logits: `(..., classes)` float32.
        temperature: above 0; 1 changes nothing, more makes the answer less certain.

    Returns:
        Of the same shape, 0 to 1, summing to 1 along the last axis.
    """
    scaled = logits / temperature
    risen = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    shares: Scores = risen / risen.sum(axis=-1, keepdims=True)
    return shares


def expected(bundle: Bundle, score: float) -> Scores:
    """What the locator's score says of the classes: of what is no cell, less by its log-odds.

    Of two witnesses that err apart, the logits add up (Bayes). The bundle's temperature, which was fitted to the
    classifier's alone, divides both.

    Args:
        bundle: of kind `locate-classify`.
        score: of the place, 0 to 1.

    Returns:
        `(classes,)` float32, to be added to the logits; 0 for every cell's class.
    """
    believed = min(max(score, 1 - SUREST), SUREST)
    never = np.array([BY_NAME[name].role is Role.NEVER for name in bundle.classes], np.float32)
    told: Scores = -np.float32(log(believed / (1 - believed))) * never
    return told


def name(bundle: Bundle, logits: Scores, box: Box, score: float) -> Cell:
    """Make a cell of one row of logits, `(classes,)`."""
    shares = probabilities(logits, bundle.temperature)
    first, second = (int(index) for index in np.argsort(-shares, kind="stable")[:2])
    unclassified = bool(shares[first] < bundle.unclassified_below)
    return Cell(
        box=box,
        score=score,
        first=bundle.classes[first],
        first_probability=float(shares[first]),
        second=bundle.classes[second],
        second_probability=float(shares[second]),
        unclassified=unclassified,
        counts=not unclassified and BY_NAME[bundle.classes[first]].role is Role.COUNTED,
    )
