"""What the page lists and what goes out: slides, worklist, outbox."""

from datetime import timedelta

import pytest

from handmade import cell as cell_of
from handmade import fill, outcome, seen
from leukowatch.differential.signing import Signing, amend, sign
from leukowatch.errors import NotAllowed, RequestInvalid
from leukowatch.store import outbox, reviews
from leukowatch.store.audit import audit_rows
from leukowatch.store.life import Life
from leukowatch.store.queries import reading
from leukowatch.store.slide_list import list_slides
from leukowatch.store.worklist import WorklistRow, order_of, orders_of, record_worklist
from reviewing import LATER, lab_at

HOUR = timedelta(hours=1)


@pytest.fixture
def lab(tmp_path):
    """Slides S1 to S4, of which S1 is signed."""
    with lab_at(tmp_path / "leukowatch.db", ["neutrophil", "artefact"]) as lab:
        fill(lab.path, [
            outcome("S2", "1.jpg", 2, seen(cell_of("neutrophil"), cell_of("monocyte?"))),
            outcome("S2", "bad.jpg", 3, None),
            outcome("S3_x", "1.jpg", 4, seen()),
            outcome("unassigned-4", "1.jpg", 5, seen(cell_of("basophil"))),
        ])  # fmt: skip
        lab.see_all()
        sign(lab.engine, lab.people["anna"], "S1", lab.settings, Signing(targets=("lis", "file")), LATER)
        yield lab


def names(lab, **wanted):
    """Names on a page of the list."""
    return [each.slide.name for each in list_slides(lab.engine, 10, LATER, **wanted).slides]


def order(lab, slide):
    """Order of a slide."""
    with reading(lab.engine) as connection:
        found = order_of(connection, slide)
    return found.order_id if found else None


def record(lab, *rows, who="cleo", **more):
    """Record lines of the worklist."""
    return record_worklist(lab.engine, lab.people[who], rows, LATER, **more)


def test_the_list_tells_where_each_slide_stands(lab):
    """The latest first."""
    record(lab, WorklistRow("S2", "O-2"))

    page = list_slides(lab.engine, 10, LATER)

    assert page.total == 4
    assert [
        (s.slide.name, s.life, s.slide.unclassified, s.slide.unseen, s.slide.quarantined, s.slide.flags,
         s.order and s.order.order_id)
        for s in page.slides
    ] == [
        ("unassigned-4", Life.TO_REVIEW, 0, 1, 0, ("unassigned",), None),
        ("S3_x", Life.TO_REVIEW, 0, 0, 0, (), None),
        ("S2", Life.TO_REVIEW, 1, 2, 1, (), "O-2"),
        ("S1", Life.SIGNED, 0, 0, 0, (), None),
    ]  # fmt: skip


def test_the_list_is_searched_and_paged(lab):
    """Signs that SQL takes for patterns are taken literally; a page knows how many there are in all."""
    assert names(lab, search="s") == ["unassigned-4", "S3_x", "S2", "S1"]
    assert names(lab, search="_") == ["S3_x"]
    assert names(lab, search="%") == []
    assert names(lab, life=Life.SIGNED) == ["S1"]
    assert names(lab, life=Life.READING) == []
    page = list_slides(lab.engine, 10, LATER, offset=1, limit=2)
    assert ([each.slide.name for each in page.slides], page.total) == (["S3_x", "S2"], 4)


def test_the_list_is_searched_by_order(lab):
    """By the order that holds, of a line of its own or of a pattern, and not by one that was replaced."""
    record(lab, WorklistRow("S2", "A-17"), WorklistRow("unassigned-*", "B-17"))
    record(lab, WorklistRow("S1", "C-17"), WorklistRow("S1", "C-18"))

    assert names(lab, search="-17") == ["unassigned-4", "S2"]
    assert names(lab, search="c-1") == ["S1"]


def test_a_named_slide_goes_before_a_pattern(lab):
    """And of several lines the last holds."""
    record(
        lab,
        WorklistRow("S*", "old"),
        WorklistRow("S2", "O-1"),
        WorklistRow("S2", "O-2"),
        WorklistRow("S?", "new"),
    )

    assert [order(lab, slide) for slide in ("S1", "S2", "S3_x", "T1")] == ["new", "O-2", "old", None]


def test_orders_of_any_number_of_slides_are_found(lab):
    """More than a statement of SQLite takes parameters."""
    slides = [f"T{number}" for number in range(40_000)]
    record(lab, WorklistRow("T39999", "O-1"), WorklistRow("T7", "O-2"))

    with reading(lab.engine) as connection:
        found = orders_of(connection, slides)

    assert list(found) == slides
    assert {row.order_id for row in found.values() if row} == {"O-1", "O-2"}


@pytest.mark.parametrize(
    "row",
    [
        WorklistRow("", "O"), WorklistRow("S1", " "), WorklistRow("S1", "O", -1), WorklistRow("S1", "O", 151),
        WorklistRow("S1", "O", sex="f"), WorklistRow("S1", "O", leucocytes=-1.0),
        WorklistRow("S1", "O", leucocytes=float("nan")), WorklistRow("S1", "O", float("nan")),
    ],
)  # fmt: skip
def test_a_line_that_makes_no_sense_is_refused_with_all_others(lab, row):
    """The message says which line."""
    with pytest.raises(RequestInvalid, match="worklist, line 2"):
        record(lab, WorklistRow("S1", "O-1"), row)

    assert order(lab, "S1") is None


def test_a_technologist_records_no_worklist(lab):
    """It decides by whose ranges a slide is judged."""
    with pytest.raises(NotAllowed):
        record(lab, WorklistRow("S1", "O-1"), who="anna")


def test_a_whole_list_stands_in_place_of_the_one_before(lab):
    """What it leaves out has no order any more; the audit keeps what was."""
    record(lab, WorklistRow("S1", "O-1"), WorklistRow("S2", "O-2"))

    record(lab, WorklistRow("S2", "O-3"), replace=True)

    assert (order(lab, "S1"), order(lab, "S2")) == (None, "O-3")
    assert '"order_id":"O-1"' in audit_rows(lab.engine)[-1].before


def test_nothing_stands_in_place_of_a_list(lab):
    """An empty file is a mistake, not an order to forget."""
    record(lab, WorklistRow("S1", "O-1"))

    with pytest.raises(RequestInvalid, match="no line"):
        record(lab, replace=True)

    assert order(lab, "S1") == "O-1"


def test_a_message_keeps_its_bytes_and_its_name(lab):
    """At every try, and whichever process makes it."""
    [first, _] = outbox.due(lab.engine, LATER)

    assert outbox.keep_payload(lab.engine, first.id, b"one") == b"one"
    assert outbox.keep_payload(lab.engine, first.id, b"two") == b"one"
    outbox.mark_tried(lab.engine, first.id, "refused", LATER + HOUR)

    [later] = [m for m in outbox.due(lab.engine, LATER + HOUR) if m.id == first.id]
    assert (later.payload, later.control_id, later.attempts, later.last_error) == (
        b"one",
        first.control_id,
        1,
        "refused",
    )
    assert first.id not in [message.id for message in outbox.due(lab.engine, LATER)]


def test_a_message_that_was_sent_is_never_due_again(lab):
    """Not after a late failure that another process notes, either."""
    [first, other] = outbox.due(lab.engine, LATER)
    outbox.mark_sent(lab.engine, first.id, LATER)
    outbox.mark_tried(lab.engine, first.id, "too late", LATER)
    outbox.mark_sent(lab.engine, first.id, LATER + HOUR)

    assert [message.id for message in outbox.due(lab.engine, LATER + 9 * HOUR)] == [other.id]
    [sent] = outbox.messages(lab.engine, state="sent")
    assert (sent.sent_at, sent.attempts, sent.slide) == (LATER, 1, "S1")


def test_a_message_that_failed_for_good_waits_for_a_person(lab):
    """Who may send it on its way again."""
    [first, other] = outbox.due(lab.engine, LATER)
    outbox.mark_tried(lab.engine, first.id, "unknown patient", None)
    assert [message.id for message in outbox.due(lab.engine, LATER + 9 * HOUR)] == [other.id]

    outbox.retry(lab.engine, first.id, LATER)

    assert first.id in [message.id for message in outbox.due(lab.engine, LATER)]


def test_an_amended_result_never_overtakes_the_former(lab):
    """The receiver would keep the older one for the newer."""
    reviews.classify(lab.engine, lab.people["cleo"], "S1", ["c1"], "band", now=LATER)
    said = Signing(reason="a band", targets=("lis", "file"))
    amend(lab.engine, lab.people["cleo"], "S1", lab.settings, said, LATER)

    first = outbox.due(lab.engine, LATER)
    assert [(message.target, message.version) for message in first] == [("lis", 1), ("file", 1)]
    outbox.mark_sent(lab.engine, first[0].id, LATER)
    assert [(m.target, m.version) for m in outbox.due(lab.engine, LATER)] == [("file", 1), ("lis", 2)]
