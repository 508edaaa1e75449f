"""Which slide is of which order: the laboratory's worklist, and the slide's own name."""

import pytest

from exchanging import post_at
from leukowatch.differential.building import slide_result
from leukowatch.errors import RequestInvalid
from leukowatch.exchange.orders import WorklistInvalid, read_worklist
from leukowatch.store.matching import matched
from leukowatch.store.rights import AccountRole, Actor
from leukowatch.store.worklist import WorklistRow, record_worklist
from reviewing import lab_at

CLERK = Actor("clerk", AccountRole.SUPERVISOR, None)
HEAD = b"order_id,slide,age,sex,leucocytes\n"


@pytest.fixture
def lab(tmp_path):
    """Give a store with the slides S1 and 4711-B."""
    with lab_at(tmp_path / "leukowatch.db", ["neutrophil", "lymphocyte"]) as found:
        found.arrive("4711-B", 2, "monocyte")
        yield found


@pytest.mark.parametrize("parted", [b",", b";", b"\t"])
def test_a_worklist_is_read_however_it_is_parted(parted):
    """Spreadsheets of half of Europe write semicolons."""
    data = b"\xef\xbb\xbf" + (HEAD + b"O-1,S1,44,F,6.5\r\nO-2,S2,,,\r\n\r\n").replace(b",", parted)

    assert [WorklistRow("S1", "O-1", 44.0, "female", 6.5), WorklistRow("S2", "O-2")] == read_worklist(
        data, "w"
    )


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (HEAD + b"O-1,S1,44,f,6.5\nO-2,S2,old,f,6.5\n", "line 3: age 'old'"),
        (HEAD + b"O-1,S1,-4,f,6.5\n", "line 2: age '-4'"),
        (HEAD + b"O-1,S1,44,f,nan\n", "line 2: leucocytes 'nan'"),
        (HEAD + b"O-1,S1,44,x,\n", "line 2: sex 'x'"),
        (HEAD + b",S1,44,f,\n", "line 2: order_id is empty"),
        (HEAD + b"O-1,S1,44\n", "line 2: 3 values, 5 wanted"),
        (HEAD + b"O-1,S1,,,\nO-2,S1,,,\n", "line 3: S1 has an order in line 2"),
        (HEAD + b"O-1,S1,,,\nO-2,S\xff,,,\n", "line 3: is no UTF-8"),
        (HEAD + b'O-1,"S\n1",,,\nO-2,S2,9999,,\n', "line 4: age '9999'"),
        (HEAD + b'O-1,"S1,,,\n', "is no CSV"),
        (b"order_id,name\nO-1,S1\n", "line 1: ['order_id', 'name'] are no columns"),
        (b"order_id,slide,slide\n", "line 1"),
        (b"", "line 1"),
    ],
)
def test_what_is_wrong_with_a_worklist_is_told_with_its_line(data, told):
    """Whoever wrote it finds it at once; nothing of the file is taken."""
    with pytest.raises(RequestInvalid) as caught:
        read_worklist(data, "w.csv")

    assert f"w.csv{', ' if told.startswith('line') else ': '}{told}" in str(caught.value)


def test_every_wrong_line_is_told_at_once():
    """Ten of them in the message, all of them for a program."""
    data = HEAD + b"".join(b"O-%d,S%d,old,,\n" % (number, number) for number in range(12))

    with pytest.raises(WorklistInvalid) as caught:
        read_worklist(data, "w.csv")

    assert len(caught.value.reasons) == 12
    assert "line 11: age" in str(caught.value)
    assert str(caught.value).endswith("; and 2 lines more")


def test_orders_and_slides_without_each_other_are_shown(lab):
    """A mistyped barcode is seen before the result is missed."""
    record_worklist(lab.engine, CLERK, [WorklistRow("S1", "O-1"), WorklistRow("S9*", "O-9")])

    lines, without = matched(lab.engine)

    assert [("O-1", ("S1",)), ("O-9", ())] == [(row.order_id, slides) for row, slides in lines]
    assert ["4711-B"] == without


def test_a_result_carries_the_order_of_the_worklist(lab):
    """With age, sex and the external count."""
    record_worklist(lab.engine, CLERK, [WorklistRow("S?", "O-1", 44.0, "female", 6.5)])

    order = slide_result(lab.engine, "S1", lab.settings).order

    assert ("O-1", 44.0, "female", 6.5) == (order.order_id, order.age_years, order.sex, order.leucocytes)


def test_a_slides_name_tells_the_order_where_no_worklist_does(lab):
    """The barcode is the order's number; a worklist that names the slide is stronger."""
    settings = post_at(lab, order_pattern=r"(?P<order>\d+)-.*").settings
    named = [slide_result(lab.engine, slide, settings).order for slide in ("4711-B", "S1")]
    record_worklist(lab.engine, CLERK, [WorklistRow("4711-B", "O-1")])

    assert ("4711", None) == (named[0].order_id, named[1])
    assert "O-1" == slide_result(lab.engine, "4711-B", settings).order.order_id
