"""The list of slides and the report as people read them."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from handmade import NOON, blank, cell, fill, outcome, seen
from leukowatch.console.report import build_report
from leukowatch.console.tables import report_text, slides_table
from leukowatch.differential.listing import listing
from leukowatch.settings import Settings
from leukowatch.store.database import open_reader

ODD = "[bold]odd[/bold]"


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """A rich slide, a blank one, one whose name is markup, and one that nobody named."""
    path = tmp_path_factory.mktemp("store") / "leukowatch.db"
    beside = [cell("erythroblast"), cell("artefact"), cell("monocyte?")]
    fill(
        path,
        [
            outcome("S1", "a.jpg", 1, seen(*[cell("neutrophil")] * 7, *[cell("lymphocyte")] * 3, *beside)),
            outcome("BLANK", "a.jpg", 2, blank()),
            outcome(ODD, "a.jpg", 3, seen(*[cell("monocyte")] * 100)),
            outcome("unassigned-2031-05-04", "a.jpg", 4, seen(cell("monocyte"))),
        ],
    )
    engine = open_reader(f"sqlite:///{path}")
    yield engine
    engine.dispose()


def printed(show, width=80):
    """What a console of this width shows, runs of spaces made one."""
    console = Console(width=width, file=io.StringIO())
    show(console)
    return [" ".join(line.split()) for line in console.file.getvalue().splitlines()]


def report_of(engine, slide):
    """The lines of a slide's report."""
    return printed(lambda console: report_text(build_report(engine, slide), console))


def listed(engine):
    """The lines of the list of slides."""
    return printed(
        lambda console: console.print(slides_table(listing(engine, Settings(home=Path("/nowhere")), NOON)))
    )


def test_each_slide_has_per_cents_with_limits_beneath(engine):
    """At eighty columns nothing is cut."""
    lines = listed(engine)

    at = next(number for number, line in enumerate(lines) if line.startswith("S1 "))
    assert lines[at] == "S1 1 10 70.0 0.0 0.0 30.0 0.0 1"
    assert lines[at + 1].endswith("35-93 0-31 0-31 7-65 0-31")


def test_a_slide_without_cells_has_dashes(engine):
    """No per cent is made up."""
    assert any(line.startswith("BLANK 0 0 - - - - - 0") for line in listed(engine))


def test_the_list_shows_names_literally(engine):
    """A name that is markup keeps its brackets."""
    assert ODD in "".join(listed(engine))


def test_the_report_shows_classes_groups_and_what_is_beside(engine):
    """Number, per cent and limits; per 100; and the rest without per cent."""
    lines = report_of(engine, "S1")

    expected = [
        "Neutrophil 7 70.0 34.8-93.3", "Basophil 0 0.0 0.0-30.8", "Polynuclear 7 70.0 34.8-93.3",
        "Mononuclear 3 30.0 6.7-65.2", "Counted leucocytes 10", "Erythroblast 1 10.0", "Unclassified 1",
        "Artefacts 1",
    ]  # fmt: skip
    assert [line for line in lines if line in expected] == expected


def test_the_report_shows_what_the_numbers_rest_on(engine):
    """Research use only, status, fields, bundle, the source of the limits, and the warning."""
    told = " ".join(report_of(engine, "S1"))

    for expected in (
        "research use only; not for diagnosis",
        "unreviewed: counted by the networks alone; cells that wait for a person: 1",
        "1 assessable, 0 not assessable; files: 0 duplicates, 0 quarantined",
        "smear-1, sha256 1a2b3c4d1a2b, fields: 1",
        "Clopper-Pearson",
        "fewer than 100 cells counted (10)",
    ):
        assert expected in told


def test_the_report_of_a_hundred_cells_has_no_warning(engine):
    """And shows the slide's name literally."""
    lines = report_of(engine, ODD)

    assert lines[0] == ODD
    assert "fewer than" not in " ".join(lines)


def test_the_report_of_an_unassigned_slide_says_so(engine):
    """It is never mistaken for a named one."""
    assert "unassigned: neither a folder nor a pattern named it" in " ".join(
        report_of(engine, "unassigned-2031-05-04")
    )


def test_the_report_of_a_slide_without_cells_says_so(engine):
    """No per cent, no limits."""
    lines = report_of(engine, "BLANK")

    assert "Status no leucocyte counted" in lines
    assert "Neutrophil 0 - -" in lines
