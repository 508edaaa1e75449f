"""The rules of judging: what is right, what is missed, what is false, and the figures made of it."""

import json
from pathlib import Path

import pytest

from leukonet.bundle import Bundle, Kind
from leukonet.errors import DataError, TruncatedImage
from leukonet.labels import LabelledCell, LabelledField
from leukonet.result import Box, Cell, FieldResult
from leukonet.training import evaluate as judging
from leukonet.training.evaluate import MISSED, Tally, evaluate, lines

HERE, THERE, FAR = Box(10, 10, 50, 50), Box(60, 60, 100, 100), Box(150, 10, 190, 50)
KEYS = ["n", "accuracy", "balanced_accuracy", "per_class", "confusion"]
KEYS += ["located", "missed", "false_cells", "unclassified"]


def found(first: str, box: Box = HERE, *, unclassified: bool = False) -> Cell:
    """A cell as a bundle answers."""
    return Cell(box, 0.9, first, 0.8, "monocyte", 0.1, unclassified, not unclassified)


def bundle_of(kind: Kind) -> Bundle:
    """A bundle of which only the kind is looked at."""
    return Bundle("canned", kind, "0" * 64, {}, (), 0.5, 0.5, 1.0, False, 0.0, {})


@pytest.fixture
def judge(tmp_path, monkeypatch):
    """Judge canned answers: each field is its labelled cells and the cells that are found in it."""

    def run(*fields: tuple[list[LabelledCell], list[Cell]], kind: Kind = Kind.LOCATE_CLASSIFY) -> Tally:
        labelled, answers = [], {}
        for index, (truth, cells) in enumerate(fields):
            path = tmp_path / f"{index}.jpg"
            path.write_bytes(str(index).encode())
            labelled.append(LabelledField(path, "set", path.name, "", tuple(truth)))
            answers[path.read_bytes()] = FieldResult(200, 120, True, "", tuple(cells), "canned", "0" * 64, {})
        monkeypatch.setattr(judging, "analyse", lambda data, _bundle: answers[data])
        return evaluate(labelled, bundle_of(kind))

    return run


def test_the_figures_have_exactly_the_promised_keys(judge):
    """Programs read them."""
    figures = judge(([LabelledCell("neutrophil", HERE)], [found("neutrophil")])).figures()

    assert KEYS == list(figures)
    assert {"neutrophil": {"support": 1, "recall": 1.0, "precision": 1.0}} == figures["per_class"]
    assert figures == json.loads(json.dumps(figures))


def test_a_missed_cell_is_an_error(judge):
    """It is in no class's count, so it is wrong in every one."""
    figures = judge(
        ([LabelledCell("neutrophil", HERE), LabelledCell("neutrophil", THERE)], [found("neutrophil")])
    ).figures()

    assert (2, 0.5, 1, 1) == (figures["n"], figures["accuracy"], figures["located"], figures["missed"])
    assert {"neutrophil": {MISSED: 1, "neutrophil": 1}} == figures["confusion"]
    assert 1.0 == figures["per_class"]["neutrophil"]["precision"]


def test_the_first_class_counts_whatever_the_threshold(judge):
    """Being unsure is told, not punished."""
    figures = judge(
        ([LabelledCell("basophil", HERE)], [found("basophil", unclassified=True)]),
    ).figures()

    assert (1.0, 1) == (figures["accuracy"], figures["unclassified"])


@pytest.mark.parametrize(
    ("truth", "answers", "accuracy", "false_cells"),
    [
        ("artefact", ["artefact"], 1.0, 0),
        ("artefact", [], 1.0, 0),
        ("artefact", ["lymphocyte"], 0.0, 0),
        ("lymphocyte", ["artefact"], 0.0, 0),
        (None, ["artefact"], None, 0),
        (None, ["lymphocyte"], None, 1),
    ],
)
def test_an_artefact_is_rightly_named_or_rightly_not_located(judge, truth, answers, accuracy, false_cells):
    """It is never counted, so both are right; a cell named artefact is lost, an artefact named is false."""
    known = ([LabelledCell("neutrophil", HERE)], [found("neutrophil")])
    labelled = [LabelledCell(truth, HERE)] if truth else []
    tally = judge(known, (labelled, [found(name) for name in answers]))

    assert false_cells == tally.false_cells
    if truth:
        assert accuracy == tally.figures()["per_class"][truth]["recall"]


def test_what_is_found_where_nothing_is_labelled_is_false(judge):
    """In fields whose cells are boxed, also those with none."""
    boxed = ([LabelledCell("neutrophil", HERE)], [found("neutrophil"), found("monocyte", FAR)])
    empty = ([], [found("basophil"), found("artefact", THERE)])

    assert 2 == judge(boxed, empty).figures()["false_cells"]


def test_without_boxes_nothing_is_false(judge):
    """The set does not say what else is there."""
    tally = judge(([LabelledCell("neutrophil", None)], [found("neutrophil"), found("monocyte", FAR)]))

    assert 0 == tally.figures()["false_cells"]


def test_without_boxes_the_cell_nearest_the_centre_is_judged(judge):
    """The field is 200 x 120: the middle is nearest to the second."""
    tally = judge(([LabelledCell("monocyte", None)], [found("neutrophil"), found("monocyte", THERE)]))

    assert 1.0 == tally.figures()["accuracy"]


def test_without_boxes_a_place_named_artefact_stands_for_no_cell(judge):
    """A platelet in the middle is right where it is; the cell further out is the labelled one."""
    tally = judge(([LabelledCell("monocyte", None)], [found("artefact", THERE), found("monocyte")]))

    assert 1.0 == tally.figures()["accuracy"]


def test_without_boxes_a_cell_taken_for_an_artefact_is_wrong(judge):
    """It was located, so it is not missed, and it was not named."""
    figures = judge(([LabelledCell("monocyte", None)], [found("artefact", THERE)])).figures()

    assert (0.0, 0) == (figures["accuracy"], figures["missed"])


def test_without_boxes_an_artefact_with_a_cell_beside_it_is_wrong(judge):
    """A platelet's picture must yield nothing that counts."""
    tally = judge(([LabelledCell("artefact", None)], [found("artefact", THERE), found("monocyte", FAR)]))

    assert 0.0 == tally.figures()["accuracy"]


def test_without_boxes_an_empty_field_is_a_miss(judge):
    """The cell is there, whoever does not see it."""
    figures = judge(([LabelledCell("monocyte", None)], [])).figures()

    assert (0.0, 1) == (figures["accuracy"], figures["missed"])


def test_a_located_cell_stands_for_one_labelled_cell(judge):
    """Two cells under one box: one of them is missed."""
    near = Box(15, 15, 55, 55)
    figures = judge(
        ([LabelledCell("neutrophil", HERE), LabelledCell("neutrophil", near)], [found("neutrophil")])
    ).figures()

    assert (1, 1) == (figures["located"], figures["missed"])


def test_the_largest_overlap_pairs_first(judge):
    """Whatever the order in which cells are listed."""
    between = Box(25, 25, 65, 65)
    truth = [LabelledCell("monocyte", between), LabelledCell("neutrophil", HERE)]
    figures = judge((truth, [found("neutrophil", Box(12, 12, 52, 52)), found("monocyte", between)])).figures()

    assert (1.0, 2, 0) == (figures["accuracy"], figures["located"], figures["false_cells"])


def test_a_box_beside_the_cell_has_not_found_it(judge):
    """It is missed, and what was found is false."""
    figures = judge(
        ([LabelledCell("neutrophil", HERE)], [found("neutrophil", Box(40, 40, 80, 80))])
    ).figures()

    assert (1, 1) == (figures["missed"], figures["false_cells"])


def test_balanced_accuracy_is_the_mean_recall_over_classes_present(judge):
    """Nine right neutrophils do not outweigh one wrong basophil; absent classes have no part."""
    right = ([LabelledCell("neutrophil", HERE)], [found("neutrophil")])
    wrong = ([LabelledCell("basophil", HERE)], [found("neutrophil")])
    figures = judge(*[right] * 9, wrong).figures()

    assert (0.9, 0.5) == (figures["accuracy"], figures["balanced_accuracy"])
    assert {"support": 1, "recall": 0.0, "precision": None} == figures["per_class"]["basophil"]
    assert 0.9 == figures["per_class"]["neutrophil"]["precision"]


def test_a_cell_without_a_class_is_located_and_judged_no_further(judge):
    """Some sets box white cells and do not name them; such a cell is not false either."""
    known = ([LabelledCell("neutrophil", HERE)], [found("neutrophil")])
    figures = judge(known, ([LabelledCell(None, HERE)], [found("monocyte")])).figures()

    assert (1, 0) == (figures["n"], figures["false_cells"])


def test_a_field_bundles_answer_is_judged_against_one_cell(judge):
    """Its box is the whole field: of two cells it misses one, and an empty field's answer is false."""
    whole = Box(0, 0, 200, 120)
    two = ([LabelledCell("neutrophil", HERE), LabelledCell("neutrophil", FAR)], [found("neutrophil", whole)])
    figures = judge(two, ([], [found("monocyte", whole)]), kind=Kind.FIELD).figures()

    assert (1, 1, 1) == (figures["located"], figures["missed"], figures["false_cells"])


def test_tallies_of_folds_add_up(judge):
    """As if one bundle had judged all the fields."""
    right = ([LabelledCell("neutrophil", HERE)], [found("neutrophil"), found("monocyte", FAR)])
    wrong = ([LabelledCell("basophil", HERE)], [found("monocyte", unclassified=True)])
    total = judge(right)
    total.merge(judge(wrong))

    assert judge(right, wrong).figures() == total.figures()


def test_labels_without_any_class_leave_nothing_to_judge(judge):
    """Rather than a division by nought."""
    with pytest.raises(DataError, match="nothing to judge"):
        judge(([LabelledCell(None, HERE)], []))


@pytest.mark.parametrize("error", [TruncatedImage("the image's end is missing"), OSError("gone")])
def test_a_field_that_cannot_be_read_is_named(monkeypatch, tmp_path, error):
    """By its path, with what is wrong."""

    def fail(_data: bytes, _bundle: Bundle) -> FieldResult:
        raise error

    monkeypatch.setattr(judging, "analyse", fail)
    path = Path(tmp_path / "a.jpg")
    path.write_bytes(b"x")

    with pytest.raises(DataError, match=rf"a\.jpg: {error}"):
        evaluate([LabelledField(path, "", "", "", (LabelledCell("monocyte", None),))], bundle_of(Kind.FIELD))


def test_people_read_the_same_figures(judge):
    """One line for all, a line a class, with what its cells were named."""
    right = ([LabelledCell("neutrophil", HERE)], [found("neutrophil")])
    text = "\n".join(lines(judge(right, ([LabelledCell("basophil", HERE)], [])).figures()))

    assert "2 cells: accuracy 50.0%, balanced accuracy 50.0%" in text
    assert "located 1, missed 1, false cells 0, unclassified 0" in text
    assert "basophil                   1     0.0%          -  missed 1" in text
