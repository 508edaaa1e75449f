"""The doctor on a service at work: what waits, what was done last, how old the backup is."""

import json
import os
import time
from datetime import timedelta

import pytest

from exchanging import post_at
from handmade import NOON, cell, fill, outcome, seen
from leukowatch.inbox.gate import set_paused
from leukowatch.service import health
from leukowatch.service.backup import MARK
from leukowatch.service.doctor import examine
from leukowatch.service.home import make_home, only_one
from leukowatch.setting_tables import InboxSettings, StoreSettings
from leukowatch.settings import Settings
from leukowatch.store.outbox import mark_tried, messages
from reviewing import LATER, lab_at


@pytest.fixture
def settings(tmp_path):
    """A home with a slide of one field, taken on 4 May 2031."""
    settings = Settings(home=tmp_path, inbox=InboxSettings(min_free_megabytes=0))
    make_home(settings)
    fill(tmp_path / "leukowatch.db", [outcome("S1", "a.jpg", 1, seen(cell("monocyte")))])
    return settings


@pytest.fixture
def later(monkeypatch):
    """Give the moment that the checks see: so many seconds after now."""

    def shift(seconds):
        now = time.time()
        monkeypatch.setattr("leukowatch.service.health.time.time", lambda: now + seconds)

    return shift


def wait_in_inbox(settings):
    """Put a file into the inbox, with the old time of change that a microscope's export keeps."""
    path = settings.inbox_folder / "S1" / "b.jpg"
    path.parent.mkdir()
    path.touch()
    os.utime(path, (0, 0))


def finding(settings, what, **how):
    """Whether a check is good, and what it tells."""
    (found,) = [each for each in examine(settings, **how) if each.what == what]
    return found.good, found.told


@pytest.mark.parametrize(("seconds", "good"), [(60, True), (3500, True), (3700, False)])
def test_a_file_that_waits_for_more_than_an_hour_is_a_finding(settings, later, seconds, good):
    """By the time when it came into the inbox, whatever the time that the copy kept."""
    wait_in_inbox(settings)
    later(seconds)

    assert finding(settings, "queue")[0] is good


def test_a_pause_may_last_a_day_and_is_told(settings, later):
    """A pause that was forgotten is found the next day."""
    wait_in_inbox(settings)
    set_paused(settings.home, paused=True)
    later(23 * 3600)
    good, told = finding(settings, "queue")
    later(25 * 3600)

    assert (good, told) == (True, "1 files wait, the oldest for 23 h; paused: `leukowatch resume` goes on")
    assert not finding(settings, "queue")[0]


def test_a_service_that_stands_still_while_files_wait_is_a_finding(settings, later):
    """The lock is held, files wait, and nothing was recorded for a quarter of an hour."""
    wait_in_inbox(settings)
    later(NOON.timestamp() + 900 - time.time())
    resting = finding(settings, "progress")
    with only_one(settings.home):
        running = finding(settings, "progress")

    told = "the last file was recorded 15 min ago"
    assert resting == (True, told)
    assert running == (False, f"{told}, though files wait and a service runs: its log says why")


def test_a_home_without_a_service_is_a_finding_where_one_should_run(settings):
    """For a monitor's exit code."""
    without = finding(settings, "service", running=True)
    with only_one(settings.home):
        running = finding(settings, "service", running=True)

    assert not without[0]
    assert running == (True, "a service runs on this home")


@pytest.mark.parametrize(("seconds", "good"), [(60, True), (3700, False)])
def test_a_signed_result_that_waits_for_more_than_an_hour_is_a_finding(tmp_path, later, seconds, good):
    """Its target is out of reach, or nobody sends."""
    with lab_at(tmp_path / "leukowatch.db", ["neutrophil"]) as lab:
        post_at(lab, mllp="127.0.0.1:2575").sign()
        mark_tried(lab.engine, messages(lab.engine)[0].id, "Connection refused", LATER)
        later(seconds)

        told = finding(lab.settings, "outbox")

    assert told[0] is good
    assert told[1].startswith("1 signed results wait to be sent")
    assert ("Connection refused" in told[1]) is not good


def test_a_signed_result_that_was_refused_is_a_finding_at_once(tmp_path):
    """It is not tried again by itself; the doctor says how."""
    with lab_at(tmp_path / "leukowatch.db", ["neutrophil"]) as lab:
        post_at(lab, mllp="127.0.0.1:2575").sign()
        mark_tried(lab.engine, messages(lab.engine)[0].id, "AR unknown order", None)

        told = finding(lab.settings, "outbox")

    assert told[0] is False
    assert "AR unknown order" in told[1]
    assert "outbox retry" in told[1]


def test_a_backup_older_than_the_setting_is_a_finding(settings):
    """By the mark that the last backup left."""
    mark = settings.home / MARK
    mark.touch()
    fresh = finding(settings, "backup")
    week = time.time() - timedelta(days=8).total_seconds()
    os.utime(mark, (week, week))

    assert fresh[0]
    assert finding(settings, "backup") == (
        False, "the last one was made 8 days ago: `leukowatch backup FOLDER` makes one (store.backup_days = 7)"
    )  # fmt: skip


def test_no_backup_is_a_finding_once_there_is_a_week_to_lose(tmp_path, settings, later):
    """A new installation has time to set one up; 0 days never complains."""
    young = finding(settings, "backup")
    later(NOON.timestamp() + 8 * health.DAY - time.time())
    old = finding(settings, "backup")
    never = Settings(home=tmp_path, store=StoreSettings(backup_days=0))

    assert young == (True, "none was made yet")
    assert not old[0]
    assert finding(never, "backup")[0]


def test_the_doctor_speaks_json_too(home):
    """For a monitor; the exit code is the same as with words."""
    done = home.command("doctor", "--json", "--running")

    found = {each["what"]: each["good"] for each in json.loads(done.stdout)}
    assert (done.returncode, found["service"], found["bundle"]) == (14, False, True)
