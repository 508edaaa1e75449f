"""Readers of the labelled sets: on tiny copies of each layout, and on the real ones their true counts."""

from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from leukonet.cells import CLASS_NAMES
from leukonet.errors import DataError
from leukonet.labels import LabelledCell, read_table
from leukonet.result import Box
from leukonet.training.datasets import (
    BCCD_DOUBTED,
    READERS,
    TXL_CLASSES,
    read_dataset,
    training_fields,
    without_doubted,
)

BOXES = {
    "bccd": """image,object,xmin,ymin,xmax,ymax
one.jpg,WBC,10,20,30,40
one.jpg,RBC,1,2,3,4
one.jpg,RBC,5,5,5,9
two.jpg,WBC,1,1,9,9
two.jpg,WBC,20,20,40,40
""",
    "chula": """image,class,xmin,ymin,xmax,ymax
M-8_0001.jpg,monocyte,1,2,3,4
M-8_0001.jpg,neutrophil,5,6,7,8
N-3B_0002.jpg,neutrophil,1,2,3,4
""",
    "txl_pbc": """image,object,xmin,ymin,xmax,ymax,split
a.jpg,RBC,1,2,3,4,train
a.jpg,WBC,5,6,7,8,train
b.jpg,Platelets,1,2,3,4,test
""",
}
IMAGES = {
    "bccd": """image,subtypes,kaggle_split
one.jpg,neutrophil,train
two.jpg,"lymphocyte, monocyte",test
three.jpg,,
""",
    "pbc": """image,class,split
ig/A_1.jpg,ig,train
platelet/B_1.jpg,platelet,val
basophil/C_1.jpg,basophil,train
""",
}


@pytest.fixture
def data(tmp_path) -> Path:
    """A copy of each set's tables; readers open no image."""
    for name in READERS:
        (tmp_path / name).mkdir()
    for name, table in BOXES.items():
        (tmp_path / name / "boxes.csv").write_text(table)
    for name, table in IMAGES.items():
        (tmp_path / name / "images.csv").write_text(table)
    for name in (
        "train_400_per_class/monocyte/_0_1.jpeg",
        "test/neutrophil/_0_2.jpeg",
        "test/monocyte/_0_3.jpeg",
    ):
        path = tmp_path / "kaggle_augmented" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def test_bccd_names_a_fields_cells_where_its_table_can_tell(data):
    """Two cells of two classes: which box is which is not said, and not guessed."""
    one, two, three = read_dataset(data, "bccd")

    assert (LabelledCell("neutrophil", Box(10, 20, 30, 40)),) == one.cells
    assert [None, None] == [cell.name for cell in two.cells]
    assert () == three.cells


def test_bccd_gives_what_else_is_boxed_but_boxes_without_area(data):
    """They are places that a careless locator might name."""
    assert (Box(1, 2, 3, 4),) == read_dataset(data, "bccd")[0].others


def test_bccd_keeps_kaggles_test_side_apart(data):
    """Fields that Kaggle did not use belong to training."""
    assert ["one.jpg", "three.jpg"] == [field.path.name for field in read_dataset(data, "bccd", "train")]
    assert ["two.jpg"] == [field.path.name for field in read_dataset(data, "bccd", "test")]


def test_chula_groups_fields_by_slide(data):
    """The file name's prefix is the slide."""
    fields = read_dataset(data, "chula")

    assert ["M-8", "N-3B"] == [field.group for field in fields]
    assert [("monocyte", "neutrophil"), ("neutrophil",)] == [
        tuple(cell.name for cell in field.cells) for field in fields
    ]


def test_txl_pbc_boxes_white_cells_and_names_none_that_we_did_not_read(data):
    """A field without any is a field all the same."""
    first, second = read_dataset(data, "txl_pbc")

    assert (LabelledCell(None, Box(5, 6, 7, 8)),) == first.cells
    assert ((), (Box(1, 2, 3, 4),), "test") == (second.cells, second.others, second.part)


def test_txl_pbcs_cells_that_we_read_bear_our_name(data):
    """By the place of the box in its field, whatever the size of the copy."""
    reading = read_table(TXL_CLASSES, "image", "x", "y", "class")[0]
    image, x, y = reading["image"], float(reading["x"]), float(reading["y"])
    (data / "txl_pbc" / "images").mkdir()
    Image.new("RGB", (800, 400)).save(data / "txl_pbc" / "images" / image)
    boxes = [(800 * x - 20, 400 * y - 20, 800 * x + 20, 400 * y + 20), (0, 0, 3, 3)]
    rows = [f"{image},WBC,{','.join(map(str, box))},train" for box in boxes]
    (data / "txl_pbc" / "boxes.csv").write_text("\n".join(["image,object,xmin,ymin,xmax,ymax,split", *rows]))

    (field,) = read_dataset(data, "txl_pbc")

    assert [reading["class"], None] == [cell.name for cell in field.cells]


def test_cells_whose_class_we_doubt_are_trained_on_without_it(data):
    """They stay cells, other images keep their names, and so does what a network is judged by."""
    doubted = read_table(BCCD_DOUBTED, "image")[0]["image"]
    for table in ("boxes.csv", "images.csv"):
        path = data / "bccd" / table
        path.write_text(path.read_text().replace("one.jpg", doubted))
    judged = read_dataset(data, "bccd")
    trained = without_doubted(judged)

    assert ["neutrophil", None, None] == [cell.name for field in judged for cell in field.cells]
    assert [None] * 3 == [cell.name for field in trained for cell in field.cells]
    assert [field.cells[:1] for field in judged[1:]] == [field.cells[:1] for field in trained[1:]]
    assert [[cell.box for cell in field.cells] for field in judged] == [
        [cell.box for cell in field.cells] for field in trained
    ]


def test_a_missing_image_of_a_cell_that_we_read_is_told(data):
    """By its path, as a missing image is elsewhere."""
    reading = read_table(TXL_CLASSES, "image")[0]
    (data / "txl_pbc" / "boxes.csv").write_text(
        f"image,object,xmin,ymin,xmax,ymax,split\n{reading['image']},WBC,1,1,9,9,train\n"
    )

    with pytest.raises(DataError, match=reading["image"]):
        read_dataset(data, "txl_pbc")


def test_pbc_names_one_cell_without_a_box_in_our_words(data):
    """Its `ig` is an immature granulocyte, its `platelet` an artefact."""
    expected = ["immature_granulocyte", "artefact", "basophil"]

    assert [LabelledCell(name, None) for name in expected] == [f.cells[0] for f in read_dataset(data, "pbc")]
    assert data / "pbc" / "images" / "ig" / "A_1.jpg" == read_dataset(data, "pbc")[0].path


def test_kaggles_classes_and_parts_are_folders(data):
    """The same on every machine: sorted by name."""
    fields = read_dataset(data, "kaggle_augmented", "test")

    assert [("monocyte", "test"), ("neutrophil", "test")] == [(f.cells[0].name, f.part) for f in fields]


@pytest.mark.parametrize("name", READERS)
def test_every_field_says_which_set_it_is_from(data, name):
    """Sampling and cards need it."""
    assert {name} == {field.source for field in read_dataset(data, name)}


@pytest.mark.parametrize(
    ("name", "part", "words"),
    [
        ("unicorn", "all", "no data set 'unicorn'; known: bccd, chula"),
        ("bccd", "val", "nothing in part 'val'; there are: all, test, train"),
        ("chula", "test", "nothing in part 'test'; there are: all$"),
    ],
)
def test_an_unknown_set_or_part_is_told(data, name, part, words):
    """With those that there are, where they are few."""
    with pytest.raises(DataError, match=words):
        read_dataset(data, name, part)


def test_a_missing_folder_is_told_with_the_remedy(tmp_path):
    """The option and the variable that say where the sets are."""
    with pytest.raises(DataError, match=r"bccd: no such folder; set --data or LEUKOWATCH_DATA"):
        read_dataset(tmp_path, "bccd")


def test_a_malformed_table_is_told_by_its_path(data):
    """Whichever it is."""
    (data / "pbc" / "images.csv").write_text("picture,class\n")

    with pytest.raises(DataError, match=r"pbc.images\.csv: no column 'image'"):
        read_dataset(data, "pbc")


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "part", "fields", "cells"),
    [
        ("bccd", "all", 364, 372),
        ("bccd", "test", 71, None),
        ("pbc", "all", 8991, 8991),
        ("chula", "all", 343, 360),
        ("txl_pbc", "all", 500, 517),
        ("kaggle_augmented", "test", 2487, 2487),
        ("kaggle_augmented", "train_400_per_class", 1600, 1600),
        ("kaggle_augmented", "paper_test_213", 213, 213),
    ],
)
def test_the_real_sets_have_their_true_counts(real_data, name, part, fields, cells):
    """As the sets' own descriptions say."""
    found = read_dataset(real_data, name, part)

    assert fields == len(found)
    assert cells is None or cells == sum(len(field.cells) for field in found)


@pytest.mark.real
@pytest.mark.parametrize("name", READERS)
def test_every_real_label_has_its_image_and_a_known_class(real_data, name):
    """No file is missing, no class unknown, no image twice."""
    fields = read_dataset(real_data, name)

    assert {None, *CLASS_NAMES} >= {cell.name for field in fields for cell in field.cells}
    assert [] == [field.path for field in fields if not field.path.is_file()]
    assert 1 == max(Counter(field.path for field in fields).values())


@pytest.mark.real
def test_every_reading_of_ours_is_of_a_boxed_training_cell(real_data):
    """None has lost its box, and none names a cell that a bundle's locator is judged on."""
    told = Counter(row["class"] for row in read_table(TXL_CLASSES, "class"))
    fields = read_dataset(real_data, "txl_pbc")

    named = Counter(
        cell.name for field in fields if field.part == "train" for cell in field.cells if cell.name
    )
    assert told == named
    assert not any(cell.name for field in fields if field.part != "train" for cell in field.cells)


@pytest.mark.real
def test_every_class_that_we_doubt_is_of_a_training_image(real_data):
    """Published as eosinophil; no test picture's class is touched, and the other training cells keep theirs."""
    doubted = {row["image"] for row in read_table(BCCD_DOUBTED, "image")}
    published = read_dataset(real_data, "bccd")
    touched = [field for field in published if field.path.name in doubted]
    trained = Counter(
        cell.name for field in training_fields(real_data) if field.source == "bccd" for cell in field.cells
    )

    assert len(doubted) == len(touched)
    assert {("train", "eosinophil")} == {(field.part, cell.name) for field in touched for cell in field.cells}
    assert {"neutrophil": 164, "eosinophil": 32, "lymphocyte": 29, "monocyte": 16, "basophil": 2} == {
        name: count for name, count in trained.items() if name
    }


@pytest.mark.real
def test_the_test_sides_classes_are_the_published_ones(real_data):
    """Of Kaggle's 71 test originals."""
    fields = read_dataset(real_data, "bccd", "test")
    classes = Counter(field.cells[0].name for field in fields if field.cells)

    assert {"neutrophil": 48, "eosinophil": 13, "lymphocyte": 6, "monocyte": 4} == classes
