"""What the reports read, against a small store made by hand."""

import re
from datetime import timedelta

import pytest

from leukonet.cells import CELL_CLASSES, CellClass, Group, Role
from leukowatch.errors import NotFound, StoreUnavailable
from leukowatch.store import queries, tallies
from leukowatch.store.outcome import Status
from small_store import NOON, PEOPLES, ZEROS
from stores import ON_BOTH


def cells_of(engine, slide):
    """The cells of a slide, field by field."""
    fields = queries.fields_of(engine, slide)
    return [each for field in fields for each in queries.cells_of_field(engine, field.id)]


@ON_BOTH
def test_a_slide_is_told_with_everything_counted_on_it(engine):
    """Cells by class, the unclassified apart, fields, duplicates, quarantine, flags and time."""
    slide = tallies.slide(engine, "S1")

    assert slide.counts == ZEROS | {"neutrophil": 2, "lymphocyte": 1, "erythroblast": 1, "artefact": 1}
    assert (slide.unclassified, slide.fields, slide.not_assessable) == (2, 2, 1)
    assert (slide.duplicates, slide.quarantined, slide.unassigned) == (0, 0, False)
    assert slide.flags == ("duplicate_elsewhere",)
    assert slide.last_received == NOON + timedelta(minutes=3)


def test_slides_come_with_the_latest_first(engine):
    """The slide that last received a file is on top, and each says what came under it."""
    found = tallies.slides(engine)

    told = [(slide.name, slide.not_assessable, slide.duplicates, slide.quarantined) for slide in found]
    assert told == [("unassigned-2031-05-04", 0, 0, 1), ("S2", 1, 1, 0), ("S1", 1, 0, 0)]
    assert found[0].flags == ("unassigned",)


def test_an_absent_slide_is_not_found(engine):
    """The error names the slide and the command that lists them."""
    with pytest.raises(NotFound, match=r"S9.*leukowatch slides"):
        tallies.slide(engine, "S9")


def test_classes_come_as_records(store, writer):
    """A row added by a person is a class like the others."""
    store.rows(
        "INSERT INTO cell_class (name, label, key, role) VALUES ('hairy_cell', 'Hairy cell', 'x', 'counted')",
    )

    found = queries.class_records(writer)

    assert found[: len(CELL_CLASSES)] == CELL_CLASSES
    assert found[-1] == CellClass("hairy_cell", "Hairy cell", "x", Role.COUNTED, Group.NONE)
    assert tuple(each.name for each in found[len(CELL_CLASSES) : -1]) == PEOPLES


@pytest.mark.parametrize("what", ["S1/a.jpg", "archive/S1/a.jpg", f"{1:064x}"])
def test_a_field_is_found_by_its_paths_and_hash(engine, what):
    """The path as it came, the place where it is, and the content's hash all lead to it."""
    [field] = queries.find_fields(engine, what)

    assert (field.file, field.slide, field.width, field.bundle) == ("S1/a.jpg", "S1", 640, "current")


def test_a_cell_counts_by_the_role_that_its_class_has_now(store, writer):
    """Figures and crops say what the differential says, whatever the role was at the analysis."""
    change = "UPDATE cell_class SET role = 'counted' WHERE name = 'erythroblast'"

    before = [each.counts for each in cells_of(writer, "S1")]
    store.rows(change)
    after = [each.counts for each in cells_of(writer, "S1")]

    assert (sum(before), sum(after)) == (3, 4)


def test_a_file_name_may_mean_several_fields(engine):
    """Without a folder all fields of that name come, oldest first."""
    found = queries.find_fields(engine, "a.jpg")

    assert [field.file for field in found] == ["S1/a.jpg", "S2/a.jpg"]


@pytest.mark.parametrize("what", ["z.jpg", "", "%", "_.jpg", "S1", "deadbeef"])
def test_a_field_that_is_not_there_is_not_found(engine, what):
    """No wildcard and no empty name finds anything."""
    with pytest.raises(NotFound):
        queries.find_fields(engine, what)


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("x.jpg", "x.jpg: no field, as the file is quarantined (truncated: it is truncated)"),
        ("S2/copy.jpg", "S2/copy.jpg: no field, as the file is duplicate (content of S1/a.jpg)"),
    ],
)
def test_a_file_that_is_no_field_says_what_became_of_it(engine, what, told):
    """Its state and the reason, instead of a claim that there is no such file."""
    with pytest.raises(NotFound, match=f"{re.escape(told)}$"):
        queries.find_fields(engine, what)


def test_files_are_found_by_name_and_state(engine):
    """A copy shares its hash with the field; both are files."""
    found = queries.find_files(engine, f"{1:064x}")
    copies = queries.find_files(engine, f"{1:064x}", status=Status.DUPLICATE)

    assert [file.file for file in found] == ["S2/copy.jpg", "S1/a.jpg"]
    assert [file.file for file in copies] == ["S2/copy.jpg"]
    assert queries.find_files(engine, "z.jpg") == []


def test_a_slides_fields_come_in_order(engine):
    """As they came, the ones that are not assessable too."""
    found = queries.fields_of(engine, "S1")

    assert [(field.file, field.assessable, field.reason) for field in found] == [
        ("S1/a.jpg", True, ""),
        ("S1/b.jpg", True, ""),
        ("S1/c.jpg", False, "blank"),
    ]


def test_a_fields_cells_come_in_order(engine):
    """As the bundle gave them, those that it was not sure of too."""
    cells = cells_of(engine, "S1")

    assert [each.first for each in cells[:4]] == ["neutrophil", "neutrophil", "lymphocyte", "monocyte"]
    assert [each.unclassified for each in cells] == [False, False, False, True, False, False, True]
    assert (cells[0].xmin, cells[0].ymax, cells[0].second) == (1.0, 40.0, "monocyte")


def test_problems_are_what_a_person_should_look_at(engine):
    """Quarantined and lost files and flags, newest first, at most as many as asked for."""
    found = queries.problems(engine)

    assert [(each.kind, each.file) for each in found[:2]] == [
        ("quarantined", "unassigned-2031-05-04/x.jpg"),
        ("lost", "S2/a.jpg"),
    ]
    assert sorted(each.kind for each in found[2:]) == [
        "duplicate_elsewhere",
        "duplicate_elsewhere",
        "unassigned",
    ]
    assert len(queries.problems(engine, limit=1)) == 1


def test_files_can_be_narrowed(engine):
    """By state, newest first."""
    [broken] = queries.files(engine, status=Status.QUARANTINED)
    [copy] = queries.files(engine, status=Status.DUPLICATE)

    assert broken.file == "unassigned-2031-05-04/x.jpg"
    assert (broken.reason, broken.detail) == ("truncated", "it is truncated")
    assert (copy.file, copy.duplicate_of) == ("S2/copy.jpg", "S1/a.jpg")


@ON_BOTH
def test_totals_count_everything(engine):
    """Files of each state, slides, and what still waits for its move."""
    found = queries.totals(engine)

    assert found.statuses == {
        Status.COUNTED: 2, Status.NOT_ASSESSABLE: 2, Status.DUPLICATE: 1, Status.QUARANTINED: 1, Status.REQUEUED: 0
    }  # fmt: skip
    assert (found.files, found.slides) == (6, 3)
    assert (found.unfiled, found.lost) == (4, 1)


def test_throughput_is_of_the_last_seconds(engine):
    """Four fields at noon: seen from ten seconds later, and no longer from an hour later."""
    assert queries.throughput(engine, 20, NOON + timedelta(seconds=10)) == 0.2
    assert queries.throughput(engine, 20, NOON + timedelta(hours=1)) == 0


def test_a_vanished_database_is_unavailable(store, engine):
    """A reader whose database goes away says so."""
    store.remove()

    with pytest.raises(StoreUnavailable, match=r"cannot be opened|does not exist"):
        tallies.slides(engine)
