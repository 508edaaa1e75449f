"""Makes a classifier's probabilities mean what they say, and sets from where on it commits itself."""

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar

from leukonet.classify import probabilities
from leukonet.training import reliability

Logits = npt.NDArray[np.float32]
Classes = npt.NDArray[np.int64]


def temperature(logits: Logits, classes: Classes, weights: npt.NDArray[np.float64]) -> float:
    """Temperature of least weighted cross-entropy (Guo et al., arXiv:1706.04599).

    Args:
        logits: `(n, classes)` on validation data.
        classes: `(n,)` true index.
        weights: `(n,)` of each picture, so that a large set does not drown a small one.
    """

    def cross_entropy(log_temperature: float) -> float:
        shares = probabilities(logits, float(np.exp(log_temperature)))
        return float(np.average(-np.log(shares[np.arange(len(classes)), classes] + 1e-9), weights=weights))

    found = minimize_scalar(cross_entropy, bounds=(-2.0, 2.0), method="bounded")
    return float(np.exp(found.x))


def commit_from(logits: Logits, heat: float, coverage: float) -> float:
    """First probability below which a cell is left unclassified: the validation data's `1 - coverage` quantile.

    The least certain part of the validation cells then waits for a person; never above 0.9, where even a
    careful reader would take the network's word, and never below 0.4.
    """
    first = probabilities(logits, heat).max(axis=1)
    return float(np.clip(np.quantile(first, 1 - coverage), 0.4, 0.9))


def expected_error(logits: Logits, classes: Classes, heat: float) -> float:
    """Expected calibration error, 0 to 1: the gap between confidence and accuracy, over equal-width bins."""
    shares = probabilities(logits, heat)
    return reliability.expected_error(
        reliability.bins_of(shares.max(axis=1), shares.argmax(axis=1) == classes)
    )
