"""FHIR, held against the R4B models of fhir.resources, and the codes that it and HL7 share."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from fhir.resources.R4B.bundle import Bundle

from exchanging import result, with_count
from leukowatch.differential.result import State
from leukowatch.exchange.fhir import slides_fhir
from reading_back import observations

PANELS = {State.PRELIMINARY: "69738-3", State.FINAL: "24318-8", State.AMENDED: "24318-8"}


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
