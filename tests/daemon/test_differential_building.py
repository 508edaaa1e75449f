"""A slide's result from the store: numbers, limits, flags, and what a reader must know."""

import pytest

from handmade import BUNDLE, NOON, fill, outcome, seen
from handmade import cell as cell_of
from leukonet.cells import CLASS_NAMES, PAPER_CLASSES
from leukowatch.differential.building import slide_result
from leukowatch.differential.result import Order, Reference, State
from leukowatch.differential.stored import as_text
from leukowatch.errors import NotFound
from leukowatch.store import reviews
from leukowatch.store.analyses import BundleRef
from leukowatch.store.ledger import Ledger
from leukowatch.store.matching import matched
from leukowatch.store.worklist import WorklistRow, record_worklist
from reviewing import LATER, lab_at

CELLS = ["neutrophil"] * 90 + ["lymphocyte"] * 10 + ["erythroblast"] * 10 + ["artefact", "monocyte?"]


@pytest.fixture
def lab(tmp_path):
    """A slide S1 of a hundred leucocytes and ten erythroblasts."""
    with lab_at(tmp_path / "leukowatch.db", CELLS) as lab:
        yield lab


def built(lab, slide="S1"):
    """The slide's result."""
    return slide_result(lab.engine, slide, lab.settings, LATER)


def told(lab, name):
    """One class of it."""
    return next(each for each in built(lab).classes if each.name == name)


def listed(lab, **values):
    """Give S1 a line of the worklist."""
    record_worklist(
        lab.engine, lab.people["cleo"], [WorklistRow(**{"slide": "S1", "order_id": "O-7"} | values)]
    )


def test_a_preliminary_result_tells_every_class(lab):
    """Counted and apart, people's too, zeros too, in the order of reports; artefacts are none."""
    result = built(lab)

    assert (result.state, result.version, result.signatures, result.made_at) == (
        State.PRELIMINARY,
        0,
        (),
        LATER,
    )
    assert [each.name for each in result.classes] == [
        "neutrophil", "eosinophil", "basophil", "lymphocyte", "monocyte", "immature_granulocyte", "erythroblast",
        "blast", "promyelocyte", "myelocyte", "metamyelocyte", "band", "reactive_lymphocyte", "plasma_cell", "other",
    ]  # fmt: skip
    assert (result.leucocytes, result.unclassified, result.artefacts, result.fields) == (100, 1, 1, 1)
    assert result.bundles == {BUNDLE.name: BUNDLE.sha256}


def test_a_class_has_per_cent_limits_reference_and_flag(lab):
    """Of counted leucocytes; the limits are exact."""
    neutrophil = told(lab, "neutrophil")

    assert (neutrophil.count, neutrophil.percent, neutrophil.flag) == (90, 90.0, "H")
    assert (round(neutrophil.low, 1), round(neutrophil.high, 1)) == (82.4, 95.1)
    assert neutrophil.reference == Reference(40, 80, "%")
    assert told(lab, "lymphocyte").flag == "L"


@pytest.mark.parametrize(("bands", "others", "flag"), [(25, 30, ""), (5, 60, ": low")])
def test_neutrophils_and_bands_are_judged_together(lab, bands, others, flag):
    """The range is of both: the row of the segmented ones has none, and a sentence tells the rest."""
    reviews.classify(lab.engine, lab.people["anna"], "S1", lab.keys()[:bands], "band", now=LATER)
    others = lab.keys()[bands : bands + others]
    reviews.classify(lab.engine, lab.people["anna"], "S1", others, "lymphocyte", now=LATER)

    row, percent = told(lab, "neutrophil"), 90 - len(others)
    assert (row.percent, row.reference, row.flag) == (percent - bands, None, "")
    assert f"Neutrophils and bands together: {percent}.0%, reference 40 to 80{flag}." in built(lab).warnings


def test_what_is_counted_apart_is_per_hundred_leucocytes(lab):
    """Without limits and flags, which are of shares."""
    erythroblast = told(lab, "erythroblast")

    assert (erythroblast.role, erythroblast.percent) == ("apart", 10.0)
    assert (erythroblast.low, erythroblast.high, erythroblast.reference, erythroblast.flag) == (
        None,
        None,
        None,
        "",
    )


def test_an_external_count_gives_absolute_numbers(lab):
    """Of the leucocytes alone: the erythroblasts are taken out first."""
    listed(lab, leucocytes=11.0, age_years=30.0, sex="male")

    assert built(lab).order == Order("O-7", 30.0, "male", 11.0)
    assert built(lab).corrected_leucocytes == pytest.approx(10.0)
    assert told(lab, "neutrophil").absolute == pytest.approx(9.0)
    assert told(lab, "erythroblast").absolute == pytest.approx(1.0)


def test_without_an_external_count_there_are_no_absolute_numbers(lab):
    """Nothing is made up."""
    listed(lab)

    assert built(lab).corrected_leucocytes is None
    assert told(lab, "neutrophil").absolute is None


def test_a_child_is_not_judged_as_an_adult(lab):
    """The shipped ranges are for adults; the result says whose were used."""
    assert built(lab).reference_source.endswith("no age is known: an adult's were used")

    listed(lab, age_years=3.0)

    assert told(lab, "neutrophil").reference is None
    assert told(lab, "neutrophil").flag == ""
    assert built(lab).reference_source.startswith("shipped ranges, not this laboratory's own")


def test_a_reader_is_warned(lab):
    """Of what waits and of what was found."""
    for key in ("c1", "c2", "c3"):
        reviews.classify(lab.engine, lab.people["anna"], "S1", [key], "metamyelocyte", now=LATER)

    assert built(lab).warnings == (
        "Fewer than 100 leucocytes were counted: the limits are wide.",
        "Left shift: immature granulocytes or bands are increased.",
        "Cells without a class, in no per cent: 1.",
    )


@pytest.mark.parametrize(
    ("classes", "blind"), [(CLASS_NAMES, False), (PAPER_CLASSES, True)], ids=["eight", "the paper's four"]
)
def test_a_result_says_what_the_bundle_cannot_see(lab, classes, blind):
    """Blasts and bands never; of a four-class bundle also basophils and erythroblasts."""
    bundle = BundleRef(BUNDLE.name, BUNDLE.sha256, BUNDLE.kind, classes)
    Ledger(lab.engine, bundle, lambda: NOON).commit([outcome("S2", "1.jpg", 2, seen(cell_of("monocyte")))])

    found = built(lab, "S2").blind_to
    assert {"Blast", "Band neutrophil", "Plasma cell", "Myelocyte"} <= set(found)
    assert ("Basophil" in found, "Erythroblast" in found) == (blind, blind)
    assert not {"Neutrophil", "Smudge cell", "Artefact", "Other leucocyte"} & set(found)


def test_a_slide_without_cells_has_no_per_cents(lab):
    """Zeros and nothing else."""
    fill(lab.path, [outcome("S3", "1.jpg", 3, seen())])

    result = built(lab, "S3")
    assert {(each.count, each.percent, each.low, each.flag) for each in result.classes} == {
        (0, None, None, "")
    }


def test_an_absent_slide_is_not_found(lab):
    """With the command that lists those that there are."""
    with pytest.raises(NotFound, match="leukowatch slides"):
        built(lab, "S9")


def test_slides_without_an_order_are_shown(lab):
    """By name, until a line or a pattern fits."""
    fill(lab.path, [outcome("S2", "1.jpg", 2, seen()), outcome("T7-a", "1.jpg", 3, seen())])
    assert matched(lab.engine)[1] == ["S1", "S2", "T7-a"]

    listed(lab)
    listed(lab, slide="T7-*", order_id="O-8")

    assert matched(lab.engine)[1] == ["S2"]
    assert built(lab, "T7-a").order.order_id == "O-8"


def test_a_stored_result_is_read_as_it_was(lab):
    """JSON and back, with nothing lost."""
    from leukowatch.differential.stored import _ADAPTER  # noqa: PLC0415  the reader behind `signed_result`

    listed(lab, leucocytes=11.0)
    result = built(lab)

    assert _ADAPTER.validate_json(as_text(result)) == result
