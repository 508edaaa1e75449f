"""What the pages are told has changed: each kind of event names its slide, and nothing else does."""

import pytest
from sqlalchemy import event

from exchanging import post_at
from handmade import fill, outcome
from leukowatch.store import reviews
from leukowatch.store.news import mark, slides_since
from leukowatch.store.outbox import mark_sent, mark_tried, messages
from leukowatch.store.set_aside import held_files, set_aside
from leukowatch.store.slides import slide_number
from leukowatch.store.writing import writing
from reviewing import LATER, lab_at


@pytest.fixture
def lab(tmp_path):
    """Two slides: S1, which is signed and waits to be sent, and S2 with a file in quarantine."""
    with lab_at(tmp_path / "leukowatch.db", ["neutrophil"]) as lab:
        lab.arrive("S2", 2, "lymphocyte")
        fill(lab.path, [outcome("S2", "broken.jpg", 9, None)])
        post_at(lab, drop_folder="drop").sign("S1")
        yield lab


def tried(lab):
    """A try to send S1's result that fails."""
    mark_tried(lab.engine, messages(lab.engine)[0].id, "nobody listens", LATER)


def sent(lab):
    """A try that succeeds."""
    mark_sent(lab.engine, messages(lab.engine)[0].id, LATER)


def decided(lab):
    """A decision about a cell of S2."""
    reviews.classify(lab.engine, lab.people["anna"], "S2", lab.keys("S2")[:1], "band", now=LATER)


def judged(lab):
    """A file of S2 that is set aside."""
    with writing(lab.engine) as connection:
        (file,) = held_files(connection, slide_number(connection, "S2"))
    set_aside(lab.engine, lab.people["cleo"], "S2", file.id, "cut off", LATER)


@pytest.mark.parametrize(
    ("happening", "slide"), [(tried, "S1"), (sent, "S1"), (decided, "S2"), (judged, "S2")]
)
def test_an_event_names_its_slide_alone(lab, happening, slide):
    """The page of that slide reads it anew; the others stay as they are."""
    before = mark(lab.engine)

    happening(lab)

    with writing(lab.engine) as connection:
        expected = slide_number(connection, slide)
    assert slides_since(lab.engine, before, mark(lab.engine)) == {expected}


def test_without_an_event_nothing_is_new(lab):
    """Two looks at the same store are alike."""
    assert mark(lab.engine) == mark(lab.engine)


def test_what_waits_is_looked_up_in_its_index(lab):
    """The outbox keeps every message that was ever sent; a look must not read them all."""
    asked = []
    event.listen(lab.engine, "before_cursor_execute", lambda *told: asked.append(told[2:4]))
    mark(lab.engine)
    (ours,) = [each for each in asked if "outbox" in each[0]]

    with lab.engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {ours[0]}", ours[1]).all()

    assert "ix_outbox_waiting" in str(plan)
