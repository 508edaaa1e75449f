"""What is fuzzed: each target takes one case's random generator and says what came of it."""

from collections.abc import Callable
from pathlib import Path
from random import Random

from fuzz.bundles import Bundles
from fuzz.images import Images
from fuzz.networks import Networks
from fuzz.settings import SettingsFiles
from fuzz.sidecars import Sidecars

Case = Callable[[Random], str]
"""Gives a word for the outcome; raises where the code under test did what it must not."""

TARGETS: dict[str, Callable[[Path], Case]] = {
    "images": Images,
    "settings": SettingsFiles,
    "bundles": Bundles,
    "networks": Networks,
    "sidecars": Sidecars,
}
"""Makers of targets, given a home."""
SHARES = {"images": 0.57, "settings": 0.22, "bundles": 0.10, "networks": 0.03, "sidecars": 0.08}
"""Of all cases."""
