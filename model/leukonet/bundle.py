"""A bundle: a released model with everything needed to use it and to prove that it is whole."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from leukonet.cells import BY_NAME
from leukonet.errors import BundleDamaged, BundleMissing, DataError
from leukonet.preprocessing import PREPROCESSING

MANIFEST = "manifest.json"
FORMAT = 1
"""Version of the manifest that this code reads."""
SHIPPED = Path(__file__).parent / "bundles"
DEFAULT = "smear-8"
"""The shipped production bundle."""


class Kind(StrEnum):
    """How a bundle answers."""

    FIELD = "field"
    """One answer for the whole image."""
    LOCATE_CLASSIFY = "locate-classify"
    """Every cell located, then named."""


FIELD, LOCATOR, CLASSIFIER = "field.tflite", "locator.tflite", "classifier.tflite"
"""Names of the network files."""
NETWORKS = {Kind.FIELD: (FIELD,), Kind.LOCATE_CLASSIFY: (LOCATOR, CLASSIFIER)}
"""Network files of each kind."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle whose files were checked against its manifest."""

    name: str
    kind: Kind
    sha256: str
    """Of the manifest, which holds the sums of all other files: the bundle's identity."""
    networks: Mapping[str, bytes]
    """Content of each network file, by its name."""
    classes: tuple[str, ...]
    """What the outputs of the classifier (or of the field network) stand for, in order."""
    cell_threshold: float
    """A located place counts as a cell from this score on, 0 to 1."""
    unclassified_below: float
    """A cell whose first probability is lower waits for a person, 0 to 1."""
    temperature: float
    """Logits are divided by this before the softmax, so that probabilities are calibrated."""
    mirrored: bool
    """The classifier's answer to a crop of which it is not sure is the mean over four mirror images."""
    raised: float
    """How far a pale stain is raised before the networks look: 0 not at all, 1 to the usual."""
    provenance: Mapping[str, Any]
    """Data, splits, seeds and figures, as the manifest tells them."""


def shipped() -> list[str]:
    """Names of the bundles that come with the package."""
    return sorted(path.parent.name for path in SHIPPED.glob(f"*/{MANIFEST}"))


def load_bundle(name: str | Path = DEFAULT) -> Bundle:
    """Read a bundle and check every file of it.

    Args:
        name: of a shipped bundle, or the path of a folder that holds one.

    Raises:
        BundleMissing: there is no such bundle.
        BundleDamaged: a file is absent, altered, or does not fit the manifest.
    """
    folder = _find(name)
    raw = _read(folder / MANIFEST)
    try:
        return _checked(folder, raw, json.loads(raw))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        raise BundleDamaged(
            f"{folder / MANIFEST}: not a manifest of format {FORMAT} ({error!r}); reinstall the bundle"
        ) from error


def load_locating(name: str | Path = DEFAULT) -> Bundle:
    """Read a bundle that has a locator and a classifier, for what asks one of them.

    Args:
        name: as `load_bundle`.

    Raises:
        BundleMissing, BundleDamaged: as `load_bundle`.
        DataError: it gives one answer for the whole image.
    """
    bundle = load_bundle(name)
    if bundle.kind is not Kind.LOCATE_CLASSIFY:
        raise DataError(
            f"bundle {bundle.name} is of kind {bundle.kind}: it has no locator and no classifier; "
            f"name one of kind {Kind.LOCATE_CLASSIFY}"
        )
    return bundle


def _find(name: str | Path) -> Path:
    for folder in (SHIPPED / name, Path(name)):
        if (folder / MANIFEST).is_file():
            return folder
    raise BundleMissing(
        f"no bundle {str(name)!r}: neither shipped ({', '.join(shipped())}) nor a folder with a {MANIFEST}"
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BundleDamaged(f"{path}: cannot be read ({error.strerror}); reinstall the bundle") from error


def _checked(folder: Path, raw: bytes, manifest: dict[str, Any]) -> Bundle:
    if manifest["format"] != FORMAT:
        raise BundleDamaged(
            f"{folder / MANIFEST}: format {manifest['format']!r}, this version reads {FORMAT}; "
            "take the version that made it, or pack the bundle anew"
        )
    kind = Kind(manifest["kind"])
    files: dict[str, bytes] = {}
    for file, expected in manifest["files"].items():
        files[file] = _read(folder / Path(file).name)
        if hashlib.sha256(files[file]).hexdigest() != expected:
            raise BundleDamaged(f"{folder / file}: its SHA-256 is not the manifest's; reinstall the bundle")
    bundle = Bundle(
        name=manifest["name"],
        kind=kind,
        sha256=hashlib.sha256(raw).hexdigest(),
        networks={file: files[file] for file in NETWORKS[kind]},
        classes=tuple(manifest["classes"]),
        cell_threshold=float(manifest["cell_threshold"]),
        unclassified_below=float(manifest["unclassified_below"]),
        temperature=float(manifest["temperature"]),
        mirrored=manifest.get("mirrored", False) is True,
        raised=float(manifest.get("raised", 0)),
        provenance=manifest["provenance"],
    )
    fault = _fault(bundle) or _strange(kind, manifest)
    if fault:
        raise BundleDamaged(f"{folder / MANIFEST}: {fault}; reinstall the bundle")
    return bundle


def _strange(kind: Kind, manifest: dict[str, Any]) -> str:
    """In what the networks would be shown something else than they were trained on, or an empty string."""
    if kind is Kind.FIELD or manifest["preprocessing"] == PREPROCESSING:
        return ""
    return f"made for the preprocessing {manifest['preprocessing']}, this version has {PREPROCESSING}"


def _fault(bundle: Bundle) -> str:
    """What no released bundle has, or an empty string."""
    unknown = set(bundle.classes) - set(BY_NAME)
    if unknown:
        return f"unknown class {min(unknown)!r}"
    if len(set(bundle.classes)) < max(2, len(bundle.classes)):
        return "fewer than two classes, or one twice"
    if not 0 < bundle.temperature < math.inf:
        return f"temperature {bundle.temperature} is not above 0"
    for key in ("cell_threshold", "unclassified_below", "raised"):
        if not 0 <= getattr(bundle, key) <= 1:
            return f"{key} {getattr(bundle, key)} is not from 0 to 1"
    return ""
