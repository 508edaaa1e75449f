"""The gate: when files are left to wait, what is said of it, and when they are taken again."""

from datetime import datetime, time

import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs

from leukowatch.errors import OutputFailed
from leukowatch.inbox.gate import Gate, set_paused, why_shut, within
from leukowatch.setting_tables import AnalysisSettings, InboxSettings
from leukowatch.settings import Settings

NOON = datetime(2031, 5, 4, 12)  # noqa: DTZ001  a local time, as the windows are


def lab(home, window="", least=500):
    """Settings of a home with this window and this limit of free megabytes."""
    return Settings(
        home=home,
        inbox=InboxSettings(min_free_megabytes=least),
        analysis=AnalysisSettings(window=window),
    )


class Disk:
    """A disk with so many megabytes free."""

    def __init__(self, megabytes):
        self.megabytes = megabytes

    def free(self, folder):
        """Bytes that are free."""
        return self.megabytes * 1_000_000


class Clock:
    """Monotonic seconds, a step further at each look."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        """Tell the time."""
        self.now += 1.0
        return self.now


@pytest.mark.parametrize(
    ("window", "hour", "inside"),
    [
        ("", time(3), True),
        ("08:00-17:30", time(8), True),
        ("08:00-17:30", time(17, 29, 59), True),
        ("08:00-17:30", time(17, 30), False),
        ("08:00-17:30", time(7, 59), False),
        ("20:00-06:00", time(20), True),
        ("20:00-06:00", time(0), True),
        ("20:00-06:00", time(5, 59), True),
        ("20:00-06:00", time(6), False),
        ("20:00-06:00", time(12), False),
    ],
)
def test_a_window_holds_its_beginning_and_not_its_end_also_over_midnight(window, hour, inside):
    """A lab that gives the night to the service means the night."""
    assert within(window, hour) is inside


@pytest.mark.parametrize("window", ["20:00", "8:00-9:00", "08:00-24:00", "08:00-08:00", "night"])
def test_a_window_that_nobody_could_mean_is_refused(window):
    """At the start, not at eight in the evening."""
    with pytest.raises(ValidationError, match="two times of day"):
        AnalysisSettings(window=window)


def test_files_are_taken_where_nothing_speaks_against_it(tmp_path):
    """The usual case says nothing."""
    assert why_shut(lab(tmp_path), [tmp_path], NOON, Disk(501).free) is None


def test_a_pause_shuts_until_it_is_taken_back(tmp_path):
    """Twice paused is paused, twice resumed is open."""
    for paused in (True, True, False, False):
        set_paused(tmp_path, paused=paused)
        shut = why_shut(lab(tmp_path), [], NOON)

        assert (shut.kind if shut else "") == ("paused" if paused else "")


def test_a_pause_of_a_home_that_is_not_there_is_refused(tmp_path):
    """Else somebody believes a service paused that is not."""
    with pytest.raises(OutputFailed, match="service's user"):
        set_paused(tmp_path / "none", paused=True)


def test_a_full_disk_shuts_and_names_folder_and_setting(tmp_path):
    """Whoever makes room must know where."""
    shut = why_shut(lab(tmp_path), [tmp_path], NOON, Disk(499).free)

    assert shut.kind == "disk"
    assert shut.told == f"{tmp_path}: 499 MB are free, inbox.min_free_megabytes is 500: make room"


def test_a_limit_of_zero_never_looks_at_the_disk(tmp_path):
    """A setting of 0 turns it off."""
    assert why_shut(lab(tmp_path, least=0), [tmp_path], NOON, Disk(0).free) is None


def test_a_folder_that_is_not_there_is_somebody_elses_finding(tmp_path):
    """The gate speaks of room alone."""
    assert why_shut(lab(tmp_path), [tmp_path / "none"], NOON) is None


def test_out_of_hours_files_wait(tmp_path):
    """And the sentence names the setting."""
    shut = why_shut(lab(tmp_path, "20:00-06:00"), [], NOON)

    assert (shut.kind, "20:00 to 06:00 (analysis.window)" in shut.told) == ("hours", True)


def test_the_gate_tells_the_log_once_when_it_shuts_and_once_when_it_opens(tmp_path):
    """However often it is asked, and however the free space changes meanwhile."""
    disk = Disk(600)
    gate = Gate(lab(tmp_path), [tmp_path], disk.free, Clock(), lambda: NOON)

    with capture_logs() as logs:
        states = []
        for megabytes in (600, 499, 498, 497, 510, 549, 551, 600):
            disk.megabytes = megabytes
            states.append(bool(gate.shut()))

    assert states == [False, True, True, True, True, True, False, False]
    assert [line["event"] for line in logs] == ["files wait in the inbox", "files are taken again"]


def test_the_gate_looks_at_most_once_a_second(tmp_path):
    """It is asked for every file."""
    looks = []
    gate = Gate(lab(tmp_path), [tmp_path], lambda folder: looks.append(folder) or 10**12, lambda: 5.0)

    for _ in range(100):
        gate.shut()

    assert len(looks) == 1
