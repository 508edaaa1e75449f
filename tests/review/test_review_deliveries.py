"""A slide tells where its signed result went, and what keeps it: nobody at the page sees the terminal's outbox."""

import shutil

import pytest

from desk import served
from exchanging import free_port
from lab import wait_until


@pytest.fixture
def desk(scanned, tmp_path):
    """A page that hands results to a folder, and to a listener that is not there."""
    folder = tmp_path / "home"
    shutil.copytree(scanned, folder)
    out = {"EXCHANGE__DROP_FOLDER": str(tmp_path / "drop"), "EXCHANGE__MLLP": f"127.0.0.1:{free_port()}"}
    (tmp_path / "drop").mkdir()
    with served(folder, **out) as desk:
        yield desk


def deliveries(person, path):
    """Where the slide's results are, by target."""
    return {each["target"]: each for each in person.get(path).json()["deliveries"]}


def test_a_slide_tells_what_became_of_its_signed_result(desk):
    """What was sent and when; what waits, after how many tries and why."""
    path = f"/api/v1/slides/{desk.slide()}"
    with desk.person("ada") as ada, desk.person("rea") as reader:
        assert deliveries(reader, path) == {}
        cells = ada.get(f"{path}/cells").json()["cells"]
        for kind, keys in (
            ({"name": "monocyte"}, [cell["key"] for cell in cells if not cell["name"]]),
            ({"kind": "seen"}, [cell["key"] for cell in cells if cell["name"]]),
        ):
            if keys:
                ada.post(f"{path}/decisions", json={"cells": keys, **kind}).raise_for_status()
        ada.post(f"{path}/signature", json={}).raise_for_status()
        wait_until(lambda: deliveries(reader, path)["file"]["attempts"])
        wait_until(lambda: deliveries(reader, path)["mllp"]["attempts"])
        told = deliveries(reader, path)

    assert (told["file"]["state"], told["file"]["version"], told["file"]["last_error"]) == ("sent", 1, "")
    assert (told["mllp"]["state"], told["mllp"]["at"] is None) == ("waiting", False)
    assert told["mllp"]["last_error"].endswith(": Connection refused")
    assert len(list((desk.home.parent / "drop").glob("*.hl7"))) == 1
