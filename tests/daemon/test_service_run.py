"""The service from start to stop, as a process of its own."""

import re
import subprocess
import sys
from pathlib import Path

from lab import wait_until


def drop(home, slide, name, data, *, rename=False):
    """Write an image into the inbox, plainly or under a temporary name that is then changed."""
    folder = home.inbox / slide
    folder.mkdir(exist_ok=True)
    if rename:
        (folder / f"{name}.part").write_bytes(data)
        (folder / f"{name}.part").rename(folder / name)
    else:
        (folder / name).write_bytes(data)


def test_fields_copied_or_renamed_in_are_counted_and_archived(home, phantoms):
    """Whatever way a whole image comes, it ends as one counted field in its slide's archive."""
    with home.service() as process:
        for number, data in enumerate(phantoms[:6]):
            drop(home, f"S{number % 2}", f"f{number}.jpg", data, rename=number % 3 == 0)
        wait_until(lambda: len(home.filed()) == 6)
        code = home.stop(process)

    assert code == 0
    assert {f"S{n % 2}/f{n}.jpg": ("counted", "") for n in range(6)} == home.states()
    assert sorted(home.states()) == home.filed()
    assert home.left() == []


def test_files_that_came_while_the_service_was_down_are_taken_at_start(home, phantoms):
    """The first scan finds what no event told of."""
    drop(home, "S", "early.jpg", phantoms[0])
    with home.service():
        wait_until(home.filed)

    assert home.filed() == ["S/early.jpg"]


def test_second_service_on_the_same_home_is_refused(home):
    """Two daemons would take the same files: the second one says so and ends with code 4."""
    with home.service():
        second = home.command("run")

    assert second.returncode == 4
    assert "another leukowatch works here" in second.stderr


def test_stop_finishes_what_is_in_hand_and_leaves_the_rest(home, phantoms):
    """After SIGTERM in the middle of a burst each file is either filed with its row or in the inbox without one."""
    with home.service() as process:
        for number in range(120):
            drop(home, "S", f"f{number:03}.jpg", phantoms[number % 12] + b"%d" % number)
        wait_until(home.filed)
        code = home.stop(process)

    assert code == 0
    assert sorted(home.states()) == home.filed()
    assert {f"S/f{n:03}.jpg" for n in range(120)} == {*home.filed(), *home.left()}
    assert not {*home.filed()} & {*home.left()}


def test_sigkill_three_times_gives_the_same_rows_as_none(home, phantoms):
    """Killed at any moment, started again: every field once, no file lost."""
    for number in range(30):
        drop(home, f"S{number % 3}", f"f{number:03}.jpg", phantoms[number % 12] + b"%d" % number)
    home.read_despite_kills((1, 8, 18), 30)

    assert {f"S{n % 3}/f{n:03}.jpg": ("counted", "") for n in range(30)} == home.states()
    assert home.query("SELECT count(*), count(DISTINCT sha256) FROM field") == [(30, 30)]
    assert home.query("SELECT count(*) FROM arrival") == [(30,)]
    assert home.left() == []


def test_workers_end_with_a_killed_service(home, phantoms):
    """No worker process outlives the daemon that was killed."""
    with home.service() as process:
        drop(home, "S", "f.jpg", phantoms[0])
        wait_until(home.filed)
        children = children_of(process.pid)
        process.kill()
        process.wait()

        assert len(children) >= 2
        wait_until(lambda: not any(is_running(child) for child in children))


def test_run_imports_nothing_heavy_before_it_is_ready(home):
    """The daemon stays light: a database that is up to date needs no migration, and looking is its workers' affair."""
    assert home.command("db", "upgrade").returncode == 0
    program = "import sys, leukowatch.service.running as d; from leukowatch.settings import load_settings\n"
    program += "with d.running(load_settings()): print(*sys.modules)"

    done = subprocess.run(
        [sys.executable, "-c", program], env=home.environment(), capture_output=True, text=True, check=True
    )

    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & {
        "tensorflow",
        "keras",
        "alembic",
        "scipy",
        "matplotlib",
        "sklearn",
        "distributed",
        "psycopg",
        "numpy",
        "PIL",
        "ai_edge_litert",
    }


def test_inbox_removed_and_remade_is_watched_again(home, phantoms):
    """A remade inbox is another folder of the same name: files dropped there are taken all the same."""
    with home.service():
        home.inbox.rename(home.folder / "old")
        home.inbox.mkdir()
        drop(home, "S", "f.jpg", phantoms[0])
        wait_until(home.filed)

    assert home.filed() == ["S/f.jpg"]


def test_file_directly_in_the_inbox_goes_to_a_flagged_slide_of_the_day(home, phantoms):
    """What names no slide is never mixed with a named one."""
    with home.service():
        (home.inbox / "loose.jpg").write_bytes(phantoms[0])
        wait_until(home.filed)

    [(slide, flagged)] = home.query("SELECT s.name, f.kind FROM slide s JOIN flag f ON f.slide_id = s.id")
    assert re.fullmatch(r"unassigned-\d{4}-\d\d-\d\d", slide)
    assert flagged == "unassigned"


def test_empty_slide_folders_go_after_their_idle_time(tmp_path, home, phantoms):
    """A slide's folder does not stay in the inbox for ever; the inbox itself does."""
    home._variables |= {
        "LEUKOWATCH_INBOX__EMPTY_FOLDER_SECONDS": "0.5",
        "LEUKOWATCH_INBOX__RESCAN_SECONDS": "0.2",
    }
    with home.service():
        drop(home, "S", "f.jpg", phantoms[0])
        wait_until(lambda: home.filed() and not (home.inbox / "S").exists())

    assert home.inbox.is_dir()


def children_of(pid: int) -> list[int]:
    """Process ids of a process' children."""
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(number) for number in listed.stdout.split()]


def is_running(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
