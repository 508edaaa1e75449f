"""Mutated bundles, through loading, opening and a look with what was accepted."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from fuzz.mutating import mutated
from leukonet.analysis import analyse
from leukonet.bundle import DEFAULT, MANIFEST, SHIPPED, load_bundle
from leukonet.errors import BundleError, LeukonetError
from leukonet.phantom import field_bytes

_ODD: list[Any] = [
    None, True, -1, 0, 0.5, 2, 1e308, float("nan"), float("inf"), 10**400, "", "../x", "/etc/passwd", "a\0b",
    [], {}, [1], ["neutrophil"], ["neutrophil", "neutrophil"], ["monocyte", "basophil"], {"a": {}}, "field",
]  # fmt: skip


class Bundles:
    """A copy of a shipped bundle, of which one file is mutated in each case.

    Args:
        home: gets the copies.
    """

    def __init__(self, home: Path) -> None:
        self._field = field_bytes(1)
        self._folders = [home / name for name in ("paper", DEFAULT)]
        for folder in self._folders:
            shutil.copytree(SHIPPED / folder.name, folder)

    def __call__(self, rng: Random) -> str:
        """One bundle: refused with its reason, or used as it is."""
        folder = rng.choice(self._folders)
        path = rng.choice(sorted(folder.iterdir())) if rng.random() < 0.4 else folder / MANIFEST
        whole = path.read_bytes()
        changed = (
            _odd_manifest(rng, whole)
            if path.name == MANIFEST and rng.random() < 0.6
            else mutated(rng, whole, [whole])
        )
        path.write_bytes(changed)
        try:
            bundle = load_bundle(folder)
            assert changed == whole or path.name == MANIFEST, f"a changed {path.name} was accepted"
            analyse(self._field, replace(bundle, name="fuzzed"))
        except BundleError as error:
            return error.reason
        except LeukonetError as error:
            return error.reason
        finally:
            path.write_bytes(whole)
        return "used"


def _odd_manifest(rng: Random, whole: bytes) -> bytes:
    """A manifest that is JSON, with values that no release has."""
    manifest = json.loads(whole)
    for _ in range(rng.randint(1, 2)):
        place: Any = manifest
        key = rng.choice(sorted(place))
        if isinstance(place[key], dict) and rng.random() < 0.5:
            place, key = place[key], rng.choice([*place[key], "new"])
        if rng.random() < 0.2:
            place.pop(key, None)
            manifest.setdefault("spare", 0)
        else:
            place[key] = rng.choice(_ODD)
    return json.dumps(manifest).encode()
