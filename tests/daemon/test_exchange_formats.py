"""Each format read back by another program than the one that wrote it."""

import io
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pytest
from fhir.resources.R4B.bundle import Bundle
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_message
from pypdf import PdfReader

from exchanging import PER_CENT, SEAL, result, with_count
from leukonet.cells import Role
from leukowatch.differential.building import current_result
from leukowatch.differential.result import State
from leukowatch.errors import RequestInvalid, SettingsInvalid
from leukowatch.exchange.document import slides_json
from leukowatch.exchange.exporting import written
from leukowatch.exchange.fhir import slides_fhir
from leukowatch.exchange.fonts import DEJAVU
from leukowatch.exchange.message import slide_hl7
from leukowatch.exchange.printed import slides_pdf
from leukowatch.exchange.spreadsheet import slides_csv
from leukowatch.store.classes import ClassRow, add_class
from leukowatch.store.reviews import classify
from leukowatch.store.rights import operator
from reviewing import LATER, lab_at

FORMATS = ("csv", "json", "fhir", "hl7", "pdf")
PANELS = {State.PRELIMINARY: "69738-3", State.FINAL: "24318-8", State.AMENDED: "24318-8"}


def plain(data: bytes, form: str) -> str:
    """Give what a person would read, on one line."""
    if form == "pdf":
        return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages).split())
    return data.decode()


def rows_by_sqlite(data: bytes, folder) -> list[dict]:
    """Read a CSV by the command-line shell of SQLite, which has a reader of its own."""
    (folder / "table.csv").write_bytes(data)
    done = subprocess.run(
        ["sqlite3", "-json", ":memory:", f".import --csv {folder / 'table.csv'} t", "SELECT * FROM t"],
        capture_output=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


def observations(data: bytes) -> dict[str, dict]:
    """Give the observations of a FHIR bundle by their own code."""
    entries = [entry["resource"] for entry in json.loads(data)["entry"]]
    found = [each for each in entries if each["resourceType"] == "Observation"]
    return {each["code"]["coding"][-1]["code"]: each for each in found}


def segments(message: str, kind: str) -> list[list[str]]:
    """Split a message by hand into the fields of its segments of a kind."""
    return [line.split("|") for line in message.split("\r") if line.startswith(f"{kind}|")]


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


@pytest.mark.parametrize("state", State)
def test_fhir_is_valid_r4b_and_says_how_far_it_is_signed(state):
    """Validated from the bytes, in report and observations alike."""
    bundle = Bundle.model_validate_json(slides_fhir([result(state)]))

    told = {entry.resource.status for entry in bundle.entry if hasattr(entry.resource, "issued")}
    (report,) = [e.resource for e in bundle.entry if e.resource.get_resource_type() == "DiagnosticReport"]
    assert ({state.value}, PANELS[state]) == (told, report.code.coding[0].code)


def test_fhir_links_every_observation_to_the_report_and_to_a_device_that_is_there():
    """A receiver that resolves references finds each."""
    entries = json.loads(slides_fhir([result(), result(slide="S-2")]))["entry"]
    there = {entry["fullUrl"] for entry in entries}
    resources = [entry["resource"] for entry in entries]

    listed = [ref["reference"] for each in resources for ref in each.get("result", ())]
    devices = [each["device"]["reference"] for each in resources if "device" in each]
    assert set(listed) | set(devices) <= there
    assert len(there) == len(entries)
    assert len(listed) == len(devices) == sum(each["resourceType"] == "Observation" for each in resources)


def test_fhir_tells_shares_in_per_cent_of_ucum_with_reference_range_and_cells():
    """Machines read the unit's code, not its look."""
    told = observations(slides_fhir([result()]))

    neutrophil = told["neutrophil"]
    assert {"value": 60.0, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"} == neutrophil[
        "valueQuantity"
    ]
    assert (40.0, 80.0) == tuple(neutrophil["referenceRange"][0][end]["value"] for end in ("low", "high"))
    cells = {each["code"]["coding"][0]["code"]: each["valueQuantity"] for each in neutrophil["component"]}
    assert (60, "{cells}", 3.9) == (
        cells["cells"]["value"],
        cells["cells"]["code"],
        cells["absolute"]["value"],
    )
    assert "/100{leukocytes}" == told["erythroblast"]["valueQuantity"]["code"]


def test_fhir_of_a_slide_without_leucocytes_says_that_there_is_no_share():
    """Zero per cent of nothing would be a lie."""
    none = {"count": 0, "percent": None, "low": None, "high": None, "absolute": None}
    classes = tuple(replace(each, **none) for each in result().classes)
    told = observations(slides_fhir([result(classes=classes, leucocytes=0)]))

    assert "not-a-number" == told["neutrophil"]["dataAbsentReason"]["coding"][0]["code"]
    assert "valueQuantity" not in told["neutrophil"]


def test_fhir_names_the_order_the_slide_and_who_signed():
    """The receiver's own numbers come back."""
    entries = json.loads(slides_fhir([result()]))["entry"]
    report = entries[0]["resource"]

    assert ("O-17", "S-1|a^b&c~d\\e", "jörg (supervisor, sign)") == (
        report["basedOn"][0]["identifier"]["value"], report["identifier"][0]["value"],
        report["resultsInterpreter"][0]["display"],
    )  # fmt: skip


def test_fhir_ids_are_the_same_at_a_second_export_and_others_in_another_version():
    """A receiver puts the repetition in place of what it has."""
    once, again, later = (
        [entry["fullUrl"] for entry in json.loads(slides_fhir([each]))["entry"]]
        for each in (result(), result(made_at=result().made_at + timedelta(1)), result(State.AMENDED))
    )

    assert once == again
    assert not set(once[:-2]) & set(later[:-2]), "all but the two devices"


@pytest.mark.parametrize("state", State)
def test_hl7_is_a_valid_oru_r01_of_2_5_1(state):
    """Read and validated by another library, groups and all."""
    text = slide_hl7(result(state), "0123456789abcdef").decode()

    message = parse_message(text, validation_level=VALIDATION_LEVEL.STRICT, find_groups=True)

    assert message.validate()
    observed = message.ORU_R01_PATIENT_RESULT.ORU_R01_ORDER_OBSERVATION
    assert ("0123456789abcdef", "2.5.1", PANELS[state]) == (
        message.msh.msh_10.value, message.msh.msh_12.value, observed.obr.obr_4.obr_4_1.value,
    )  # fmt: skip
    statuses = {each.obx.obx_11.value for each in observed.ORU_R01_OBSERVATION}
    assert {{"preliminary": "P", "final": "F", "amended": "C"}[state.value]} == statuses | {
        observed.obr.obr_25.value
    }


def test_hl7_tells_each_share_with_unit_range_and_codes():
    """Code of LOINC first, the class's own name beside it; a code of the site where there is no LOINC."""
    rows = segments(slide_hl7(result(), "1").decode(), "OBX")
    told = {row[3].split("^")[-3 if row[3].count("^") > 2 else 0]: row for row in rows}

    assert ("23761-0^Neutrophils/100 leukocytes in Blood by Manual count^LN^neutrophil^Neutrophil^99LEUKO", "60",
            "%^^UCUM", "40-80") == tuple(told["neutrophil"][at] for at in (3, 5, 6, 7))  # fmt: skip
    assert "B\\F\\1\\S\\x^Blast^L^blast^Blast^99LEUKO" == told["blast"][3]
    assert ("2", "/100{leukocytes}^^UCUM") == tuple(told["erythroblast"][at] for at in (5, 6))
    assert "0" == told["basophil-cells"][5]


def test_hl7_escapes_what_is_of_the_format_itself():
    """A slide's name with separators or a line break stays one field of one segment."""
    text = slide_hl7(result(slide="a|b^c&d~e\\f\rOBX|9"), "1").decode()

    (request,) = segments(text, "OBR")
    assert ("O-17", "a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f OBX\\F\\9") == (request[2], request[3])


def test_hl7_keeps_names_of_any_script():
    """UTF-8, and it says so."""
    text = slide_hl7(result(slide="Препарат-7"), "1").decode()

    assert ("UNICODE UTF-8", "Препарат-7") == (segments(text, "MSH")[0][17], segments(text, "OBR")[0][3])


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [("neutrophil", "26511-6", "23761-0"), ("lymphocyte", "26478-8", "737-7"), ("monocyte", "26485-3", "744-3"),
     ("eosinophil", "26450-7", "714-6"), ("basophil", "30180-4", "707-0")],
)  # fmt: skip
def test_a_pre_count_has_codes_without_a_method_and_a_signed_one_those_of_a_manual_count(name, before, after):
    """Who reads the code knows whether a person counted."""
    told = [
        observations(slides_fhir([result(state)]))[name]["code"]["coding"][0]["code"]
        for state in (State.PRELIMINARY, State.FINAL)
    ]

    assert [before, after] == told


def test_the_code_of_bands_never_stands_for_the_neutrophils():
    """26508-2 is bands: a trap into which others have fallen."""
    told = observations(slides_fhir([with_count(result(State.PRELIMINARY), "band", 0)]))

    assert "26511-6" == told["neutrophil"]["code"]["coding"][0]["code"]
    assert ["band"] == [each["code"] for each in told["band"]["code"]["coding"]]


def test_where_bands_were_found_the_neutrophils_are_told_as_the_segmented_ones():
    """The code of all neutrophils would leave the bands out of them."""
    told = observations(slides_fhir([with_count(result(), "band", 5)]))

    assert ("769-0", "764-1") == tuple(
        told[name]["code"]["coding"][0]["code"] for name in ("neutrophil", "band")
    )


def test_pdf_has_a_page_a_slide_with_table_signatures_and_seals():
    """What is printed can be held against the audit trail."""
    pages = PdfReader(io.BytesIO(slides_pdf([result(), result(State.PRELIMINARY, slide="S-2")]))).pages
    first, second = (" ".join(page.extract_text().split()) for page in pages)

    assert "Final, version 1" in first
    assert f"jörg (supervisor): as the analyser says seal in the audit trail: {SEAL}" in first
    assert "Neutrophil 60 60.0 50.0 to 70.0 40-80" in first
    assert "PRELIMINARY: nobody has signed this result" in second
    assert "Signatures None." in second


@pytest.mark.skipif(not DEJAVU.is_file(), reason="fonts-dejavu-core is not installed")
def test_pdf_prints_names_of_other_scripts():
    """Cyrillic, Greek and Turkish letters are in DejaVu Sans."""
    told = plain(slides_pdf([result(slide="Препарат Ωμέγα ğışö")]), "pdf")

    assert "Препарат Ωμέγα ğışö" in told


@pytest.mark.parametrize("font", ["", "none installed"])
def test_pdf_prints_a_question_mark_for_what_the_font_has_not(monkeypatch, tmp_path, font):
    """A name in any script never stops a report, with Helvetica alone neither."""
    if font:
        monkeypatch.setattr("leukowatch.exchange.fonts.DEJAVU", tmp_path / "none.ttf")

    told = plain(slides_pdf([result(slide="玻片 7\n🩸", warnings=("⚠" * 300,))]), "pdf")

    assert "Slide: ?? 7 ?" in told


def test_pdf_refuses_a_font_that_is_none(tmp_path):
    """The setting is named."""
    (tmp_path / "font.ttf").write_bytes(b"no font")

    with pytest.raises(SettingsInvalid, match=r"exchange\.font"):
        slides_pdf([result()], str(tmp_path / "font.ttf"))


@pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="poppler-utils is not installed")
def test_pdf_is_drawn_by_another_program_without_complaint(tmp_path):
    """One page, with ink in the chart."""
    (tmp_path / "r.pdf").write_bytes(slides_pdf([result()]))

    done = subprocess.run(
        ["pdftoppm", "-gray", "-r", "40", tmp_path / "r.pdf", tmp_path / "page"],
        capture_output=True,
        check=True,
    )

    (page,) = tmp_path.glob("page*.pgm")
    assert b"" == done.stderr
    assert min(page.read_bytes()[-100_000:]) < 160
