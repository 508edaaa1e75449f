"""Another bundle's results: beside the old ones, made current, taken back, and never under a signature."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from handmade import BUNDLE, NOON, blank, cell, outcome, seen
from leukowatch.differential.comparison import compare_slides
from leukowatch.errors import NotFound, RequestInvalid
from leukowatch.settings import Settings
from leukowatch.store import reanalysis, trail
from leukowatch.store.database import close_writer, open_writer
from leukowatch.store.ledger import BundleRef, Ledger
from leukowatch.store.promotion import promote, roll_back
from leukowatch.store.reanalysis import how_many_to_look_at, record_again, to_look_at
from leukowatch.store.tables import Arrival
from stores import ENGINES, ON_BOTH, fresh

OTHER = BundleRef("smear-9", "9f" * 32, "locate-classify")
WHO = "r.lin (command line)"
COUNTS = "SELECT slide, class, cells FROM differential WHERE cells > 0 ORDER BY slide, class"


def by_other(result):
    """The same result, as if the other bundle had made it."""
    return replace(result, bundle=OTHER.name, bundle_sha256=OTHER.sha256)


@pytest.fixture(params=ENGINES)
def store(request, template, tmp_path):
    """Two slides with three fields that are filed; the other bundle has seen them all, and thinks otherwise."""
    store = fresh(request, template, tmp_path)
    engine = open_writer(store.url)
    first, second = cell("neutrophil", (0, 0, 50, 50)), cell("lymphocyte", (100, 0, 150, 50))
    filings = Ledger(engine, BUNDLE, lambda: NOON).commit(
        [
            outcome("S1", "a.jpg", 1, seen(first, second)),
            outcome("S1", "b.jpg", 2, blank()),
            outcome("S2", "c.jpg", 3, seen(first)),
        ]
    )
    Ledger(engine, BUNDLE, lambda: NOON).mark_filed([(each.arrival_id, b"archive/x") for each in filings])
    moved, monocyte = cell("neutrophil", (2, 0, 50, 50)), cell("monocyte", (100, 0, 150, 50))
    further = cell("eosinophil", (200, 0, 250, 50))
    fields = to_look_at(engine, OTHER.sha256, "", [])
    results = [seen(moved, monocyte, further), seen(further), seen(first)]
    pairs = [(field.field_id, by_other(result)) for field, result in zip(fields, results, strict=True)]
    record_again(engine, OTHER, pairs)
    close_writer(engine)
    yield store
    store.remove()


@pytest.fixture
def engine(store):
    """A writer's engine on it."""
    engine = open_writer(store.url)
    yield engine
    close_writer(engine)


BEFORE = [("S1", "lymphocyte", 1), ("S1", "neutrophil", 1), ("S2", "neutrophil", 1)]
AFTER = [("S1", "eosinophil", 2), ("S1", "monocyte", 1), ("S1", "neutrophil", 1), ("S2", "neutrophil", 1)]


@ON_BOTH
def test_a_large_archive_is_listed_page_by_page(engine, store, monkeypatch):
    """From the field after the last one, in whatever slides, so that memory does not grow with the archive."""
    monkeypatch.setattr(reanalysis, "PAGE", 2)
    first = to_look_at(engine, "0" * 64, "", [])
    second = to_look_at(engine, "0" * 64, "", [], first[-1].field_id)
    third = to_look_at(engine, "0" * 64, "", [], second[-1].field_id)

    assert [["a.jpg", "b.jpg"], ["c.jpg"], []] == [
        [each.file.rpartition("/")[2] for each in page] for page in (first, second, third)
    ]
    assert how_many_to_look_at(engine, "0" * 64, "", ["S1"]) == 2


@ON_BOTH
def test_a_pruned_image_is_not_asked_for_again(engine, store):
    """Its field keeps the analysis that it has; else each run over the archive would end with an error."""
    with engine.begin() as connection:
        gone = update(Arrival).where(Arrival.printable.endswith("b.jpg"))
        connection.execute(gone.values(pruned_at=NOON))

    assert how_many_to_look_at(engine, "0" * 64, "", []) == 2


@ON_BOTH
def test_results_beside_the_current_ones_change_nothing(engine, store):
    """Until somebody promotes them, the differential is the old one."""
    assert store.rows(COUNTS) == BEFORE
    assert to_look_at(engine, OTHER.sha256, "", []) == []


@ON_BOTH
def test_a_promotion_makes_them_current_and_a_rollback_takes_it_back(engine, store):
    """Counts and files' states go over and come back, and the trail tells both with who and why."""
    turned = promote(engine, "smear-9", [], "validated on 200 slides", WHO, NOON)
    became, state = store.rows(COUNTS), "SELECT status FROM field_status WHERE file = 'S1/b.jpg'"
    became_state = store.rows(state)
    roll_back(engine, ["S1"], "too many eosinophils", WHO, NOON)

    assert [(each.slide, each.fields, each.left_alone) for each in turned] == [("S1", 2, ""), ("S2", 1, "")]
    assert (became, became_state) == (AFTER, [("counted",)])
    assert (store.rows(COUNTS), store.rows(state)) == (BEFORE, [("not_assessable",)])
    told = store.rows("SELECT who, act, subject FROM audit ORDER BY id")
    assert told == [(WHO, "promote", "slide S1"), (WHO, "promote", "slide S2"), (WHO, "rollback", "slide S1")]
    assert trail.verify(engine).findings == ()


def test_a_rollback_is_not_repeated(engine, store):
    """Taken back once, a slide has nothing more to take back."""
    promote(engine, "smear-9", ["S1"], "try", WHO)
    roll_back(engine, ["S1"], "back", WHO)

    with pytest.raises(NotFound, match="nothing was promoted"):
        roll_back(engine, ["S1"], "back", WHO)
    assert store.rows(COUNTS) == BEFORE


def test_a_signed_slide_never_changes(engine, store):
    """Neither by a promotion of all slides nor by one that names it; the others change."""
    sign(store, "S1")

    turned = promote(engine, "smear-9", [], "all", WHO) + promote(engine, "smear-9", ["S1"], "this", WHO)

    assert [(each.slide, each.fields, "signed" in each.left_alone) for each in turned] == [
        ("S1", 0, True),
        ("S2", 1, False),
        ("S1", 0, True),
    ]
    assert store.rows(COUNTS) == BEFORE


def test_a_slide_signed_after_its_promotion_is_not_taken_back(engine, store):
    """What a person answered for stays."""
    promote(engine, "smear-9", ["S1"], "try", WHO)
    sign(store, "S1")

    [turned] = roll_back(engine, ["S1"], "back", WHO)

    assert (turned.fields, store.rows(COUNTS)) == (0, AFTER)


def test_a_slide_that_the_bundle_has_not_seen_whole_is_left_alone(engine, store):
    """Half a slide by one bundle and half by another is no result."""
    Ledger(engine, BUNDLE, lambda: NOON).commit([outcome("S2", "d.jpg", 4, seen(cell("basophil")))])

    turned = promote(engine, "smear-9", ["S2"], "try", WHO)

    assert "1 of its 2 fields" in turned[0].left_alone


def test_a_blank_reason_and_an_unknown_bundle_are_refused(engine):
    """A trail without a reason is none."""
    with pytest.raises(RequestInvalid, match="--why"):
        promote(engine, "smear-9", [], " ", WHO)
    with pytest.raises(NotFound, match="leukowatch reanalyse"):
        promote(engine, "smear-8", [], "why", WHO)


def test_results_kept_twice_are_kept_once(engine, store):
    """Two runs that overlap leave one further analysis a field."""
    before = store.rows("SELECT count(*) FROM analysis")

    assert record_again(engine, OTHER, [(1, by_other(seen(cell("basophil"))))]) == 0
    assert before == store.rows("SELECT count(*) FROM analysis")


@ON_BOTH
def test_a_comparison_tells_what_a_promotion_would_change(engine, store, tmp_path):
    """Cells found by both, agreement, kappa, and nothing is changed by looking."""
    [first, second] = compare_slides(engine, "smear-9", [], Settings(home=tmp_path))

    assert (first.slide, first.fields, first.missing, first.cells, first.agreed) == ("S1", 2, 0, 2, 1)
    assert (first.gone, first.new) == (0, 2)
    assert first.kappa == pytest.approx(1 / 3)
    assert any(flag.startswith("+ Eosinophil") for flag in first.flags)
    assert (second.cells, second.agreed, second.flags) == (1, 1, ())
    assert store.rows(COUNTS) == BEFORE


def sign(store, slide):
    """Put a signature on a slide, as rows alone: its rules are another test's affair."""
    now = "2031-05-04 12:00:00.000000+00:00"
    store.rows(
        "INSERT INTO account (id, name, role, password_hash, active, created_at) "
        f"VALUES (1, 'dora', 'supervisor', 'none', true, '{now}')"
    )
    store.rows(
        "INSERT INTO audit (id, at, who, act, subject, before, after, previous_hash, hash) "
        f"SELECT coalesce(max(id), 0) + 1, '{now}', 'dora', 'sign', 'slide {slide}', '', '', "
        f"'{'0' * 64}', '{'1' * 64}' FROM audit"
    )
    store.rows(
        "INSERT INTO signature (slide_id, kind, version, account_id, role, at, reason, comment, needs_second, "
        "released, basis, result, audit_id, seal) "
        f"SELECT id, 'sign', 1, 1, 'supervisor', '{now}', '', '', false, true, 'x', '{{}}', "
        f"(SELECT max(id) FROM audit), '{'1' * 64}' FROM slide WHERE name = '{slide}'"
    )
