"""A model that is absent, altered or of another make is never used: no image is judged by it, and none is lost."""

import hashlib
import json
import math
import re
import shutil
import struct

import pytest
from ai_edge_litert.interpreter import Interpreter

from faults.accounts import Account, account, counted, settled
from leukonet.bundle import DEFAULT, MANIFEST, SHIPPED
from leukonet.preprocessing import CROP

pytestmark = pytest.mark.slow


@pytest.fixture
def bundle(home, tmp_path):
    """A copy of the shipped bundle, which the home's service uses."""
    copy = shutil.copytree(SHIPPED / DEFAULT, tmp_path / "bundle")
    home._variables["LEUKOWATCH_ANALYSIS__BUNDLE"] = str(copy)
    return copy


def put(bundle, file, content):
    """Write a network into a bundle as if it had been released so, with its sum in the manifest."""
    manifest = json.loads((bundle / MANIFEST).read_text())
    manifest["files"][file] = hashlib.sha256(content).hexdigest()
    (bundle / file).write_bytes(content)
    (bundle / MANIFEST).write_text(json.dumps(manifest))


def missing(bundle):
    """The bundle is not where the settings say."""
    shutil.rmtree(bundle)


def flipped(bundle):
    """One bit of a network's file has changed on disk."""
    content = bytearray((bundle / "classifier.tflite").read_bytes())
    content[len(content) // 2] ^= 1
    (bundle / "classifier.tflite").write_bytes(content)


def misshapen(bundle):
    """The classifier is a network of another shape."""
    put(bundle, "classifier.tflite", (SHIPPED / DEFAULT / "locator.tflite").read_bytes())


def crashing(bundle):
    """A classifier whose first scale is no number: LiteRT takes it, and ends the process with a segmentation fault."""
    sound = (bundle / "classifier.tflite").read_bytes()
    scale, _ = Interpreter(model_content=sound).get_input_details()[0]["quantization"]
    put(bundle, "classifier.tflite", sound.replace(struct.pack("<f", scale), struct.pack("<f", math.nan)))


@pytest.mark.parametrize("damage", [missing, flipped, misshapen])
def test_damaged_bundle_is_refused_and_the_images_wait(home, phantoms, bundle, damage):
    """The service does not start, says what to do, and leaves the inbox as it is; mended, it counts all."""
    home.command(
        "db", "upgrade"
    )  # else there are no rows to look at: the bundle is loaded before a database is made
    (home.inbox / "S").mkdir()
    (home.inbox / "S" / "a.jpg").write_bytes(phantoms[0])
    damage(bundle)
    refused = home.command("scan")
    left = account(home, "S")
    del home._variables["LEUKOWATCH_ANALYSIS__BUNDLE"]
    home.command("scan")

    assert 11 == refused.returncode
    assert re.search("no bundle|reinstall", refused.stderr.splitlines()[-1])
    assert Account(inbox=["a.jpg"]) == left
    assert counted("a.jpg") == account(home, "S")


def test_network_that_ends_its_process_is_refused_by_service_and_doctor(home, phantoms, bundle):
    """A segmentation fault in LiteRT ends a worker, and then service and doctor say so: neither dies of it."""
    (home.inbox / "S").mkdir()
    (home.inbox / "S" / "a.jpg").write_bytes(phantoms[0])
    crashing(bundle)
    ran = home.command("run")
    doctor = home.command("doctor")
    left = account(home, "S")
    del home._variables["LEUKOWATCH_ANALYSIS__BUNDLE"]
    home.command("scan")

    assert (11, 14) == (ran.returncode, doctor.returncode)
    assert "its networks end the process that runs them (SIGSEGV)" in ran.stderr.splitlines()[-1]
    assert "SIGSEGV" in doctor.stdout + doctor.stderr
    assert Account(inbox=["a.jpg"]) == left
    assert counted("a.jpg") == account(home, "S")


def test_scores_that_are_no_numbers_are_never_counted(home, phantoms, bundle):
    """A classifier that answers NaN is refused at the start, with code 12; the image waits for another bundle."""
    put(bundle, "classifier.tflite", no_numbers())
    (home.inbox / "S").mkdir()
    (home.inbox / "S" / "a.jpg").write_bytes(phantoms[0])
    refused = home.command("scan")
    left = account(home, "S")
    del home._variables["LEUKOWATCH_ANALYSIS__BUNDLE"]
    home.command("scan")

    assert 12 == refused.returncode
    assert Account(inbox=["a.jpg"]) == left
    assert counted("a.jpg") == account(home, "S")


def test_bundle_that_changes_while_the_service_runs_is_not_used(home, phantoms, bundle):
    """New workers refuse what the daemon has not checked: it ends with an error, and no image is judged by it."""
    (home.inbox / "S").mkdir()
    with home.service() as process:
        (home.inbox / "S" / "a.jpg").write_bytes(phantoms[0])
        settled(home, "S", 1)
        flipped(bundle)
        (home.inbox / "S" / "b.jpg").write_bytes(phantoms[1] + b"segfault")
        code = process.wait(120)
    left = account(home, "S")

    assert 16 == code
    assert Account({"a.jpg": ["counted"]}, ["b.jpg"], ["a.jpg"], fields=1) == left


def no_numbers() -> bytes:
    """Give a network of the classifier's shape whose every score is the root of a negative number."""
    tensorflow = pytest.importorskip("tensorflow")

    def scores(crop):
        brightness = tensorflow.reduce_mean(tensorflow.cast(crop, tensorflow.float32))
        return tensorflow.sqrt(-1.0 - brightness) * tensorflow.ones([1, 8])

    taken = tensorflow.TensorSpec([1, CROP, CROP, 3], tensorflow.uint8)
    function = tensorflow.function(scores, input_signature=[taken]).get_concrete_function()
    return tensorflow.lite.TFLiteConverter.from_concrete_functions([function]).convert()
