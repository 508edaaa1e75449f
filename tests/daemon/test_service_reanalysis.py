"""The archive looked at again by another bundle, by the commands that people use."""

import os
import pty
import re
import signal
import subprocess
import sys
from contextlib import suppress

import pytest

from lab import PATIENCE, wait_until

BY_PAPER = "SELECT count(*) FROM analysis a JOIN bundle b ON b.id = a.bundle_id WHERE b.name = 'paper'"


def read(home, phantoms, number):
    """Have so many fields counted."""
    (home.inbox / "S").mkdir()
    for each in range(number):
        (home.inbox / "S" / f"f{each:02}.jpg").write_bytes(phantoms[each % 12] + b"%d" % each)
    assert home.command("scan").returncode == 0


def read_to_the_end(terminal):
    """Give what a program writes to a terminal until it closes it."""
    told = b""
    with suppress(OSError):  # how Linux tells that the other side is closed
        while chunk := os.read(terminal, 65536):
            told += chunk
    os.close(terminal)
    return told.decode()


@pytest.mark.slow
def test_an_archive_is_looked_at_again_compared_promoted_and_taken_back(home, phantoms):
    """Each command says what it did, a second run has nothing to do, and a lost image is named."""
    read(home, phantoms, 6)
    before = home.query("SELECT class, cells FROM differential")
    (home.archive / "S" / "f05.jpg").rename(home.folder / "away.jpg")
    lost = home.command("reanalyse", "--bundle", "paper")
    (home.folder / "away.jpg").rename(home.archive / "S" / "f05.jpg")
    runs = [home.command("reanalyse", "--bundle", "paper", "--slides", "S") for _ in range(2)]
    compared = home.command("compare", "--bundle", "paper")
    promoted = home.command("promote", "--bundle", "paper", "--why", "validated")
    became = home.query("SELECT class, cells FROM differential")
    back = home.command("rollback", "--slides", "S", "--why", "worse")

    assert (lost.returncode, "S/f05.jpg: No such file" in lost.stderr) == (9, True)
    assert [run.stdout.split()[0] for run in runs] == ["1", "0"]
    assert "1 slides" in compared.stdout
    assert "S: 6 fields have another current analysis" in promoted.stdout
    assert (became != before, back.returncode) == (True, 0)
    assert before == home.query("SELECT class, cells FROM differential")


@pytest.mark.slow
def test_a_run_that_is_killed_goes_on_where_it_was(home, phantoms):
    """SIGKILL in the middle: what was kept is not looked at again, and every field has one further analysis."""
    home._variables["LEUKOWATCH_STORE__GROUP"] = "4"
    read(home, phantoms, 40)
    process = subprocess.Popen(
        [sys.executable, "-m", "leukowatch", "reanalyse", "--bundle", "paper"],
        env=home.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    wait_until(lambda: home.query(BY_PAPER) > [(0,)])
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    [(kept,)] = home.query(BY_PAPER)
    told = home.command("reanalyse", "--bundle", "paper").stdout

    assert told.startswith(f"{40 - kept} fields")
    assert home.query(BY_PAPER) == [(40,)]
    assert home.query(
        "SELECT count(*) FROM (SELECT field_id FROM analysis GROUP BY field_id HAVING count(*) = 2)"
    ) == [(40,)]


@pytest.mark.slow
def test_a_terminal_shows_how_far_a_run_is(home, phantoms):
    """A bar with what is done of what there is, from nothing to all, a field that could not be looked at included."""
    read(home, phantoms, 6)
    (home.archive / "S" / "f05.jpg").unlink()
    shown, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "leukowatch", "reanalyse", "--bundle", "paper"],
        env=home.environment(TERM="xterm", COLUMNS="120"), stdout=subprocess.DEVNULL, stderr=terminal,
    )  # fmt: skip
    os.close(terminal)
    told = read_to_the_end(shown)
    first, *later = re.findall(r"(\d+)/(\d+|\?)", told)
    done = [int(so_far) for so_far, _ in later]

    assert process.wait(PATIENCE) == 9
    assert first == ("0", "?")
    assert {total for _, total in later} == {"6"}
    assert (done[-1], done) == (6, sorted(done))
    assert re.search("paper.*━.*6/6.*0:00:00", told)


@pytest.mark.slow
def test_a_run_waits_while_the_service_would(home, phantoms):
    """Paused, nothing is begun, and the reason is told; with `leukowatch resume` the run ends as ever."""
    read(home, phantoms, 3)
    home.command("pause")
    process = subprocess.Popen(
        [sys.executable, "-m", "leukowatch", "reanalyse", "--bundle", "paper"],
        env=home.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    told = ""
    while "leukowatch resume" not in told:
        told += process.stderr.readline()
    before = home.query(BY_PAPER)
    home.command("resume")
    output, _ = process.communicate(timeout=2 * PATIENCE)

    assert (before, home.query(BY_PAPER)) == ([(0,)], [(3,)])
    assert output.startswith("3 fields")
