"""What the page does to a slide, asked of the HTTP API: decide, undo, add, sign, compare; and the news of it."""

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from desk import CELLS, SLIDE, served, spoil
from lab import PATIENCE
from leukonet.phantom import field_bytes
from leukowatch.review.routes import ROUTES

API = "/api/v1"


@pytest.fixture(scope="module")
def ada(shared_desk):
    """A technologist who is logged in."""
    with shared_desk.person("ada") as client:
        yield client


@pytest.fixture(scope="module")
def path(shared_desk):
    """The slide's path in the API."""
    return f"{API}/slides/{shared_desk.slide()}"


def cells_of(client, path):
    """The slide's cells by key."""
    return {cell["key"]: cell for cell in client.get(f"{path}/cells").json()["cells"]}


def counts_of(client, path):
    """Cells of each class in the slide's result."""
    result = client.get(path).json()["result"]
    return {each["name"]: each["count"] for each in result["classes"]} | {"artefact": result["artefacts"]}


def decide(client, path, cells, name, **more):
    """Give cells a class."""
    return client.post(f"{path}/decisions", json={"cells": cells, "name": name, **more})


def test_a_reclassified_cell_changes_the_differential_at_once(ada, path):
    """Count and limits come from what people say."""
    key = next(iter(cells_of(ada, path)))
    before = counts_of(ada, path)["plasma_cell"]

    answer = decide(ada, path, [key], "plasma_cell")

    assert (answer.status_code, answer.json()) == (200, {"cells": [key]})
    assert counts_of(ada, path)["plasma_cell"] == before + 1


def test_undo_takes_back_a_whole_act(ada, path):
    """Several cells in one act come back together."""
    before = cells_of(ada, path)
    decide(ada, path, list(before), "artefact")
    assert set(counts_of(ada, path).values()) == {0, len(before)}

    undone = ada.post(f"{path}/undo")

    assert sorted(undone.json()["cells"]) == sorted(before)
    assert cells_of(ada, path) == before


def test_a_cell_that_was_missed_is_added_and_has_its_picture(ada, path):
    """A box and a class are enough."""
    field = ada.get(f"{path}/cells").json()["fields"][0]["id"]

    answer = ada.post(f"{path}/added", json={"field": field, "box": [300, 200, 360, 260], "name": "blast"})
    (key,) = answer.json()["cells"]

    assert cells_of(ada, path)[key]["name"] == "blast"
    assert ada.get(cells_of(ada, path)[key]["crop"]).headers["Content-Type"] == "image/jpeg"
    ada.post(f"{path}/undo")
    assert key not in cells_of(ada, path)


def test_a_second_look_shows_and_changes_nothing_of_the_first(shared_desk, ada, path):
    """Two counts are worth comparing only where they are independent."""
    key = list(cells_of(ada, path))[1]
    decide(ada, path, [key], "basophil")
    counted = counts_of(ada, path)
    with shared_desk.person("sam") as sam:
        blind = {cell["key"]: cell for cell in sam.get(f"{path}/cells?second_look=true").json()["cells"]}
        decide(sam, path, [key], "monocyte", second_look=True)

        assert blind[key]["reviewer"] == ""
        assert blind[key]["name"] != "basophil"
        assert counts_of(sam, path) == counted
        (pair,) = sam.get(f"{path}/comparison").json()["pairs"]
        assert pair["agreement"]["cells"] >= 1


def test_what_stands_in_the_way_of_a_signature_is_told_in_sentences(ada, path):
    """Nobody signs cells that nobody has looked at."""
    state = ada.get(f"{path}/signing").json()

    answer = ada.post(f"{path}/signature", json={})

    assert any("seen by nobody" in why for why in state["refusals"])
    assert answer.status_code == 409
    assert answer.json()["reasons"] == state["refusals"]
    assert "seen by nobody" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"cells": [], "name": "blast"}, 422),
        ({"cells": ["x1"], "name": "blast"}, 422),
        ({"cells": ["c999999"], "name": "blast"}, 404),
        ({"cells": ["c1"], "name": "no such class"}, 422),
        ({"cells": ["c1"]}, 422),
    ],
)
def test_a_decision_that_makes_no_sense_is_refused_in_words(ada, path, body, status):
    """With the status that a program understands."""
    answer = ada.post(f"{path}/decisions", json=body)

    assert answer.status_code == status
    assert answer.json()["detail"]


def test_the_pages_hear_of_a_decision(ada, path):
    """Server-sent events name the slide."""
    with ada.stream("GET", f"{API}/events", timeout=PATIENCE) as stream:
        lines = stream.iter_lines()
        next(lines)
        decide(ada, path, [next(iter(cells_of(ada, path)))], "lymphocyte")
        data = next(line for line in lines if line.startswith("data: "))

    assert int(path.rpartition("/")[2]) in json.loads(data.removeprefix("data: "))


def test_the_schema_describes_every_route_of_the_api(ada):
    """Programs are written by it."""
    described = ada.get(f"{API}/openapi.json").json()["paths"]

    routes = {(route.path, route.method.lower()) for route in ROUTES if route.path.startswith(API)}
    assert routes == {(path, method) for path, methods in described.items() for method in methods}


def test_the_trail_tells_who_did_what_and_is_whole(shared_desk, ada, path):
    """A supervisor reads it on the page, and has it proved there."""
    key = next(iter(cells_of(ada, path)))
    decide(ada, path, [key], "eosinophil")
    with shared_desk.person("sam") as sam:
        acts = sam.get(f"{API}/audit", params={"subject": SLIDE}).json()["acts"]
        proof = sam.get(f"{API}/audit/verification").json()

    assert (acts[0]["who"], acts[0]["act"]) == ("ada", "classify")
    assert f'"{key}":"eosinophil"' in acts[0]["after"]
    assert proof == {"whole": True, "findings": []}


@pytest.mark.slow
def test_a_slide_is_signed_seconded_and_amended(desk):
    """The whole life over the API: blasts take a second person, and a late field an amendment."""
    path = f"{API}/slides/{desk.slide()}"
    with desk.person("ada") as ada, desk.person("sam") as sam:
        keys = list(cells_of(ada, path))
        decide(ada, path, keys, "neutrophil")
        decide(ada, path, keys[:1], "blast")
        assert ada.post(f"{path}/signature", json={"comment": "blasts"}).json()["state"] == "preliminary"
        assert ada.post(f"{path}/second-signature", json={}).status_code == 403
        assert sam.post(f"{path}/second-signature", json={}).json() == {"state": "final", "version": 1}

        (desk.home / "inbox" / SLIDE).mkdir(exist_ok=True)
        (desk.home / "inbox" / SLIDE / "late.jpg").write_bytes(field_bytes(77, CELLS))
        scanning = [sys.executable, "-m", "leukowatch", "scan", "--home", str(desk.home)]
        subprocess.run(scanning, check=True, capture_output=True)
        late = sam.get(path).json()
        assert late["status"] == "amendment_needed"
        assert late["versions"][0]["leucocytes"] == len(keys)

        fresh = [key for key, cell in cells_of(sam, path).items() if not cell["reviewer"]]
        decide(sam, path, fresh, "monocyte")
        assert sam.post(f"{path}/amendment", json={"reason": " "}).status_code == 422
        amended = sam.post(f"{path}/amendment", json={"reason": "a late field"})
        assert amended.json()["state"] in {"preliminary", "amended"}


@pytest.mark.slow
def test_a_file_in_quarantine_is_set_aside_before_the_slide_is_signed(desk):
    """By a supervisor, with a reason; a technologist hears in words why the slide cannot be signed."""
    spoil(desk)
    path = f"{API}/slides/{desk.slide()}"
    with desk.person("ada") as ada, desk.person("sam") as sam:
        decide(ada, path, list(cells_of(ada, path)), "neutrophil")
        refused = ada.post(f"{path}/signature", json={})
        (held,) = ada.get(f"{path}/signing").json()["held"]
        place = f"{path}/quarantined/{held['id']}/set-aside"

        assert refused.status_code == 409
        assert [reason[:27] for reason in refused.json()["reasons"]] == ["1 file is in quarantine: re"]
        assert (held["file"], held["reason"]) == (f"{SLIDE}/spoilt.jpg", "truncated")
        assert ada.post(place, json={"reason": "cut off"}).status_code == 403
        assert sam.post(place, json={"reason": " "}).status_code == 422
        assert sam.post(place, json={"reason": "cut off"}).status_code == 200
        assert sam.post(place, json={"reason": "cut off"}).status_code == 404
        assert ada.post(f"{path}/signature", json={}).json()["state"] == "final"
        (signed,) = ada.get(path).json()["versions"]
    assert "Files of this slide set aside as unusable, not counted: 1." in signed["warnings"]


@pytest.mark.slow
def test_a_class_of_the_sites_own_is_added_given_and_retired(desk):
    """An administrator keeps the table, a technologist names cells by it."""
    path = f"{API}/slides/{desk.slide()}"
    hairy = {"name": "hairy_cell", "label": "Hairy cell", "key": "z", "role": "counted", "code": "HAIRY"}
    with desk.person("ada") as ada, desk.person("adm") as adm:
        key, other = list(cells_of(ada, path))[:2]

        assert ada.post(f"{API}/classes", json=hairy).status_code == 403
        assert adm.post(f"{API}/classes", json=hairy).json()["code"] == "HAIRY"
        assert adm.post(f"{API}/classes", json=hairy).status_code == 422
        assert decide(ada, path, [key], "hairy_cell").status_code == 200
        assert adm.post(f"{API}/classes/hairy_cell", json={"retired": True}).json()["retired"] is True
        assert decide(ada, path, [other], "hairy_cell").status_code == 422
        assert counts_of(ada, path)["hairy_cell"] == 1


@pytest.mark.slow
def test_without_accounts_the_page_starts_and_says_how_to_add_one(scanned, tmp_path):
    """A fresh home lets nobody in."""
    folder = tmp_path / "home"
    shutil.copytree(scanned, folder)
    with closing(sqlite3.connect(folder / "leukowatch.db")) as connection:
        connection.execute("UPDATE account SET active = 0")
        connection.commit()
    with served(folder) as desk, desk.stranger() as stranger:
        page = stranger.get("/login").text

    assert "leukowatch user add" in page
    assert "<form" not in page
