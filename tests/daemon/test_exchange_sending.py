"""The outbox against a listener in a process of its own, which refuses, drops, delays and is killed."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from exchanging import free_port, listening, post_at
from lab import wait_until
from leukowatch.exchange.sending import LONGEST_WAIT, run_outbox, send_due, wait_after
from leukowatch.store.outbox import messages
from reviewing import lab_at

SENDER = """
import sys, threading
from pathlib import Path
from leukowatch.exchange.sending import run_outbox
from leukowatch.settings import load_settings
run_outbox(load_settings(Path(sys.argv[1])), threading.Event())
"""


class sender:  # noqa: N801  read as a function
    """The loop in a process of its own, killed at the end."""

    def __init__(self, home):
        self._home = home

    def __enter__(self):
        self._process = subprocess.Popen([sys.executable, "-c", SENDER, str(self._home)])
        return self._process

    def __exit__(self, *_):
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait()


@pytest.fixture
def lab(tmp_path):
    """Give a store with a slide S1 of three cells."""
    with lab_at(tmp_path / "leukowatch.db", ["neutrophil", "neutrophil", "lymphocyte"]) as found:
        yield found


@pytest.fixture
def post(lab):
    """Give the lab with an MLLP target on which nobody listens yet."""
    return post_at(lab, mllp=f"127.0.0.1:{free_port()}", ack_seconds=20.0, retry_seconds=0.01)


def listener(post, tmp_path, *manners):
    """Listen where the post sends to."""
    return listening(int(post.settings.exchange.mllp.rpartition(":")[2]), tmp_path / "heard.jsonl", manners)


def the_message(post):
    """Give the only message of the outbox."""
    (found,) = messages(post.lab.engine)
    return found


def try_once(post):
    """Send what waits, whatever its time."""
    post.hurry()
    return send_due(post.lab.engine, post.lab.engine, post.settings)


def test_a_signed_result_is_acknowledged_and_never_sent_again(post, tmp_path):
    """The laboratory's system hears of a result once."""
    post.sign()

    with listener(post, tmp_path) as lis:
        sent = [try_once(post), try_once(post)]

        assert [1, 0] == sent
        assert [the_message(post).control_id] == [each["control_id"] for each in lis.heard()]
    assert ("sent", 1) == (the_message(post).state, the_message(post).attempts)


def test_an_unsigned_slide_is_not_sent(post):
    """A pre-count leaves the house only by a person's hand."""
    post.lab.see_all()

    assert [] == messages(post.lab.engine)


def test_a_result_waits_for_a_listener_that_is_away_for_as_long_as_it_takes(post, tmp_path):
    """A system that is down over a weekend gets its results on Monday: more tries than errors are allowed."""
    patient = post.setting(attempts=2)
    patient.sign()
    for _ in range(4):
        assert try_once(patient) == 0
    waiting = the_message(patient)

    with listener(patient, tmp_path):
        try_once(patient)

    assert ("waiting", 4) == (waiting.state, waiting.attempts)
    assert "connect" in waiting.last_error.lower()
    assert the_message(patient).state == "sent"


@pytest.mark.parametrize("manner", ["drop", "half", "nonsense", "other"])
def test_a_lost_acknowledgement_brings_the_same_bytes_once_more(post, tmp_path, manner):
    """The receiver knows the repetition by its control id, and drops it."""
    post.sign()

    with listener(post, tmp_path, manner) as lis:
        sent = [try_once(post), try_once(post), try_once(post)]
        first, second = lis.heard()

    assert [0, 1, 0] == sent
    assert (first["control_id"], first["message"]) == (second["control_id"], second["message"])


def test_an_acknowledgement_that_does_not_come_in_time_is_not_waited_for(post, tmp_path):
    """A listener that hangs holds up nothing for longer than `exchange.ack_seconds`."""
    impatient = post.setting(ack_seconds=0.3)
    impatient.sign()

    with listener(impatient, tmp_path, "hang"):
        try_once(impatient)

    assert "no acknowledgement within 0.3 s" in the_message(impatient).last_error


@pytest.mark.parametrize("manner", ["late", "slow", "CA"])
def test_an_acknowledgement_counts_late_in_pieces_and_in_enhanced_mode(post, tmp_path, manner):
    """What comes in time is taken, however it comes."""
    post.sign()

    with listener(post, tmp_path, manner):
        try_once(post)

    assert the_message(post).state == "sent"


def test_a_message_that_the_receiver_could_not_take_is_tried_again(post, tmp_path):
    """AE: its database was down, say."""
    post.sign()

    with listener(post, tmp_path, "AE") as lis:
        sent = [try_once(post), try_once(post)]

        assert [0, 1] == sent
        assert 1 == len({each["control_id"] for each in lis.heard()})


def test_errors_without_end_fail_the_message_and_say_what_was_told(post, tmp_path):
    """It shows up in `outbox list` and troubles the receiver no more."""
    strict = post.setting(attempts=2)
    strict.sign()

    with listener(strict, tmp_path, "AE", "AE", "AE") as lis:
        sent = [try_once(strict), try_once(strict), try_once(strict)]

        assert ([0, 0, 0], 2) == (sent, len(lis.heard()))
    assert ("failed", "AE told AE") == (the_message(strict).state, the_message(strict).last_error)


def test_a_rejected_message_fails_at_once(post, tmp_path):
    """AR: the receiver will never take it, so a person has to look."""
    post.sign()

    with listener(post, tmp_path, "AR"):
        try_once(post)

    assert ("failed", 1) == (the_message(post).state, the_message(post).attempts)


def test_an_amendment_never_overtakes_the_result_that_it_amends(post, tmp_path):
    """Otherwise the receiver would end with the older result."""
    post.sign()
    post.amend()

    with listener(post, tmp_path, "AE") as lis:
        for _ in range(3):
            try_once(post)
        states = [each["message"].split("\rOBR|")[1].split("\r")[0].split("|")[24] for each in lis.heard()]

    assert ["F", "F", "C"] == states


def test_a_message_tells_the_result_as_it_was_signed_though_it_is_made_later(post, tmp_path):
    """What changed after the signature is not in it."""
    post.sign()
    post.lab.arrive("S1", 2, "monocyte", "monocyte")

    with listener(post, tmp_path) as lis:
        try_once(post)
        (heard,) = lis.heard()

    assert "|leucocytes^Leucocytes counted^99LEUKO||3|" in heard["message"]


def test_a_result_that_was_tampered_with_fails_and_holds_up_no_other(post, tmp_path):
    """It is told to a person, and the other slides' results go out."""
    post.lab.arrive("S2", 2, "monocyte")
    post.sign()
    post.sign("S2")
    with post.lab.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER signature_no_update")
        connection.exec_driver_sql("UPDATE signature SET result = '{}' WHERE id = 1")

    with listener(post, tmp_path):
        sent = try_once(post)

    tampered, other = messages(post.lab.engine)
    assert (1, "failed", "sent") == (sent, tampered.state, other.state)
    assert "audit verify" in tampered.last_error


def test_results_are_dropped_whole_under_their_control_id(lab, tmp_path):
    """A system that watches a folder sees complete files alone."""
    folder = tmp_path / "drop"
    folder.mkdir()
    post = post_at(lab, drop_folder=str(folder))
    post.sign()

    try_once(post)

    message = the_message(post)
    assert {f"{message.control_id}.hl7": message.payload} == {
        path.name: path.read_bytes() for path in folder.iterdir()
    }


def test_a_drop_folder_that_is_not_mounted_is_waited_for_and_not_made(lab, tmp_path):
    """A folder made beneath the mount would swallow results."""
    folder = tmp_path / "drop"
    post = post_at(lab, drop_folder=str(folder))
    post.sign()

    try_once(post)

    assert not folder.exists()
    assert ("waiting", True) == (the_message(post).state, str(folder) in the_message(post).last_error)


def test_each_target_gets_the_result_though_the_other_is_away(post, tmp_path):
    """A dead listener does not hold up the files."""
    (tmp_path / "drop").mkdir()
    both = post.setting(drop_folder="drop")
    both.sign()

    assert 1 == try_once(both)
    assert {"file": "sent", "mllp": "waiting"} == {
        each.target: each.state for each in messages(post.lab.engine)
    }


def test_waits_double_up_to_ten_minutes():
    """A listener that comes back is found soon, and one that is away is not pestered."""
    assert [5.0, 10.0, 20.0, 40.0] == [wait_after(tries, 5.0) for tries in (1, 2, 3, 4)]
    assert LONGEST_WAIT == wait_after(1_000_000, 5.0)


def test_the_loop_sends_what_is_signed_meanwhile_and_stops_when_told(post, tmp_path):
    """The review page starts it and forgets it."""
    stopping = threading.Event()
    loop = threading.Thread(target=run_outbox, args=(post.settings, stopping))
    loop.start()
    try:
        with listener(post, tmp_path):
            post.sign()
            wait_until(lambda: the_message(post).state == "sent")
    finally:
        stopping.set()
        loop.join(60)

    assert not loop.is_alive()


@pytest.mark.slow
def test_a_sender_killed_before_it_heard_the_acknowledgement_sends_the_same_message_at_its_restart(
    post, tmp_path
):
    """Whatever moment the power goes: nothing is lost, and what comes twice says so."""
    post.sign()
    (tmp_path / "leukowatch.toml").write_text(f'[exchange]\nmllp = "{post.settings.exchange.mllp}"\n')
    with listener(post, tmp_path, "hang") as lis, sender(tmp_path):
        wait_until(lis.heard)

    with listener(post, tmp_path) as lis, sender(tmp_path):
        wait_until(lambda: the_message(post).state == "sent")
        first, second = lis.heard()

    assert (first["control_id"], first["message"]) == (second["control_id"], second["message"])


@pytest.mark.slow
def test_thirty_results_arrive_once_each_though_both_sides_are_killed_again_and_again(lab, tmp_path):
    """The receiver, which drops what it knows by control id, ends with every result exactly once."""
    post = post_at(lab, mllp=f"127.0.0.1:{free_port()}", ack_seconds=1.0, retry_seconds=0.1, attempts=99)
    slides = [f"S{number}" for number in range(1, 31)]
    for number, slide in enumerate(slides[1:], start=2):
        lab.arrive(slide, number, "neutrophil", "monocyte")
    for slide in slides:
        post.sign(slide)
    settings = (
        f'mllp = "{post.settings.exchange.mllp}"\nack_seconds = 1.0\nretry_seconds = 0.1\nattempts = 99'
    )
    (tmp_path / "leukowatch.toml").write_text(f"[exchange]\n{settings}\n")
    manners = ("AA", "drop", "AE", "hang", "AA", "half")
    for _ in range(3):
        with listener(post, tmp_path, *manners) as lis, sender(tmp_path):
            heard = len(lis.heard())
            wait_until(lambda: len(lis.heard()) >= heard + 4)  # noqa: B023  asked before the next turn
    with listener(post, tmp_path) as lis, sender(tmp_path):
        wait_until(lambda: all(each.state == "sent" for each in messages(lab.engine)), 180)
        heard = lis.heard()

    distinct = {(each["control_id"], each["message"]) for each in heard}
    assert {each.control_id for each in messages(lab.engine)} == {control_id for control_id, _ in distinct}
    assert len(slides) == len(distinct)
    assert len(heard) > len(distinct), "some came more than once, or nothing was put to the test"
