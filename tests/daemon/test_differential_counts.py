"""The differential made from counts."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from leukonet.cells import CELL_CLASSES, CLASS_NAMES, LEUCOCYTES, CellClass, Group, Role
from leukowatch.differential.counts import differential

COUNTS = st.dictionaries(st.sampled_from(CLASS_NAMES), st.integers(0, 500))


def test_per_cent_is_of_counted_leucocytes_alone():
    """Cells counted apart, artefacts and unclassified cells are in no per cent."""
    counts = {"neutrophil": 60, "lymphocyte": 40, "erythroblast": 7, "artefact": 9}

    made = differential(counts, CELL_CLASSES, unclassified=5)

    assert made.leucocytes == 100
    assert [share.percent for share in made.classes] == [60.0, 0.0, 0.0, 40.0, 0.0]
    assert (made.artefacts, made.unclassified) == (9, 5)


def test_cells_apart_are_told_per_hundred_leucocytes():
    """Seven erythroblasts beside fifty leucocytes are fourteen a hundred."""
    made = differential({"neutrophil": 50, "erythroblast": 7}, CELL_CLASSES)

    assert {each.name: each.per_hundred for each in made.apart} == {
        "immature_granulocyte": 0.0,
        "erythroblast": 14.0,
    }


def test_groups_are_polynuclear_and_mononuclear():
    """The two groups hold the five classes between them, with limits of their own."""
    counts = {"neutrophil": 4, "eosinophil": 3, "basophil": 2, "lymphocyte": 6, "monocyte": 5}

    made = differential(counts, CELL_CLASSES)

    assert (made.polynuclear.count, made.polynuclear.percent) == (9, 45.0)
    assert (made.mononuclear.count, made.mononuclear.percent) == (11, 55.0)


def test_limits_are_told_in_per_cent():
    """Ten of a hundred have the tables' limits, 4.9 and 17.6 per cent."""
    made = differential({"monocyte": 10, "neutrophil": 90}, CELL_CLASSES)

    monocytes = next(share for share in made.classes if share.name == "monocyte")
    assert (round(monocytes.low, 1), round(monocytes.high, 1)) == (4.9, 17.6)


def test_a_slide_without_cells_has_no_per_cent():
    """Nothing counted: no per cent, and limits that exclude nothing."""
    made = differential({}, CELL_CLASSES)

    assert {(0, None, 0.0, 100.0)} == {
        (each.count, each.percent, each.low, each.high) for each in made.classes
    }
    assert {None} == {each.per_hundred for each in made.apart}


def test_a_class_of_the_site_is_counted_by_its_role():
    """A class that no bundle predicts joins by its row's role and group."""
    blast = CellClass("blast", "Blast", "x", Role.COUNTED, Group.NONE)

    made = differential({"blast": 1, "neutrophil": 3}, [*CELL_CLASSES, blast])

    assert [*LEUCOCYTES, "blast"] == [share.name for share in made.classes]
    assert (made.classes[-1].percent, made.polynuclear.percent) == (25.0, 75.0)


@given(COUNTS)
def test_per_cents_sum_to_a_hundred(counts):
    """Over the counted classes nothing is lost and nothing counted twice."""
    assume(any(counts.get(name) for name in LEUCOCYTES))

    made = differential(counts, CELL_CLASSES)

    assert sum(share.percent for share in made.classes) == pytest.approx(100)
    assert made.leucocytes == made.polynuclear.count + made.mononuclear.count
    assert sum(counts.values()) == made.leucocytes + sum(each.count for each in made.apart) + made.artefacts


@pytest.mark.parametrize(
    ("counts", "unclassified"), [({"dragon": 1}, 0), ({"neutrophil": -1}, 0), ({"neutrophil": 1}, -1)]
)
def test_nonsense_counts_are_refused(counts, unclassified):
    """An unknown class or a negative number raises ValueError."""
    with pytest.raises(ValueError, match="no counts"):
        differential(counts, CELL_CLASSES, unclassified)
