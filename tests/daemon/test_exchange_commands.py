"""The commands of exchange, each run as a process on a store with a signed slide."""

import json
import os
import pty
import subprocess
import sys

import pytest

from exchanging import free_port, listening, post_at
from lab import Home
from leukowatch.errors import NotFound
from leukowatch.exchange.exporting import exported
from leukowatch.settings import load_settings
from reviewing import lab_at


@pytest.fixture
def signed(tmp_path):
    """Give a home with the signed slide S1 and the unsigned S2, and where its messages go."""
    home = Home(tmp_path / "home", EXCHANGE__MLLP=f"127.0.0.1:{free_port()}", EXCHANGE__RETRY_SECONDS="0.01")
    with lab_at(home.folder / "leukowatch.db", ["neutrophil", "monocyte"]) as lab:
        post = post_at(lab, mllp=home.environment()["LEUKOWATCH_EXCHANGE__MLLP"])
        post.sign()
        lab.arrive("S2", 2, "lymphocyte")
    return home


def listener(home, tmp_path, *manners):
    """Listen where the home sends to."""
    port = int(home.environment()["LEUKOWATCH_EXCHANGE__MLLP"].rpartition(":")[2])
    return listening(port, tmp_path / "heard.jsonl", manners)


def test_several_slides_are_exported_at_once_signed_and_unsigned(signed):
    """To standard output, in the order in which they were named."""
    done = signed.command("export", "S2", "S1", "--format", "json")

    assert done.returncode == 0, done.stderr
    assert [("S2", "preliminary"), ("S1", "final")] == [
        (each["slide"], each["state"]) for each in json.loads(done.stdout)["slides"]
    ]


def test_cells_are_exported_with_who_looked_at_them(signed):
    """A row for each cell."""
    data = exported(load_settings(signed.folder), ["S1", "S2"], "csv", cells=True)

    rows = [line.split(",") for line in data.decode().splitlines()]
    told = [tuple(row[rows[0].index(name)] for name in ("slide", "class", "reviewer")) for row in rows[1:]]
    assert [("S1", "neutrophil", "anna"), ("S1", "monocyte", "anna"), ("S2", "lymphocyte", "")] == told


def test_a_slide_that_is_not_there_is_named_and_nothing_is_written(signed):
    """Half a table would be taken for the whole."""
    with pytest.raises(NotFound, match="S99"):
        exported(load_settings(signed.folder), ["S1", "S99"], "csv")


def test_a_pdf_is_refused_by_a_terminal(signed):
    """Its bytes would garble the screen."""
    leader, follower = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "leukowatch", "export", "S1", "--format", "pdf"],
        env=signed.environment(), stdout=follower, stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    os.close(follower)
    os.close(leader)

    assert done.returncode == 2
    assert "report.pdf" in done.stderr


def test_a_worklist_is_taken_and_listed(signed, tmp_path):
    """Orders without a slide and slides without an order stand in the list."""
    (tmp_path / "w.csv").write_text("order_id,slide\nO-1,S1\nO-9,S9\n")

    taken = signed.command("worklist", "import", str(tmp_path / "w.csv"))
    listed = signed.command("worklist", "list").stdout

    assert (0, "2 orders taken\n") == (taken.returncode, taken.stdout), taken.stderr
    rows = [[part.strip() for part in line.split("│")[1:3]] for line in listed.splitlines() if "│" in line]
    assert [["O-1", "S1"], ["O-9", "no slide yet"], ["no order", "S2"]] == rows


@pytest.mark.slow
def test_a_person_sees_what_failed_and_lets_it_go_again(signed, tmp_path):
    """From a rejection to the delivery, by the commands alone; the number is the one that the list shows."""
    with listener(signed, tmp_path, "AR"):
        first = signed.command("outbox", "send")
        listed = signed.command("outbox", "list").stdout
        again = signed.command("outbox", "retry", "1")
        last = signed.command("outbox", "send")
        nothing = signed.command("outbox", "retry", "1")

    assert (20, 0, 0, 2) == (first.returncode, again.returncode, last.returncode, nothing.returncode)
    assert ("failed" in listed, "AR told AR" in listed) == (True, True)
    assert "1 messages sent" in last.stdout


@pytest.mark.slow
def test_a_message_is_not_retried_when_a_later_version_has_gone(tmp_path):
    """It would put the older result in place of the newer."""
    home = Home(tmp_path / "home", EXCHANGE__MLLP=f"127.0.0.1:{free_port()}")
    with lab_at(home.folder / "leukowatch.db", ["neutrophil"]) as lab:
        post = post_at(lab, mllp=home.environment()["LEUKOWATCH_EXCHANGE__MLLP"])
        post.sign()
        with listener(home, tmp_path, "AR"):
            home.command("outbox", "send")
            post.amend()
            home.command("outbox", "send")

    done = home.command("outbox", "retry", "1")

    assert done.returncode == 2
    assert "a later version of S1" in done.stderr
