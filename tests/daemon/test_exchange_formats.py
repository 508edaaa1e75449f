"""Every format, and CSV and JSON, read back by another program than the one that wrote it."""

import json
import sys

import pytest

from exchanging import PER_CENT, SEAL, result
from leukonet.cells import Role
from leukowatch.differential.building import current_result
from leukowatch.differential.result import State
from leukowatch.errors import RequestInvalid
from leukowatch.exchange.document import slides_json
from leukowatch.exchange.exporting import written
from leukowatch.exchange.spreadsheet import slides_csv
from leukowatch.store.classes import ClassRow, add_class
from leukowatch.store.reviews import classify
from leukowatch.store.rights import operator
from reading_back import observations, plain, rows_by_sqlite, segments
from reviewing import LATER, lab_at

FORMATS = ("csv", "json", "fhir", "hl7", "pdf")


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_says_that_it_is_for_research_and_which_bundle_counted(form):
    """Nobody shall take it for a diagnosis, and everybody can tell what made it."""
    told = plain(written([result()], form), form)

    assert "Research use only" in told
    assert "smear-3" in told
    assert "ab" * 32 in told


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_tells_each_class_the_empty_ones_too(form):
    """A class that is left out looks like one that nobody counted."""
    told = plain(written([result()], form), form).lower()

    assert [] == [name for name in (*PER_CENT, "erythroblast") if name not in told]


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_carries_a_class_that_the_site_added(form, tmp_path):
    """With its cells and, where the format has codes, the site's own."""
    hairy = ClassRow("hairy_cell", "Hairy cell", "z", Role.COUNTED, "HAIRY-1")
    with lab_at(tmp_path / "leukowatch.db", ["neutrophil", "lymphocyte"]) as lab:
        add_class(lab.engine, operator("root"), hairy, LATER)
        classify(lab.engine, lab.people["anna"], "S1", ["c1"], "hairy_cell", now=LATER)
        data = written([current_result(lab.engine, "S1", lab.settings, LATER)], form)

    if form == "csv":
        (row,) = rows_by_sqlite(data, tmp_path)
        assert (row["hairy_cell_cells"], row["hairy_cell_percent"]) == ("1", "50.0")
    elif form == "fhir":
        told = observations(data)["hairy_cell"]
        assert told["code"]["coding"][0]["code"] == "HAIRY-1"
        assert told["valueQuantity"]["value"] == 50
    elif form == "hl7":
        (told,) = [each for each in segments(data.decode(), "OBX") if each[3].startswith("HAIRY-1^")]
        assert (told[3], told[5]) == ("HAIRY-1^Hairy cell^L^hairy_cell^Hairy cell^99LEUKO", "50")
    else:
        wanted = {"json": '"code":"HAIRY-1"', "pdf": "Hairy cell 1 50.0"}
        assert wanted[form] in plain(data, form).replace('": "', '":"')


@pytest.mark.parametrize(
    ("form", "word"),
    [("csv", ",preliminary,"), ("json", '"preliminary"'), ("fhir", '"preliminary"'), ("hl7", "PRELIMINARY"),
     ("pdf", "PRELIMINARY")],
)  # fmt: skip
def test_every_format_is_preliminary_until_a_person_has_signed(form, word):
    """A pre-count that looks final would be believed."""
    before, after = (written([result(state)], form) for state in (State.PRELIMINARY, State.FINAL))

    assert (True, False) == (word in plain(before, form), word in plain(after, form))


def test_a_missing_package_is_named_with_what_to_install(monkeypatch):
    """The formats' packages come with the extra `review`."""
    monkeypatch.setitem(sys.modules, "leukowatch.exchange.printed", None)

    with pytest.raises(RequestInvalid, match=r"pip install leukowatch\[review\]"):
        written([result()], "pdf")


def test_csv_is_one_table_over_many_slides_that_sqlite_reads(tmp_path):
    """A row for each slide, with every class's cells, share, limits, flag and absolute number."""
    first, second = rows_by_sqlite(slides_csv([result(), result(slide="S-2", order=None)]), tmp_path)

    assert ("S-1|a^b&c~d\\e", "O-17", "S-2", "") == (
        first["slide"], first["order_id"], second["slide"], second["order_id"],
    )  # fmt: skip
    assert {name: float(count) for name, count in PER_CENT.items()} == {
        name: float(first[f"{name}_percent"]) for name in PER_CENT
    }
    assert ("0", "60", "50.0", "70.0", "3.9") == (
        first["basophil_cells"], first["neutrophil_cells"], first["neutrophil_low"], first["neutrophil_high"],
        first["neutrophil_absolute"],
    )  # fmt: skip


def test_csv_leaves_empty_what_another_slide_has_and_this_one_not(tmp_path):
    """Slides of before a class was added stand in the same columns."""
    old = result(slide="S-2", classes=result().classes[:2])

    _, row = rows_by_sqlite(slides_csv([result(), old]), tmp_path)

    assert ("3", "") == (row["eosinophil_cells"], row["monocyte_cells"])


@pytest.mark.parametrize("name", ['=HYPERLINK("http://x")', "@x", "+1", "-1"])
def test_csv_has_nothing_that_a_spreadsheet_would_calculate(tmp_path, name):
    """A folder's name is anybody's."""
    (row,) = rows_by_sqlite(slides_csv([result(slide=name)]), tmp_path)

    assert f"'{name}" == row["slide"]


def test_json_tells_a_result_word_for_word():
    """The whole record, with times in UTC."""
    (slide,) = json.loads(slides_json([result()]))["slides"]

    assert ("final", 1, "2031-05-04T12:00:00+00:00", "O-17") == (
        slide["state"], slide["version"], slide["made_at"], slide["order"]["order_id"],
    )  # fmt: skip
    assert PER_CENT | {"erythroblast": 2} == {each["name"]: each["count"] for each in slide["classes"]}
    assert [SEAL] == [each["seal"] for each in slide["signatures"]]
