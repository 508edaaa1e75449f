"""Every recipe trains, goes on after a kill, and packs into a bundle; on synthetic sets, with TensorFlow.

As a program, `python test_training.py RECIPE DATA OUT`, it trains and kills itself in the second epoch.
"""

# ruff: noqa: PLC0415  TensorFlow takes long to import: quick tests collect this file and do not wait for it.

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from leukonet.analysis import analyse
from leukonet.bundle import Kind, load_bundle
from leukonet.network import Network
from leukonet.phantom import field_bytes
from leukonet.preprocessing import CROP
from leukonet.training.crops import read_crops
from leukonet.training.datasets import read_dataset
from leukonet.views import crop, on_canvas, pixels

# Keras warns of data sets whose length it does not know.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::UserWarning")]
RECIPES = ("locator", "classifier", "paper")
EPOCHS, STEPS = 2, 2


def train(recipe: str, data: Path, out: Path):
    """Run a recipe for a few steps."""
    from leukonet.training import train_classifier, train_locator, train_paper

    if recipe == "paper":
        return train_paper.train(data, out, epochs=EPOCHS)
    if recipe == "locator":
        fields, held = train_locator.sources(data, 1)
        return train_locator.train(fields, held, out, epochs=EPOCHS, steps=STEPS, size=2)
    fields, held = train_classifier.sources(data, 1)
    crops, watched = read_crops(fields, 1), read_crops(held, 1)
    return train_classifier.train(crops, watched, out, epochs=EPOCHS, steps=STEPS, size=4)


def train_and_die(recipe: str, data: Path, out: Path) -> None:
    """The same, killed by SIGKILL as soon as the second epoch begins."""
    import keras

    def die(_self: object, epoch: int, _logs: object = None) -> None:
        if epoch == 1:
            os.kill(os.getpid(), signal.SIGKILL)

    keras.callbacks.CSVLogger.on_epoch_begin = die
    train(recipe, data, out)


@pytest.fixture(scope="module", autouse=True)
def full_precision():
    """Recipes set a policy for the whole process; leave it as it was."""
    keras = pytest.importorskip("keras")
    yield
    keras.mixed_precision.set_global_policy("float32")


@pytest.fixture(scope="module")
def trained(synthetic_data, tmp_path_factory):
    """Each recipe's network, trained in two processes of which the first was killed; and the folder of the runs."""
    runs = tmp_path_factory.mktemp("runs")
    first = [
        subprocess.Popen(
            [sys.executable, __file__, recipe, synthetic_data, runs / recipe],
            env={**os.environ, "TF_NUM_INTRAOP_THREADS": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for recipe in RECIPES
    ]
    assert [-signal.SIGKILL] * 3 == [process.wait(timeout=300) for process in first]
    left = {recipe: sorted(path.name for path in (runs / recipe / "state").iterdir()) for recipe in RECIPES}
    assert {recipe: ["latest.weights.h5", "training_metadata.json"] for recipe in RECIPES} == left
    return {recipe: train(recipe, synthetic_data, runs / recipe) for recipe in RECIPES}, runs


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_killed_training_goes_on_where_it_was(trained, recipe):
    """No epoch is lost, none is trained twice, and the optimiser has counted every step."""
    networks, runs = trained
    lines = (runs / recipe / "history.csv").read_text().splitlines()
    steps = STEPS if recipe != "paper" else 1  # sixteen pictures are one batch

    assert [str(epoch) for epoch in range(EPOCHS)] == [line.split(",")[0] for line in lines[1:]]
    assert EPOCHS * steps == int(networks[recipe].optimizer.iterations)


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_finished_training_leaves_its_weights_and_history(trained, recipe):
    """And no checkpoint, which would only be stale."""
    _, runs = trained

    assert {"weights.weights.h5", "history.csv", "history.json"} <= {
        p.name for p in (runs / recipe).iterdir()
    }
    assert not (runs / recipe / "state").exists()


@pytest.fixture(scope="module")
def packed(trained, synthetic_data, tmp_path_factory):
    """Both kinds of bundle, from the finished runs."""
    import keras

    from leukonet.training import release

    keras.mixed_precision.set_global_policy("float32")
    _, runs = trained
    out = tmp_path_factory.mktemp("bundles")
    release.release_locate_classify(synthetic_data, runs, out / "tiny", seed=1)
    release.release_field(synthetic_data, runs, out / "tiny-field", seed=1)
    return out


def test_a_training_that_never_returns_has_kept_its_weights(synthetic_data, tmp_path, monkeypatch):
    """TensorFlow may hang while it takes its data set down: what was trained for an hour is on the disk by then."""
    import keras

    class Hung(Exception):
        """Stands for the time after which a person ends it."""

    def hang(_self: object, *_args: object, **_kwargs: object) -> None:
        fitted(_self, *_args, **_kwargs)
        raise Hung

    fitted = keras.Model.fit
    monkeypatch.setattr(keras.Model, "fit", hang)
    with pytest.raises(Hung):
        train("classifier", synthetic_data, tmp_path)
    begun = (tmp_path / "weights.weights.h5").read_bytes()

    assert train("classifier", synthetic_data, tmp_path) is not None  # it is not begun again
    assert begun == (tmp_path / "weights.weights.h5").read_bytes()


@pytest.mark.parametrize(("name", "kind"), [("tiny", Kind.LOCATE_CLASSIFY), ("tiny-field", Kind.FIELD)])
def test_a_packed_bundle_loads_and_looks_at_fields(packed, name, kind):
    """Under the name of its folder, with a card that says what it is for."""
    bundle = load_bundle(packed / name)
    result = analyse(field_bytes(1), bundle)

    assert (name, kind) == (bundle.name, bundle.kind)
    assert (name, True) == (result.bundle, result.assessable)
    assert "Research use only" in (packed / name / "CARD.md").read_text()
    assert EPOCHS in {bundle.provenance.get("epochs"), bundle.provenance.get("classifier_epochs")}


def test_a_field_bundle_gives_one_answer_for_the_whole_image(packed):
    """Its box is the field, its confidence in the place is 1."""
    (cell,) = analyse(field_bytes(1), load_bundle(packed / "tiny-field")).cells

    assert ((0, 0, 640, 480), 1.0) == (tuple(cell.box), cell.score)


def test_int8_networks_answer_nearly_as_their_float_originals(trained, packed, synthetic_data):
    """Rounding costs a few per cent of the range of the answers, not the answer."""
    from leukonet.training import networks, release, train_classifier

    _, runs = trained
    fields, _ = train_classifier.sources(synthetic_data, 1)
    crops = train_classifier.plain(read_crops(fields[:20], 1))
    canvases = release._canvases(synthetic_data, 1, ())[:6]
    content = load_bundle(packed / "tiny").networks
    for model, file, pictures in (
        (networks.classifier(), "classifier", crops),
        (networks.locator(), "locator", canvases),
    ):
        model.load_weights(runs / file / "weights.weights.h5")
        told = release._with_priors(model) if file == "classifier" else model
        exact = told.predict(pictures.astype(np.float32), verbose=0)
        network = Network(content[f"{file}.tflite"], file, pictures.shape[1:3], exact.shape[-1])
        rounded = np.stack([network(picture) for picture in pictures])

        assert np.abs(exact - rounded).mean() < 0.05 * np.ptp(exact) + 0.02


def test_crops_are_varied_anew_each_time(synthetic_data):
    """Each is of the size that the network sees, and none is twice the same."""
    from leukonet.training import train_classifier

    fields, _ = train_classifier.sources(synthetic_data, 1)
    crops = read_crops(fields[:8], 1)
    first, second = train_classifier.varied(crops), train_classifier.varied(crops)

    assert (np.uint8, (len(crops.classes), CROP, CROP, 3)) == (first.dtype, first.shape)
    assert not any(np.array_equal(one, other) for one, other in zip(first, second, strict=True))


def test_the_temperature_is_not_that_of_crops_as_they_are(packed, synthetic_data):
    """It is fitted to varied ones, as a lab's microscope is another one."""
    from leukonet.classify import open_classifier, scores
    from leukonet.training import calibrate, train_classifier

    bundle = load_bundle(packed / "tiny")
    _, held = train_classifier.sources(synthetic_data, 1)
    crops = read_crops(held, 1)
    network = open_classifier(bundle.networks["classifier.tflite"], len(bundle.classes))
    logits = np.stack([scores(network, crop, mirrored=True) for crop in train_classifier.plain(crops)])
    known = calibrate.temperature(logits, crops.classes, train_classifier.chances(crops))

    assert bundle.temperature != pytest.approx(known, rel=1e-3)


def test_a_bundle_may_keep_anothers_locator(trained, synthetic_data, tmp_path, bundle):
    """Byte for byte, and it says whose it is; the classifier is not that bundle's."""
    from leukonet.training import release

    _, runs = trained
    release.release_locate_classify(synthetic_data, runs, tmp_path / "kept", seed=1, locator=bundle)
    kept = load_bundle(tmp_path / "kept")

    assert bundle.networks["locator.tflite"] == kept.networks["locator.tflite"]
    assert bundle.networks["classifier.tflite"] != kept.networks["classifier.tflite"]
    assert (bundle.name, bundle.provenance["locator_epochs"]) == (
        kept.provenance["locator_of"],
        kept.provenance["locator_epochs"],
    )


def test_a_bundle_may_keep_anothers_classifier(trained, synthetic_data, tmp_path, bundle):
    """Byte for byte, calibrated anew, beside the locator that was trained; and its card says whose it is."""
    from leukonet.training import release

    release.release_locate_classify(synthetic_data, trained[1], tmp_path / "kept", seed=1, classifier=bundle)
    kept = load_bundle(tmp_path / "kept")

    assert bundle.networks["classifier.tflite"] == kept.networks["classifier.tflite"]
    assert bundle.provenance["validation"]["cells"] != kept.provenance["validation"]["cells"]
    assert bundle.temperature != kept.temperature
    assert (bundle.name, "kept", EPOCHS) == (
        kept.provenance["classifier_of"],
        kept.provenance["locator_of"],
        kept.provenance["locator_epochs"],
    )
    assert bundle.networks["locator.tflite"] != kept.networks["locator.tflite"]
    assert f"the classifier,\n{bundle.name}'s," in (tmp_path / "kept" / "CARD.md").read_text()


def test_a_card_tells_what_other_networks_of_its_recipe_reached(packed, synthetic_data, tmp_path):
    """Row by row of folds and left-out sources, beside whose rows the parts have some on locating alone."""
    from leukonet.training.benchmark.record import Part, Table
    from leukonet.training.benchmark.store import write_part
    from leukonet.training.judged import add_test_figures

    shutil.copytree(packed / "tiny", tmp_path / "told")
    row = {"model": "all folds", "tested on": "all of bccd", "cells": 356, "missed": 2}
    shares = {"accuracy": 0.837, "low": 0.794, "high": 0.874, "balanced": 0.647}
    tables = [
        Table("named", [row | shares]),
        Table("located", [{"tested on": "all of bccd", "recall": 0.96}]),
    ]
    part = tmp_path / "parts" / "bccd-folds.json"
    part.parent.mkdir()
    write_part(Part(tables), part, command="leukonet benchmark", seed=1, seconds=1, data=synthetic_data)
    add_test_figures(tmp_path / "told", synthetic_data, part.parent)

    card = (tmp_path / "told" / "CARD.md").read_text()
    assert "| all of bccd, all folds | 356 | 83.7% | 79.4% to 87.4% | 64.7% | 2 |" in card


def test_packing_without_a_finished_training_says_which_to_run(synthetic_data, tmp_path):
    """With the command."""
    from leukonet.errors import DataError
    from leukonet.training import release

    with pytest.raises(DataError, match="run `leukonet train locator"):
        release.release_locate_classify(synthetic_data, tmp_path, tmp_path / "out", seed=1)


def test_a_training_that_is_not_finished_is_none_to_go_on_from(synthetic_data, tmp_path):
    """It is told so before minutes of cutting crops."""
    from leukonet.errors import DataError
    from leukonet.training import train_classifier

    with pytest.raises(DataError, match="no finished training to go on from"):
        train_classifier.train_on(synthetic_data, tmp_path / "out", epochs=1, start=tmp_path)


def test_training_sees_a_cell_as_analysis_does(synthetic_data):
    """The middle of the kept crop is the crop that the bundle will be shown."""
    from leukonet.training.train_classifier import plain

    field = read_dataset(synthetic_data, "bccd")[0]
    with Image.open(field.path) as image:
        shown = pixels(crop(image, field.cells[0].box, on_canvas(image).light)).astype(int)
    learned = plain(read_crops([field], 1))[0].astype(int)

    assert (CROP, CROP, 3) == learned.shape
    assert np.abs(shown - learned).mean() < 3


if __name__ == "__main__":
    train_and_die(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
