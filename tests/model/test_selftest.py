"""A bundle proves itself on a synthetic field before it is trusted with real ones."""

from dataclasses import replace

import pytest

from leukonet.bundle import load_bundle, shipped
from leukonet.errors import BundleDamaged
from leukonet.selftest import prove


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_bundle_sees_the_synthetic_cell(name):
    """Otherwise no service would start with it."""
    assert prove(load_bundle(name)) is None


def test_a_bundle_that_sees_nothing_is_refused():
    """Its files are whole and it runs, and yet every slide would be counted as empty."""
    blind = replace(load_bundle(), cell_threshold=1.1)

    with pytest.raises(BundleDamaged, match="finds no cell on a synthetic field: reinstall it"):
        prove(blind)


def test_a_bundle_whose_networks_are_exchanged_is_refused():
    """Each file is whole; neither is what its name says."""
    bundle = load_bundle()
    locator, classifier = bundle.networks.values()
    exchanged = replace(bundle, networks=dict(zip(bundle.networks, (classifier, locator), strict=True)))

    with pytest.raises(BundleDamaged):
        prove(exchanged)
