"""Shows what it spares and costs to look but once at a crop of which the classifier is sure: the choice is a person's.

Four mirror images of a crop take four times as long as the crop, and tell nothing new of most cells. A bundle that left
sources out is judged on these, one that left none out on what was held out of its training.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from leukonet.analysis import open_networks
from leukonet.bundle import Bundle
from leukonet.classify import lead
from leukonet.training.datasets import classes_known
from leukonet.training.left_out import judged_fields, located_crops
from leukonet.views import mirror_images

LEADS = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)
"""Of the first logit before the second, from which on the crop alone names its cell."""


def tune(data: Path, bundle: Bundle) -> Iterator[str]:
    """Judge a bundle with more and more crops looked at four times.

    Args:
        data: folder of the labelled sets.
        bundle: of kind `locate-classify`.

    Yields:
        A head, then a line a set and lead: the part of the located cells whose crop names them alone, how many of
        these the mean of four mirror images names otherwise, and the cells named right by this rule. What a set
        tests with is left out.

    Raises:
        DataError: data are missing.
    """
    network = open_networks(bundle)[1]
    known = classes_known(data, bundle.provenance["left_out"]) - {"artefact"}
    yield f"{'set':<10}{'lead':>6}{'cells':>7}{'alone':>8}{'otherwise':>11}{'right':>8}"
    for name, fields in judged_fields(data, bundle).items():
        pictures, truth = located_crops(fields, bundle, known)
        views = np.array([[network(image) for image in mirror_images(picture)] for picture in pictures])
        alone, together = views[:, 0].argmax(axis=1), views.mean(axis=1).argmax(axis=1)
        leads = np.array([lead(each) for each in views[:, 0]])
        for least in LEADS:
            sure = leads >= least
            right = np.where(sure, alone, together) == truth
            otherwise = int((alone != together)[sure].sum())
            yield f"{name:<10}{least:>6.1f}{len(truth):>7}{sure.mean():>8.1%}{otherwise:>11}{right.sum():>8}"
