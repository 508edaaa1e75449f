"""One slide's report as a record, as JSON and as CSV."""

import csv
import io
import json

import pytest

from handmade import BUNDLE, blank, cell, fill, outcome, seen
from leukonet.cells import LEUCOCYTES
from leukowatch.console.report import BundleUse, as_csv, as_json, build_report
from leukowatch.errors import NotFound
from leukowatch.store.database import open_reader

FORMULA = "=HYPERLINK(1)"


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """A rich slide, a blank one, one called like a formula and one with a comma in its name."""
    path = tmp_path_factory.mktemp("store") / "leukowatch.db"
    counted = [cell("neutrophil")] * 7 + [cell("lymphocyte")] * 3
    beside = [cell("erythroblast"), cell("artefact"), cell("monocyte?")]
    fill(
        path,
        [
            outcome("S1", "a.jpg", 1, seen(*counted)),
            outcome("S1", "b.jpg", 2, seen(*beside)),
            outcome("S1", "c.jpg", 3, None),
            outcome("BLANK", "a.jpg", 4, blank()),
            outcome(FORMULA, "a.jpg", 5, seen(cell("basophil"))),
            outcome("a, b", "a.jpg", 6, seen(cell("basophil"))),
            outcome("FULL", "a.jpg", 7, seen(*[cell("monocyte")] * 100)),
        ],
    )
    engine = open_reader(f"sqlite:///{path}")
    yield engine
    engine.dispose()


def document(engine, slide):
    """The report's JSON, read again."""
    return json.loads(as_json(build_report(engine, slide)))


def table(engine, slide):
    """The report's CSV, read again."""
    return list(csv.reader(io.StringIO(as_csv(build_report(engine, slide)))))


def test_an_unknown_slide_is_not_found(engine):
    """The message names the slide and the command that lists them."""
    with pytest.raises(NotFound, match=r"S9.*leukowatch slides"):
        build_report(engine, "S9")


def test_the_report_says_which_bundle_looked_at_how_many_fields(engine):
    """Name, hash and number of fields."""
    report = build_report(engine, "S1")

    assert report.bundles == (BundleUse(BUNDLE.name, BUNDLE.sha256, 2),)


@pytest.mark.parametrize(("slide", "few"), [("S1", True), ("FULL", False)])
def test_fewer_than_a_hundred_cells_are_few(engine, slide, few):
    """Ten are, a hundred are not."""
    assert build_report(engine, slide).few is few


def test_json_has_every_counted_class_with_zeros(engine):
    """In the order of reports, with number, per cent and limits."""
    classes = document(engine, "S1")["classes"]

    assert tuple(each["class"] for each in classes) == LEUCOCYTES
    assert [each["cells"] for each in classes] == [7, 0, 0, 3, 0]
    assert classes[0] == {
        "class": "neutrophil", "label": "Neutrophil", "cells": 7, "percent": 70.0, "low": 34.75, "high": 93.33,
    }  # fmt: skip


def test_json_tells_what_the_numbers_rest_on(engine):
    """Note, status, files, bundle and its hash, source of the limits."""
    told = document(engine, "S1")

    expected = {
        "slide": "S1", "note": "research use only", "status": "unreviewed", "fields": 2, "quarantined": 1,
        "leucocytes": 10, "fewer_than_100": True, "unclassified": 1, "artefacts": 1,
        "limits": {"method": "Clopper-Pearson", "confidence": 95},
        "bundles": [{"name": BUNDLE.name, "sha256": BUNDLE.sha256, "fields": 2}],
        "last_received": "2031-05-04T12:00:03+00:00",
    }  # fmt: skip
    assert {key: told[key] for key in expected} == expected
    assert {each["group"]: each["cells"] for each in told["groups"]} == {"polynuclear": 7, "mononuclear": 3}
    assert {each["class"]: each["per_100"] for each in told["apart"]} == {
        "immature_granulocyte": 0.0,
        "erythroblast": 10.0,
    }


def test_a_slide_without_cells_has_no_per_cents(engine):
    """They are null in JSON and empty in CSV; the numbers are zeros."""
    told = document(engine, "BLANK")

    assert (told["status"], told["not_assessable"]) == ("empty", 1)
    assert {(each["cells"], each["percent"], each["low"]) for each in told["classes"]} == {(0, None, None)}
    assert table(engine, "BLANK")[1] == ["BLANK", "neutrophil", "0", "", "", ""]


def test_csv_has_a_row_for_each_class_and_one_for_what_is_beside(engine):
    """Only counted classes have per cents and limits."""
    rows = table(engine, "S1")

    assert rows[0] == ["slide", "class", "cells", "percent", "low", "high"]
    assert rows[1] == ["S1", "neutrophil", "7", "70.0", "34.75", "93.33"]
    assert rows[6:] == [
        ["S1", "immature_granulocyte", "0", "", "", ""],
        ["S1", "erythroblast", "1", "", "", ""],
        ["S1", "unclassified", "1", "", "", ""],
        ["S1", "artefact", "1", "", "", ""],
    ]


def test_csv_disarms_a_name_that_is_a_formula(engine):
    """A spreadsheet shows it as text."""
    assert {row[0] for row in table(engine, FORMULA)[1:]} == {f"'{FORMULA}"}


def test_csv_keeps_a_name_with_a_comma_whole(engine):
    """It is quoted."""
    assert {row[0] for row in table(engine, "a, b")[1:]} == {"a, b"}
