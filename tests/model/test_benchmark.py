"""The benchmark's parts judge what they say, on synthetic sets and networks that are taken as trained."""

# ruff: noqa: PLC0415  TensorFlow takes long to import: quick tests collect this file and do not wait for it.

from pathlib import Path

import pytest

from leukonet.errors import DataError

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::UserWarning")]
SETS = ("bccd", "chula", "pbc")
SEEDS = (1, 2)


def place(model, out: Path) -> None:
    """Leave a network as a finished training leaves it."""
    out.mkdir(parents=True)
    model.save_weights(out / "weights.weights.h5")
    (out / "history.csv").write_text("epoch,loss,val_loss\n0,1.0,1.0\n")


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Path:
    """Both networks, begun and not trained, wherever a part looks for a training."""
    keras = pytest.importorskip("keras")
    from leukonet.bundle import load_bundle
    from leukonet.training import networks
    from leukonet.training.benchmark.folds import COUNT
    from leukonet.training.benchmark.seeds import MORE

    keras.mixed_precision.set_global_policy("float32")
    folder = tmp_path_factory.mktemp("runs")
    folds = [f"folds-{name}/fold-{number}" for name, count in COUNT.items() for number in range(1, count + 1)]
    for run in (*(f"without-{name}" for name in SETS), *folds):
        place(networks.locator(), folder / run / "locator")
        place(networks.classifier(), folder / run / "classifier")
    for run in (
        *(f"seed-{load_bundle().provenance['seed'] + more}/classifier" for more in MORE),
        *(f"ablation-1/chula/whole-{seed}" for seed in SEEDS),
    ):
        place(networks.classifier(), folder / run)
    yield folder
    keras.mixed_precision.set_global_policy("float32")


@pytest.fixture(scope="module")
def setting(synthetic_data, runs):
    """What `leukonet benchmark` gives to each part."""
    from leukonet.bundle import DEFAULT
    from leukonet.training.benchmark.parts import Setting

    return Setting(synthetic_data, runs, DEFAULT, 1)


def test_an_unknown_part_is_refused_with_the_known_ones(setting):
    """A typing error costs no hour."""
    from leukonet.training.benchmark.parts import PARTS, measure

    with pytest.raises(DataError, match=", ".join(PARTS)):
        measure("bcd-folds", setting)


def test_each_source_is_left_out_once_and_judged_whole(setting):
    """Every named cell of a set is in its row, if the other sets hold its class."""
    from leukonet.training.benchmark.parts import measure
    from leukonet.training.datasets import read_dataset

    part = measure("unseen", setting)

    cells = {name: sum(len(f.cells) for f in read_dataset(setting.data, name)) for name in SETS}
    assert [f"all of {name}" for name in SETS] == [row["tested on"] for row in part.tables[0].rows]
    assert [cells[name] for name in ("bccd", "chula")] == [row["cells"] for row in part.tables[0].rows[:2]]


def test_the_left_out_source_is_in_no_training(setting):
    """Not an image of it: the bundle's provenance says on what it was trained."""
    import json

    from leukonet.training.benchmark.parts import measure

    measure("unseen", setting)
    sets = {
        name: json.loads((setting.runs / f"without-{name}" / "bundle" / "manifest.json").read_text())
        for name in SETS
    }

    assert all(name not in manifest["provenance"]["sets"] for name, manifest in sets.items())


@pytest.mark.parametrize("name", ["bccd", "chula"])
def test_the_folds_of_a_set_judge_every_cell_once(setting, name):
    """And never in the fold whose networks saw its original or slide."""
    from leukonet.training.benchmark.parts import measure
    from leukonet.training.datasets import read_dataset

    named, located, _ = measure(f"{name}-folds", setting).tables
    cells = sum(len(field.cells) for field in read_dataset(setting.data, name))

    assert cells == named.rows[-1]["cells"] == sum(row["cells"] for row in named.rows[:-1])
    assert [cells] == [row["cells"] for row in located.rows]


def test_folds_without_their_start_say_what_to_train(setting, tmp_path):
    """The part goes on from networks that never saw the set."""
    from dataclasses import replace

    from leukonet.training.benchmark.parts import measure

    with pytest.raises(DataError, match="leukonet train locator --without chula"):
        measure("chula-folds", replace(setting, runs=tmp_path))


def test_close_ups_are_cut_from_held_out_cells_at_each_share_and_size(setting):
    """Larger pictures of the same cells, and fewer cells the more around them is shown."""
    from leukonet.training.benchmark.close_ups import HELD_OUT, SHARES, SIDES
    from leukonet.training.benchmark.parts import measure

    rows = measure("close-ups", setting).tables[0].rows
    pictures = {
        (row["cut from"], row["side"], row["cell's share of the side"]): row["pictures"] for row in rows
    }

    assert len(HELD_OUT) * len(SHARES) * len(SIDES) == len(pictures)
    assert all(
        pictures[cut, "as it is", share] == pictures[cut, "600 pixels", share] for cut, _, share in pictures
    )
    assert all(pictures[cut, side, SHARES[0]] <= pictures[cut, side, SHARES[-1]] for cut, side, _ in pictures)
    assert sum(pictures.values()) > 0


def test_the_shipped_classifier_and_two_more_seeds_are_judged_on_the_same(setting):
    """Of each test the three rows stand together, on as many cells."""
    from leukonet.bundle import load_bundle
    from leukonet.training.benchmark.parts import measure
    from leukonet.training.benchmark.seeds import MORE

    (table,) = measure("seeds", setting).tables
    first = load_bundle(setting.bundle).provenance["seed"]
    models = [f"{setting.bundle}, seed {first}", *(f"seed {first + more}" for more in MORE)]
    by_test = [table.rows[start : start + 3] for start in range(0, len(table.rows), 3)]

    assert len(by_test) == 4
    for rows in by_test:
        assert len({(row["tested on"], row["cells"]) for row in rows}) == 1
        assert models == [row["model"] for row in rows]


def test_the_mean_of_two_seeds_is_judged_by_their_logits_together(setting):
    """Neither one of them alone nor a vote."""
    from leukonet.training import networks, train_classifier
    from leukonet.training.benchmark import ablation
    from leukonet.training.crops import read_crops
    from leukonet.training.datasets import read_dataset

    together = next(change for change in ablation.TAKEN if len(change.seeds) == 2)
    crops = read_crops(read_dataset(setting.data, "chula"), 1)
    logits = []
    for seed in SEEDS:
        model = networks.classifier()
        model.load_weights(setting.runs / f"ablation-1/chula/whole-{seed}/weights.weights.h5")
        logits.append(train_classifier.logits(model, train_classifier.plain(crops)))
    known = [name for name in range(8) if (crops.classes == name).any()]

    share = ablation.score(setting.data, setting.runs, "chula", together, epochs=1, seed=1)

    assert share == ablation.balanced(crops, sum(logits).argmax(axis=1), known)
