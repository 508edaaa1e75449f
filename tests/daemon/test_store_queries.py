"""What the reports read, and the views beside it, against a small store made by hand."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from leukonet.cells import CELL_CLASSES, CellClass, Group, Role
from leukonet.result import Box, Cell, FieldResult
from leukowatch.errors import NotFound, RequestInvalid, StoreUnavailable
from leukowatch.store import queries, tallies
from leukowatch.store.database import close_writer, open_reader, open_writer
from leukowatch.store.ledger import BundleRef, Ledger
from leukowatch.store.outcome import Outcome, Received, Status
from leukowatch.store.reassign import reassign
from stores import ENGINES, ON_BOTH, POSTGRESQL, fresh

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
BUNDLE = BundleRef("current", "b" * 64, "locate-classify")
BLANK = FieldResult(640, 480, False, "blank", (), BUNDLE.name, BUNDLE.sha256, {})
PEOPLES = ("blast", "promyelocyte", "myelocyte", "metamyelocyte", "band", "reactive_lymphocyte", "plasma_cell",
           "smudge", "other")  # fmt: skip
ZEROS = dict.fromkeys((*(each.name for each in CELL_CLASSES), *PEOPLES), 0)


def cell(first, *, unclassified=False) -> Cell:
    """A cell that counts where its class does."""
    counts = not unclassified and first not in {"erythroblast", "artefact"}
    return Cell(Box(1, 2, 30, 40), 0.9, first, 0.8, "monocyte", 0.1, unclassified, counts)


def outcome(path, inode, result, reason="") -> Outcome:
    """A file of one folder; its inode is its content, and its minute."""
    slide, _, name = path.partition("/")
    file = Received(path.encode(), path, slide, slide.startswith("unassigned"), f"{inode:064x}", 9, 1,
                    len(name), 1, NOON + timedelta(minutes=inode))  # fmt: skip
    return Outcome(file, result, reason, reason and f"it is {reason}")


def seen(*classes) -> FieldResult:
    """An analysis with cells of these classes; a question mark makes one unclassified."""
    cells = tuple(cell(name.rstrip("?"), unclassified=name.endswith("?")) for name in classes)
    return replace(BLANK, assessable=True, reason="", cells=cells)


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """Three slides: one rich, one blank, one unassigned with nothing but a broken file."""
    path = tmp_path_factory.mktemp("store") / "leukowatch.db"
    fill(f"sqlite:///{path}")
    return path


def fill(url):
    """Commit what the tests read."""
    engine = open_writer(url, upgrade=True)
    ledger = Ledger(engine, BUNDLE, lambda: NOON)
    filings = ledger.commit(
        [
            outcome(
                "S1/a.jpg", 1, seen("neutrophil", "neutrophil", "lymphocyte", "monocyte?", "erythroblast")
            ),
            outcome("S1/b.jpg", 2, seen("artefact", "artefact?")),
            outcome("S1/c.jpg", 3, BLANK),
            outcome("S2/a.jpg", 4, BLANK),
            outcome("S2/copy.jpg", 1, seen("neutrophil")),
            outcome("unassigned-2031-05-04/x.jpg", 6, None, "truncated"),
        ]
    )
    ledger.mark_filed([(filings[0].arrival_id, b"archive/S1/a.jpg"), (filings[3].arrival_id, None)])
    close_writer(engine)


@pytest.fixture(params=ENGINES)
def store(request, template, tmp_path):
    """A store of its own with the same rows."""
    store = fresh(request, template, tmp_path)
    if request.param == POSTGRESQL:
        fill(store.url)
    yield store
    store.remove()


@pytest.fixture
def engine(store):
    """A reader's engine on it."""
    engine = open_reader(store.url)
    yield engine
    engine.dispose()


@pytest.fixture
def writer(store):
    """A writer's engine on it."""
    engine = open_writer(store.url)
    yield engine
    close_writer(engine)


def rows(store, query):
    """What another program reads there."""
    return store.rows(query)


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
    rows(
        store,
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

    before = [each.counts for each in queries.cells_of_slide(writer, "S1")]
    rows(store, change)
    after = [each.counts for each in queries.cells_of_slide(writer, "S1")]

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


def test_cells_come_field_by_field(engine):
    """The cells of a slide are those of its fields, in the bundle's order."""
    [field, *_] = queries.fields_of(engine, "S1")

    cells = queries.cells_of_slide(engine, "S1")

    assert cells[:5] == queries.cells_of_field(engine, field.id)
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
    """By state, by slide and by number, newest first."""
    [broken] = queries.files(engine, status=Status.QUARANTINED)
    [copy] = queries.files(engine, status=Status.DUPLICATE, slide="S2")

    assert broken.file == "unassigned-2031-05-04/x.jpg"
    assert (broken.reason, broken.detail) == ("truncated", "it is truncated")
    assert (copy.file, copy.duplicate_of) == ("S2/copy.jpg", "S1/a.jpg")
    assert len(queries.files(engine, limit=2)) == 2


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


@ON_BOTH
def test_the_view_differential(store):
    """Five rows for each slide with an assessable field, zeros included; per cent of counted leucocytes."""
    assert rows(store, "SELECT * FROM differential") == [
        ("S1", "neutrophil", 2, 66.7, 0),
        ("S1", "eosinophil", 0, 0.0, 0),
        ("S1", "basophil", 0, 0.0, 0),
        ("S1", "lymphocyte", 1, 33.3, 0),
        ("S1", "monocyte", 0, 0.0, 0),
    ]


def test_the_view_differential_has_no_per_cent_of_nothing(store, writer):
    """A slide with an assessable field and no counted cell has zeros and nulls."""
    Ledger(writer, BUNDLE).commit([outcome("S3/a.jpg", 9, seen("artefact"))])

    found = rows(store, "SELECT cells, percent FROM differential WHERE slide = 'S3'")

    assert found == [(0, None)] * 5


def test_the_view_differential_counts_current_analyses_only(store):
    """An earlier analysis of the same field adds nothing."""
    rows(store, "UPDATE analysis SET is_current = false WHERE id = 1")

    assert rows(store, "SELECT sum(cells) FROM differential WHERE slide = 'S1'") == [(0,)]
    assert rows(store, "SELECT count(*) FROM cell_result WHERE field = 'S1/a.jpg'") == [(0,)]


def test_the_view_cell_result(store):
    """A row per cell, counted or not, under its field's path."""
    assert rows(store, "SELECT * FROM cell_result LIMIT 1 OFFSET 3") == [
        ("S1", "S1/a.jpg", 1.0, 2.0, 30.0, 40.0, "monocyte", 0.8, "monocyte", 0.1, None, 0, 0, 1)
    ]


def test_the_view_field_status(store):
    """A row per file taken, in every state."""
    assert rows(store, "SELECT field, slide, file, status, reason FROM field_status ORDER BY file") == [
        (1, "S1", "S1/a.jpg", "counted", ""),
        (2, "S1", "S1/b.jpg", "counted", ""),
        (3, "S1", "S1/c.jpg", "not_assessable", "blank"),
        (4, "S2", "S2/a.jpg", "not_assessable", "blank"),
        (None, "S2", "S2/copy.jpg", "duplicate", "same content as S1/a.jpg"),
        (None, "unassigned-2031-05-04", "unassigned-2031-05-04/x.jpg", "quarantined", "truncated"),
    ]
    found = rows(store, "SELECT sha256, received_at FROM field_status WHERE file = 'S1/a.jpg'")
    assert found == [(f"{1:064x}", "2031-05-04 12:01:00.000000+00:00")]


def test_a_reassigned_field_counts_on_its_new_slide(store, engine, writer):
    """The differential follows, the old slide keeps nothing of it, and the file's place stays."""
    moved = reassign(writer, "S1/a.jpg", "S7", "wrong folder", "R. Lin")

    assert moved == 1
    assert tallies.slide(engine, "S7").counts["neutrophil"] == 2
    assert tallies.slide(engine, "S1").counts == ZEROS | {"artefact": 1}
    assert rows(store, "SELECT DISTINCT slide FROM differential") == [("S1",), ("S7",)]
    assert rows(store, "SELECT slide FROM field_status WHERE file = 'S1/a.jpg'") == [("S7",)]
    assert queries.find_fields(engine, "S1/a.jpg")[0].destination == b"archive/S1/a.jpg"


def test_a_reassignment_leaves_a_trace(store, engine, writer):
    """From where, to where, why and by whom; both slides are flagged."""
    reassign(writer, "S1/a.jpg", "S2", "wrong folder", "R. Lin")

    trace = rows(
        store,
        "SELECT field_id, a.name, b.name, reason, who FROM reassignment "
        "JOIN slide a ON a.id = from_slide_id JOIN slide b ON b.id = to_slide_id",
    )
    assert trace == [(1, "S1", "S2", "wrong folder", "R. Lin")]
    said = {(each.slide, each.detail) for each in queries.problems(engine) if each.kind == "reassigned"}
    detail = "S1/a.jpg moved from slide S1 to slide S2 by R. Lin: wrong folder"
    assert said == {("S1", detail), ("S2", detail)}


def test_a_whole_slide_can_be_reassigned(store, engine, writer):
    """All its fields move, one trace each; those already there are left alone; a repetition moves none."""
    assert reassign(writer, "S1", "S2", "the same smear", "R. Lin") == 3
    assert reassign(writer, "S1", "S2", "the same smear", "R. Lin") == 0

    assert tallies.slide(engine, "S2").fields == 2
    assert rows(store, "SELECT count(*) FROM reassignment") == [(3,)]


@pytest.mark.parametrize("what", ["nothing.jpg", "a.jpg"], ids=["absent", "ambiguous"])
def test_a_reassignment_that_is_not_clear_changes_nothing(store, writer, what):
    """A name that no field has, or that two have, is refused."""
    with pytest.raises(NotFound, match=what):
        reassign(writer, what, "S7", "wrong folder", "R. Lin")

    assert rows(store, "SELECT count(*) FROM slide WHERE name = 'S7'") == [(0,)]


@pytest.mark.parametrize(("to", "reason"), [("", "why"), ("S7", " ")])
def test_a_reassignment_needs_target_and_reason(writer, to, reason):
    """Blank ones are refused before anything is read."""
    with pytest.raises(RequestInvalid, match="--reason"):
        reassign(writer, "S1", to, reason, "R. Lin")


def test_a_copy_that_comes_to_the_mended_slide_flags_nothing(store, writer):
    """After a reassignment duplicates are judged by the slide that the field is on now."""
    reassign(writer, "S1/a.jpg", "S7", "wrong folder", "R. Lin")
    before = rows(store, "SELECT count(*) FROM flag WHERE kind = 'duplicate_elsewhere'")

    Ledger(writer, BUNDLE).commit([outcome("S7/again.jpg", 1, seen("neutrophil"))])

    assert before == rows(store, "SELECT count(*) FROM flag WHERE kind = 'duplicate_elsewhere'")
