"""A real service that gives way: paused, short of disk, out of hours; and the figures that it writes meanwhile."""

import json
import os
import subprocess
import sys

import pytest
from prometheus_client.parser import text_string_to_metric_families

from lab import Home, wait_until
from leukowatch.inbox.gate import set_paused
from leukowatch.service.running import running
from leukowatch.settings import load_settings


def drop(home, name, data):
    """Put an image into the inbox, whole at once."""
    path = home.inbox / name
    path.parent.mkdir(exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(data)
    part.rename(path)


def read(home):
    """Samples of the metrics file, by name and labels; empty where there is none yet."""
    path = home.folder / "metrics" / "leukowatch.prom"
    if not path.exists():
        return {}
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(path.read_text())
        for sample in family.samples
    }


def events(home):
    """What the service logged, a record a line."""
    lines = (home.folder / "log.txt").read_text().splitlines()
    return [json.loads(line)["event"] for line in lines if line.startswith("{")]


def test_a_paused_service_lets_files_wait_and_loses_none(tmp_path, phantoms):
    """The microscope's computer is needed for an hour: everything that came meanwhile is counted afterwards.

    The same run shows the metrics: they say that it is paused, and afterwards what was done.
    """
    home = Home(tmp_path / "home", SERVICE__METRICS_SECONDS="0.1")
    with home.service():
        assert home.command("pause").returncode == 0
        wait_until(lambda: read(home).get(("leukowatch_shut", "paused")) == 1)
        for number in range(3):
            drop(home, f"S/{number}.jpg", phantoms[number])
        wait_until(lambda: read(home)[("leukowatch_waiting_files",)] == 3)
        paused = home.left()
        assert home.command("resume").returncode == 0
        wait_until(lambda: len(home.filed()) == 3)
        wait_until(lambda: read(home)[("leukowatch_files_total", "counted")] == 3)
        wait_until(lambda: read(home)[("leukowatch_in_hand_files",)] == 0)
        after = read(home)

    assert (paused, home.left()) == (["S/0.jpg", "S/1.jpg", "S/2.jpg"], [])
    assert {state for state, _ in home.states().values()} == {"counted"}
    assert [(3,)] == home.query("SELECT count(*) FROM field")
    cells = home.query("SELECT count(*) FROM cell")[0][0]
    assert cells == sum(value for key, value in after.items() if key[0] == "leukowatch_cells_total")
    for stage in ("decode", "locate", "classify", "commit", "move"):
        assert after[("leukowatch_stage_seconds_count", stage)] == 3
        assert after[("leukowatch_stage_seconds_sum", stage)] > 0
    assert (after[("leukowatch_waiting_files",)], after[("leukowatch_oldest_waiting_seconds",)]) == (0, 0)
    assert after[("leukowatch_last_commit_timestamp_seconds",)] > 1.7e9


def test_scan_says_why_it_takes_nothing(home, phantoms):
    """A scan while paused would wait for ever: it ends with code 8, names the file and the remedy."""
    drop(home, "S/a.jpg", phantoms[0])
    home.command("pause")

    done = home.command("scan")

    assert done.returncode == 8
    assert "paused: `leukowatch resume` goes on" in done.stderr
    assert home.left() == ["S/a.jpg"]


def test_a_pause_is_in_the_status(home, phantoms, monkeypatch):
    """What `systemctl status` shows, with the files that wait."""
    for number, data in enumerate(phantoms[:2]):
        (home.inbox / f"f{number}.jpg").write_bytes(data)
    for key, value in home.environment().items():
        monkeypatch.setenv(key, value)
    set_paused(home.folder, paused=True)

    with running(load_settings()) as daemon:
        told = daemon.status()

    assert told == "counted 0, quarantined 0, waiting 2: paused: `leukowatch resume` goes on"


@pytest.fixture
def small(tmp_path):
    """Give a home on a file system of its own, of 48 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=48m", "leukowatch-test", str(folder)],
        check=False,
        capture_output=True,
    )
    if mounted.returncode:
        pytest.skip("only root can mount a small file system here")
    yield Home(folder / "home", INBOX__MIN_FREE_MEGABYTES="20")
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.slow
def test_a_disk_that_fills_stops_the_taking_before_it_is_full(small, phantoms):
    """On a real file system: the file waits, the log says so once, and with room again all is counted."""
    ballast = small.folder / "ballast"
    ballast.write_bytes(bytes(30_000_000))
    with small.service() as process:
        wait_until(lambda: "files wait in the inbox" in events(small))
        for number in range(2):
            drop(small, f"S/{number}.jpg", phantoms[number])
        doctor = small.command("doctor")
        waiting = small.left()
        ballast.unlink()
        wait_until(lambda: len(small.filed()) == 2)
        code = small.stop(process)

    assert (code, waiting) == (0, ["S/0.jpg", "S/1.jpg"])
    assert {state for state, _ in small.states().values()} == {"counted"}
    said = [event for event in events(small) if event.startswith("files ")]
    assert said == ["files wait in the inbox", "files are taken again"]
    assert (doctor.returncode, "BAD disk: only " in doctor.stdout) == (14, True)


def test_service_and_workers_give_way_to_other_programs(tmp_path):
    """Niceness and disk class of the settings hold for the daemon and for the workers that it starts."""
    home = Home(tmp_path / "home", SERVICE__NICE="7", SERVICE__IO_CLASS="idle", ANALYSIS__WORKERS="1")
    with home.service() as process:
        family = [process.pid, *children(process.pid)]
        nices = {os.getpriority(os.PRIO_PROCESS, pid) for pid in family}
        classes = {
            subprocess.run(
                ["ionice", "-p", str(pid)], capture_output=True, text=True, check=True
            ).stdout.strip()
            for pid in family
        }

    assert len(family) > 1
    assert (nices, classes) == ({7}, {"idle"})


def children(pid):
    """Processes that a process started, and that live."""
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(word) for word in found.stdout.split()]


def test_the_service_starts_without_the_metrics_library():
    """It costs a tenth of a second, which the first file after READY need not wait for at the start."""
    script = "import sys, leukowatch.service.daemon; print('prometheus_client' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert (done.stdout.strip(), done.stderr) == ("False", "")
