"""The inbox vanishes, comes back or goes deaf: whole files in it are taken all the same, and none is called lost."""

import os
import shutil
import signal

import pytest

from faults.accounts import Account, account, counted, settled
from faults.mounts import mount, unmount
from lab import wait_until

NEVER = {"LEUKOWATCH_INBOX__RESCAN_SECONDS": "3600"}
"""Setting of a service that finds by its regular rescan only what was there at the start."""
QUEUE = "/proc/sys/fs/inotify/max_queued_events"


def log_says(home, words):
    """Whether the service's log has these words."""
    return words in (home.folder / "log.txt").read_text(errors="replace")


def test_overflow_of_the_kernels_queue_loses_no_file(home, phantoms):
    """More events than the kernel keeps while the service sleeps: the images after them are found all the same."""
    home._variables |= NEVER
    (home.inbox / "S").mkdir()
    with open(QUEUE) as limit:  # noqa: PTH123  no file of the disk
        events = int(limit.read())
    with home.service() as process:
        process.send_signal(signal.SIGSTOP)
        for number in range(events // 2 + 1):  # a creation and a closing each
            descriptor = os.open(home.inbox / f"{number}.part", os.O_WRONLY | os.O_CREAT)
            os.close(descriptor)
        for number in range(3):
            (home.inbox / "S" / f"{number}.jpg").write_bytes(phantoms[number])
        process.send_signal(signal.SIGCONT)
        found = settled(home, "S", 3)

    assert counted("0.jpg", "1.jpg", "2.jpg") == found


@pytest.mark.slow
def test_handler_that_raises_costs_no_file(home, phantoms):
    """A fault in the handler ends watchdog's thread: the watch is made anew, and finds what it missed."""
    home._variables |= NEVER
    (home.inbox / "S").mkdir()
    with home.service():
        (home.inbox / "S" / "explode.part").write_bytes(b"x")
        (home.inbox / "S" / "a.jpg").write_bytes(phantoms[0])
        first = settled(home, "S", 1)
        (home.inbox / "S" / "b.jpg").write_bytes(phantoms[1])
        second = settled(home, "S", 2)

    assert log_says(home, "the watch has failed")
    assert (["explode.part"], 1) == (first.inbox, first.fields)
    assert (["a.jpg", "b.jpg"], 2) == (second.archive, second.fields)


@pytest.mark.slow
@pytest.mark.parametrize("watches", [1, 3], ids=["at the start", "while it runs"])
def test_too_few_watches_lead_to_polling(home, phantoms, watches):
    """Where the kernel watches no more folders the inbox is listed: in a user namespace with a limit of its own."""
    limited = f'echo {watches} > /proc/sys/user/max_inotify_watches && exec "$@"'
    home._variables |= NEVER
    for name in ("S", "T"):
        (home.inbox / name).mkdir()
    before = ("unshare", "--user", "--map-root-user", "sh", "-c", limited, "sh")
    with home.service(*before):
        for name in ("S", "T", "U", "V"):
            (home.inbox / name).mkdir(exist_ok=True)
            (home.inbox / name / "a.jpg").write_bytes(phantoms[ord(name) % 12])
        found = [settled(home, name, 1) for name in ("S", "T", "U", "V")]

    assert [counted("a.jpg")] * 4 == found
    assert log_says(home, "fs.inotify.max_user_watches")


@pytest.mark.slow
def test_folder_without_events_is_listed(home, phantoms):
    """On a share that tells of nothing, polling alone finds new files, also in new folders."""
    home._variables |= NEVER | {"LEUKOWATCH_INBOX__POLLING": "true"}
    with home.service():
        (home.inbox / "S").mkdir()
        (home.inbox / "S" / "a.jpg").write_bytes(phantoms[0])
        found = settled(home, "S", 1)

    assert counted("a.jpg") == found


@pytest.mark.slow
@pytest.mark.parametrize("way", ["removed", "renamed"])
def test_inbox_that_went_and_came_back_is_taken_from(home, phantoms, way):
    """While it is away nothing is taken or made up; remade, its files are taken without a restart."""
    (home.inbox / "S").mkdir()
    with home.service() as process:
        (home.inbox / "S" / "a.jpg").write_bytes(phantoms[0])
        settled(home, "S", 1)
        if way == "removed":
            shutil.rmtree(home.inbox)
        else:
            home.inbox.rename(home.folder / "away")
        wait_until(lambda: log_says(home, "the inbox is not what was watched"))
        away = (home.inbox.exists(), process.poll(), account(home, "S").rows)
        if way == "removed":
            home.inbox.mkdir()
        else:
            (home.folder / "away").rename(home.inbox)
        (home.inbox / "S").mkdir(exist_ok=True)
        (home.inbox / "S" / "b.jpg").write_bytes(phantoms[1])
        found = settled(home, "S", 2)

    assert (False, None, {"a.jpg": ["counted"]}) == away
    assert counted("a.jpg", "b.jpg") == found


@pytest.mark.slow
def test_inbox_unmounted_to_an_empty_folder_loses_no_file(home, phantoms, tmpfs, tmp_path, gate):
    """An image looked at while the share goes away is not called lost: it is moved when the share is back."""
    share = tmp_path / "share"
    tmpfs(share, "8m")
    (share / "S").mkdir()
    mount("--bind", share, home.inbox)
    with home.service() as process:
        (home.inbox / "S" / "a.jpg").write_bytes(phantoms[0] + b"gate:" + os.fsencode(gate))
        wait_until(lambda: list(gate.parent.glob("gate.*")))
        unmount(home.inbox)
        gate.touch()
        wait_until(lambda: log_says(home, "is not mounted there"))
        away = account(home, "S")
        mount("--bind", share, home.inbox)
        try:
            (home.inbox / "S" / "b.jpg").write_bytes(phantoms[1])
            found = settled(home, "S", 2)
            code = home.stop(process)
        finally:
            unmount(home.inbox)

    assert 0 == code
    assert Account({"a.jpg": ["counted and waiting"]}, fields=1) == away
    assert counted("a.jpg", "b.jpg") == found


@pytest.mark.slow
def test_start_on_an_unmounted_inbox_loses_no_file(home, phantoms, tmpfs, tmp_path):
    """After a power cut the share is not back yet: what was committed waits for it, and is moved at last."""
    share = tmp_path / "share"
    tmpfs(share, "8m")
    (share / "S").mkdir()
    mount("--bind", share, home.inbox)
    (home.inbox / "S" / "a.jpg").write_bytes(phantoms[0])
    home._variables["SABOTAGE_KILL"] = "between commit and move"
    killed = home.command("scan")
    del home._variables["SABOTAGE_KILL"]
    unmount(home.inbox)
    empty = home.command("scan")
    away = account(home, "S")
    mount("--bind", share, home.inbox)
    try:
        home.command("scan")
        found = account(home, "S")
    finally:
        unmount(home.inbox)

    assert -9 == killed.returncode
    assert "is not mounted there" in empty.stderr
    assert Account({"a.jpg": ["counted and waiting"]}, fields=1) == away
    assert counted("a.jpg") == found


@pytest.mark.slow
def test_burst_of_ten_thousand_files_is_taken_to_the_last(home, phantoms):
    """A night's images copied at once: each has its row and its place, and each content its one field."""
    folders = [home.inbox / f"S{number}" for number in range(10)]
    for folder in folders:
        folder.mkdir()
    with home.service() as process:
        for number in range(10_000):
            data = phantoms[number % 12] if number < 1000 else b"no image"
            (folders[number % 10] / f"{number:05}.jpg").write_bytes(data + b"%d" % number)
        wait_until(lambda: not home.left(), 1100)
        code = home.stop(process)

    statuses = dict(home.query("SELECT status, count(*) FROM arrival GROUP BY status"))
    assert 0 == code
    assert {"counted": 1000, "quarantined": 9000} == statuses
    assert [(0, 0)] == home.query("SELECT sum(filed_at IS NULL), sum(lost) FROM arrival")
    assert 1000 == len(home.filed())
    assert 18_000 == sum(path.is_file() for path in home.quarantine.rglob("*"))
