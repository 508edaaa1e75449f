"""What the site sets over the API: its classes and its worklist."""

import pytest

from desk import MARKUP, SLIDE, SPOILT

API = "/api/v1"
HEAD = "order_id,slide,age,sex,leucocytes\n"
CSV = {"Content-Type": "text/csv"}


@pytest.fixture
def adm(shared_desk):
    """An administrator who is logged in."""
    with shared_desk.person("adm") as client:
        yield client


def take(client, text, **query):
    """Send a worklist."""
    return client.post(f"{API}/worklist", content=text, headers=CSV, params={"file": "w.csv"} | query)


def last_act(client):
    """The last row of the trail."""
    return client.get(f"{API}/audit").json()["acts"][0]


def test_an_administrator_sets_a_class(adm):
    """Key, role and code at once; the page's letters are those."""
    answer = adm.post(f"{API}/classes/smudge", json={"key": "8", "role": "apart", "code": "SMDG"})

    assert answer.status_code == 200
    told = {each["name"]: each for each in adm.get(f"{API}/classes").json()["classes"]}
    assert told["smudge"] == {
        "name": "smudge", "label": "Smudge cell", "key": "8", "role": "apart", "code": "SMDG", "retired": False,
        "fixed": False, "kept": False,
    }  # fmt: skip
    assert (last_act(adm)["act"], last_act(adm)["subject"]) == ("set class", "class smudge")


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        ("blast", {"key": "n"}, 422),
        ("blast", {"code": "a^b"}, 422),
        ("blast", {"role": "sometimes"}, 422),
        ("artefact", {"role": "counted"}, 422),
        ("blast", {"retired": True}, 422),
        ("blast", {"retired": "perhaps"}, 422),
        ("blast", {}, 422),
        ("none", {"key": "9"}, 404),
    ],
)
def test_a_class_that_makes_no_sense_is_refused_in_words(adm, name, body, status):
    """With the status that a program understands."""
    answer = adm.post(f"{API}/classes/{name}", json=body)

    assert answer.status_code == status
    assert answer.json()["detail"]


def test_a_label_that_is_markup_is_shown_as_text(adm):
    """An administrator's text is text on every page that names classes."""
    new = {"name": "markup", "label": MARKUP, "key": "5", "role": "counted"}
    assert adm.post(f"{API}/classes", json=new).status_code == 200

    for path in ("/classes", f"/slides/{slide_of(adm)}", f"/slides/{slide_of(adm)}/report"):
        html = adm.get(path).text
        assert "<img src=x" not in html
        assert "&lt;img src=x" in html


def slide_of(client):
    """The number of a slide whose name is no markup."""
    return next(each["id"] for each in client.get(f"{API}/slides").json()["slides"] if each["name"] == SLIDE)


def test_a_worklist_is_taken_replaced_and_held_against_the_slides(adm):
    """Orders with their slides, orders without, slides without: a mistyped barcode is seen."""
    assert take(adm, HEAD + f"O-1,{SLIDE},44,f,6.5\nO-9,missing*,,,\n").json() == {"taken": 2}
    first = adm.get(f"{API}/worklist").json()
    assert take(adm, HEAD + f"O-2,{SPOILT},,,\n", replace="true").json() == {"taken": 1}
    act = last_act(adm)
    then = adm.get(f"{API}/worklist").json()

    assert [(each["order"], [s["name"] for s in each["slides"]]) for each in first["orders"]] == [
        ("O-9", []),
        ("O-1", [SLIDE]),
    ]
    assert SPOILT in [each["name"] for each in first["without"]]
    assert [each["order"] for each in then["orders"]] == ["O-2"]
    assert SLIDE in [each["name"] for each in then["without"]]
    assert (act["act"], "O-9" in act["before"], "O-2" in act["after"]) == ("replace worklist", True, True)


def test_every_wrong_line_of_a_worklist_is_told_and_nothing_is_taken(adm):
    """Whoever wrote it mends them all at once."""
    before = adm.get(f"{API}/worklist").json()

    answer = take(adm, HEAD + "O-1,A,old,,\nO-2,B,,,\nO-3,C,,x,\n")

    assert answer.status_code == 422
    assert [reason.partition(":")[0] for reason in answer.json()["reasons"]] == [
        "w.csv, line 2",
        "w.csv, line 4",
    ]
    assert adm.get(f"{API}/worklist").json() == before


def test_a_technologist_reads_the_worklist_and_takes_none(shared_desk):
    """It decides by whose ranges a slide is judged."""
    with shared_desk.person("ada") as ada:
        assert ada.get(f"{API}/worklist", params={"search": SLIDE}).status_code == 200
        assert take(ada, HEAD + "O-1,A,,,\n").status_code == 403
