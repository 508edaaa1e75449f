"""A bundle is used only where every byte of it is what its manifest says."""

import hashlib
import json
import pickle
import shutil
from pathlib import Path

import pytest

from leukonet.analysis import analyse
from leukonet.bundle import DEFAULT, MANIFEST, SHIPPED, Kind, load_bundle, load_locating, shipped
from leukonet.errors import BundleDamaged, BundleMissing, DataError
from leukonet.phantom import field_bytes

FILES = ("locator.tflite", "classifier.tflite", "CARD.md")


@pytest.fixture
def folder(tmp_path) -> Path:
    """A copy of the shipped bundle, to break."""
    return shutil.copytree(SHIPPED / DEFAULT, tmp_path / "broken")


def change(folder: Path, **facts) -> None:
    """Write other values into the manifest."""
    path = folder / MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_bytes()), **facts}))


def put(folder: Path, file: str, content: bytes) -> None:
    """Replace a file and its sum: damage that the sums cannot show."""
    (folder / file).write_bytes(content)
    files = json.loads((folder / MANIFEST).read_bytes())["files"]
    change(folder, files={**files, file: hashlib.sha256(content).hexdigest()})


def test_the_default_is_shipped_and_locates_and_classifies(bundle):
    """What the daemon takes where nobody chooses."""
    assert DEFAULT in shipped()
    assert Kind.LOCATE_CLASSIFY is bundle.kind
    assert {"locator.tflite", "classifier.tflite"} == set(bundle.networks)


def test_a_name_and_a_folder_lead_to_the_same_bundle(bundle, folder):
    """The identity is the content's, wherever it lies."""
    assert bundle == load_bundle(folder) == load_bundle(str(folder))


def test_its_identity_is_the_sum_of_its_manifest(bundle):
    """And the manifest holds the sums of all the rest."""
    manifest = (SHIPPED / DEFAULT / MANIFEST).read_bytes()

    assert hashlib.sha256(manifest).hexdigest() == bundle.sha256
    assert set(FILES) == set(json.loads(manifest)["files"])


def test_it_crosses_a_process_boundary(bundle):
    """Workers get it as it is."""
    assert bundle == pickle.loads(pickle.dumps(bundle))


@pytest.mark.parametrize("name", ["nowhere", "", "../smear", "a\0b"])
def test_a_bundle_that_is_not_there_is_missing_and_the_shipped_ones_are_named(name, monkeypatch, tmp_path):
    """The remedy is to name one of those."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BundleMissing, match=DEFAULT):
        load_bundle(name)


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("place", [0.0, 0.5, 0.999])
def test_one_changed_bit_in_any_file_is_found(folder, file, place):
    """And the message names the file."""
    content = bytearray((folder / file).read_bytes())
    content[int(place * len(content))] ^= 1
    (folder / file).write_bytes(content)

    with pytest.raises(BundleDamaged, match=rf"{file}.*reinstall"):
        load_bundle(folder)


def test_one_changed_bit_in_the_manifest_is_found_or_makes_another_bundle(bundle, folder):
    """Results carry the identity, so a changed threshold can never pass for the released one."""
    manifest = bytearray((folder / MANIFEST).read_bytes())
    for place in range(0, len(manifest), 7):
        manifest[place] ^= 1
        (folder / MANIFEST).write_bytes(manifest)
        manifest[place] ^= 1
        try:
            found = load_bundle(folder)
        except BundleDamaged:
            continue
        assert bundle.sha256 != found.sha256


@pytest.mark.parametrize("file", FILES)
def test_an_absent_file_is_found(folder, file):
    """Also the card, without which nobody knows what the bundle is good for."""
    (folder / file).unlink()

    with pytest.raises(BundleDamaged, match=rf"{file}.*reinstall"):
        load_bundle(folder)


@pytest.mark.parametrize(
    "content", [b"", b"not json", b"[]", b"null", b"{}", b"\xff\xfe{}", b'"text"', b"[" * 100_000]
)
def test_a_manifest_that_is_none_is_damage(folder, content):
    """Whatever else stands in the file."""
    (folder / MANIFEST).write_bytes(content)

    with pytest.raises(BundleDamaged, match="not a manifest of format 1"):
        load_bundle(folder)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"format": 2}, "format 2, this version reads 1; take the version that made it"),
        ({"kind": "oracle"}, "oracle"),
        ({"preprocessing": {"light": "even"}}, "made for the preprocessing .*even"),
        ({"preprocessing": None}, "made for the preprocessing None"),
        ({"classes": ["neutrophil", "unicorn"]}, "unknown class 'unicorn'"),
        ({"classes": ["neutrophil"]}, "two classes"),
        ({"classes": ["neutrophil", "neutrophil"]}, "twice"),
        ({"classes": "neutrophil"}, "unknown class"),
        ({"classes": None}, "manifest"),
        ({"temperature": 0}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"temperature": "warm"}, "manifest"),
        ({"temperature": 10**400}, "manifest"),
        ({"cell_threshold": 1.5}, "cell_threshold 1.5"),
        ({"cell_threshold": float("nan")}, "cell_threshold"),
        ({"unclassified_below": -0.1}, "unclassified_below -0.1"),
        ({"raised": 1.5}, "raised 1.5"),
        ({"files": {}}, "locator.tflite"),
        ({"files": ["locator.tflite"]}, "manifest"),
        ({"kind": "field"}, "field.tflite"),
    ],
)
def test_a_manifest_that_makes_no_sense_is_damage(folder, facts, words):
    """It says what is wrong, before a cell is looked at."""
    change(folder, **facts)

    with pytest.raises(BundleDamaged, match=words):
        load_bundle(folder)


@pytest.mark.parametrize("name", ["../secret", "/etc/hostname", "..", "a/../../secret"])
def test_a_manifest_cannot_lead_out_of_its_folder(folder, name):
    """Even where the sum of the file outside is right."""
    secret = folder.parent / "secret"
    secret.write_bytes(b"secret")
    files = json.loads((folder / MANIFEST).read_bytes())["files"]
    change(folder, files={**files, name: hashlib.sha256(b"secret").hexdigest()})

    with pytest.raises(BundleDamaged, match="cannot be read"):
        load_bundle(folder)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("locator.tflite", b""),
        ("locator.tflite", b"no network"),
        ("locator.tflite", SHIPPED / DEFAULT / "classifier.tflite"),
        ("classifier.tflite", SHIPPED / DEFAULT / "locator.tflite"),
    ],
    ids=["empty", "no network", "another's shape", "and the other way round"],
)
def test_a_network_of_another_shape_is_damage(folder, file, content):
    """It is told at the first field, not read as scores."""
    put(folder, file, content if isinstance(content, bytes) else content.read_bytes())
    broken = load_bundle(folder)

    with pytest.raises(BundleDamaged, match=rf"{file}.*reinstall"):
        analyse(field_bytes(1), broken)


def test_a_network_with_another_number_of_classes_is_damage(folder):
    """Names would stand beside the wrong scores."""
    change(folder, classes=["neutrophil", "lymphocyte"])
    broken = load_bundle(folder)

    with pytest.raises(BundleDamaged, match=r"classifier.tflite: gives \[1, 8\], not 2"):
        analyse(field_bytes(1), broken)


def test_the_papers_bundle_has_no_locator_to_ask():
    """What tunes, measures or takes over a locator or a classifier says so before it begins."""
    with pytest.raises(DataError, match="bundle paper is of kind field: it has no locator and no classifier"):
        load_locating("paper")


def test_a_bundle_that_locates_is_the_same_whoever_asks(bundle):
    """Checked, and otherwise as it was read."""
    assert bundle == load_locating()
