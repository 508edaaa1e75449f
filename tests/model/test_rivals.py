"""The older methods that networks are held against: they are given a fair chance, and no more than that."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from sklearn.model_selection import GridSearchCV

from leukonet.cells import LEUCOCYTES
from leukonet.labels import LabelledCell, LabelledField
from leukonet.phantom import render_field
from leukonet.preprocessing import CROP
from leukonet.training.benchmark import rivals
from leukonet.training.benchmark.rivals import RIVALS, EvenNeighbours, fit, judge, measure, measured
from leukonet.training.crops import cut_cells
from leukonet.training.nucleus import segment
from leukonet.training.shape_features import measure_cell

EACH = 9


@pytest.fixture(scope="module")
def fields(tmp_path_factory) -> list[LabelledField]:
    """Phantoms of one cell each, as many of every leucocyte."""
    folder = tmp_path_factory.mktemp("fields")
    found = []
    for index in range(EACH * len(LEUCOCYTES)):
        name, path = LEUCOCYTES[index % len(LEUCOCYTES)], folder / f"{index}.png"
        drawn = render_field(np.random.default_rng(index), 240, 200, [name])
        Image.fromarray(drawn.pixels).save(path)
        cells = (LabelledCell(name, drawn.cells[0][1]),)
        found.append(LabelledField(path, "bccd", path.name, "train", cells))
    return found


@pytest.fixture(scope="module")
def cells(fields):
    """What is measured of them."""
    return measured(fields)


@pytest.fixture(scope="module", params=RIVALS, ids=lambda rival: rival.told)
def fitted(request, cells):
    """Each rival, taught two thirds of the cells of each class."""
    return fit(request.param, cells[: -EACH // 3 * len(LEUCOCYTES)], seed=1)


@pytest.fixture
def unseen(cells):
    """The other third."""
    return cells[-EACH // 3 * len(LEUCOCYTES) :]


def middle(cells, name: str, feature: str) -> float:
    """A feature's median over a class."""
    return float(np.median([cell.features[feature] for cell in cells if cell.name == name]))


@pytest.mark.parametrize(
    ("feature", "more", "less"),
    [
        ("nucleus_lobes", "neutrophil", "lymphocyte"),
        ("nucleus_solidity", "lymphocyte", "neutrophil"),
        ("nucleus_roundness", "lymphocyte", "neutrophil"),
        ("nucleus_cell_ratio", "lymphocyte", "monocyte"),
        ("cytoplasm_red_mean", "eosinophil", "lymphocyte"),
    ],
)
def test_features_tell_what_a_microscopist_looks_at(cells, feature, more, less):
    """Lobes, a round nucleus that fills its cell, red granules: a rival blind to them is no rival."""
    assert middle(cells, more, feature) > middle(cells, less, feature)


def test_nucleus_lies_inside_the_cell(fields):
    """Their ratio is a share, and the cytoplasm is what is left."""
    parts = [segment(cell.view) for cell in cut_cells(fields)]

    assert all((part.cell >= part.nucleus).all() and part.nucleus.any() for part in parts)


@pytest.mark.parametrize("level", [0, 232, 255, None])
def test_a_crop_without_a_cell_gives_finite_features(level):
    """A box beside the cell must not end the run of a whole benchmark; None is noise."""
    noise = np.random.default_rng(1).integers(0, 256, (CROP, CROP, 3), dtype=np.uint8)
    found = measure_cell(noise if level is None else np.full((CROP, CROP, 3), level, np.uint8))

    assert np.isfinite(list(found.values())).all()


def test_every_crop_is_measured_by_the_same_features(cells):
    """They are columns of a table."""
    blank = measure_cell(np.full((CROP, CROP, 3), 232, np.uint8))

    assert {tuple(blank)} == {tuple(cell.features) for cell in cells}


def test_a_rival_learns_what_can_be_told_apart(fitted, unseen):
    """Phantoms differ plainly; who fails on them is broken, not old."""
    assert judge(fitted, unseen).figures()["balanced_accuracy"] >= 0.8


def test_an_answer_is_two_classes_with_their_probabilities(fitted, unseen):
    """As a bundle's is, so that the same figures are made of it."""
    answers = [fitted.answer(cell) for cell in unseen]

    assert all({answer.first, answer.second} < set(LEUCOCYTES) for answer in answers)
    assert all(answer.first != answer.second for answer in answers)
    assert all(1 >= answer.first_probability >= answer.second_probability >= 0 for answer in answers)
    assert all(answer.first_probability + answer.second_probability <= 1 + 1e-9 for answer in answers)


def test_an_answer_is_what_the_setting_was_chosen_by(fitted, unseen):
    """Also where two classes have the same votes."""
    expected = fitted.model.predict(rivals.matrix(fitted.rival, unseen))

    assert list(expected) == [fitted.answer(cell).first for cell in unseen]


def test_a_class_that_a_rival_never_saw_is_not_judged(cells, unseen):
    """A source that is left out may be the only one with a class: no one could name it."""
    taught = [cell for cell in cells if cell.name != "basophil"]
    tally = judge(fit(RIVALS[1], taught, seed=1), unseen)

    assert set(LEUCOCYTES) - {"basophil"} == {answer.truth for answer in tally.answers}


def test_a_rare_class_is_not_outvoted_for_being_rare():
    """Ten neighbours in one place, nine of the common class: even odds."""
    model = EvenNeighbours(10).fit(np.zeros((10, 1)), ["common"] * 9 + ["rare"])

    assert pytest.approx([0.5, 0.5]) == model.predict_proba(np.zeros((1, 1)))[0]


def test_pictures_of_one_slide_are_never_on_both_sides_of_a_choice(cells, monkeypatch):
    """Else the nearest neighbour is the same slide, and the smallest k always wins."""
    slides = [
        replace(cell, field=replace(cell.field, group=str(index // 4))) for index, cell in enumerate(cells)
    ]
    sides = []

    class Spy(GridSearchCV):
        def fit(self, features, names):
            sides.extend(self.cv.split())
            return super().fit(features, names)

    monkeypatch.setattr(rivals, "GridSearchCV", Spy)
    fit(RIVALS[0], slides, seed=1)

    groups = np.array([cell.field.group for cell in slides])
    assert len(sides) == rivals.FOLDS
    assert all(not set(groups[train]) & set(groups[held]) for train, held in sides)


@pytest.fixture(scope="module")
def trials(synthetic_data):
    """What was measured, and the sets and parts that each rival was taught in each trial."""
    taught = []

    def spy(rival, cells, seed):
        taught.append({(cell.field.source, cell.field.part) for cell in cells})
        return fit(rival, cells, seed)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rivals, "fit", spy)
        patch.setattr(rivals, "RIVALS", [replace(rival, choices=(1, 3)) for rival in RIVALS])
        return measure(synthetic_data, seed=1), taught


def test_no_tested_crop_enters_the_choice_or_the_training(trials):
    """A rival that was tuned on the test, or that knows the source that is called new, is no baseline."""
    bccd, chula, pbc = ("bccd", "train"), ("chula", ""), ("pbc", "train")
    expected = [{bccd, chula, pbc}] * 2 + [{chula, pbc}, {bccd, pbc}, {bccd, chula}]

    assert [trial for trial in expected for _ in RIVALS] == trials[1]


def test_every_trial_has_its_row_and_its_answers(trials):
    """Tables and figures are of the same cells, and say that the boxes were given."""
    tables, answers = trials[0].tables, trials[0].answers
    rows = [row for table in tables for row in table.rows]

    assert [row["cells"] for row in rows] == [len(each) for each in answers.values()]
    assert all("labelled boxes" in table.notes[0] for table in tables)
