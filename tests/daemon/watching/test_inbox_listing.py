"""The list of what is in the inbox is true, whatever lies there and whatever is barred."""

import os
import socket
import subprocess
import sys

import pytest
from structlog.testing import capture_logs

from leukowatch.inbox.watch import InboxWatch


def test_scan_gives_regular_files_only_and_names_the_rest_once(inbox, tmp_path):
    """Links, pipes, sockets and folders named like images are left alone with one log line each."""
    (inbox / "S1/a.jpg").write_bytes(b"xyz")
    (inbox / "S1/a.tmp").write_bytes(b"x")
    (inbox / "S1/x.jpg").mkdir()
    (inbox / "S1/x.jpg/b.jpg").write_bytes(b"x")
    os.mkfifo(inbox / "S1/pipe.jpg")
    (inbox / "S1/passwd.jpg").symlink_to("/etc/passwd")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/c.jpg").write_bytes(b"x")
    (inbox / "S9").symlink_to(tmp_path / "outside")
    with socket.socket(socket.AF_UNIX) as plug:
        plug.bind(str(inbox / "s.jpg"))
    watch = InboxWatch(inbox, 100, polling=False)
    with capture_logs() as logs:
        files = {file.relative: file.identity.size for file in watch.scan()}
        list(watch.scan())

    assert files == {b"S1/a.jpg": 3, b"S1/x.jpg/b.jpg": 1}
    assert sorted((line["file"], line["kind"]) for line in logs) == [
        ("S1/passwd.jpg", "symbolic link"),
        ("S1/pipe.jpg", "pipe"),
        ("S1/x.jpg", "folder named like an image"),
        ("S9", "symbolic link"),
        ("s.jpg", "socket"),
    ]


def test_scan_passes_over_what_vanishes(inbox):
    """Folders and files removed while the list is made do not stop it."""
    for slide in ("S2", "S3"):
        (inbox / slide).mkdir()
        (inbox / slide / "a.jpg").write_bytes(b"x")
    scan = InboxWatch(inbox, 100, polling=False).scan()
    first = next(scan)
    for path in list(inbox.rglob("*.jpg")):
        path.unlink()
    for slide in ("S1", "S2", "S3"):
        (inbox / slide).rmdir()

    assert first.relative in {b"S2/a.jpg", b"S3/a.jpg"}
    assert list(scan) == []


def test_empty_folders_go_after_their_time(inbox):
    """Old empty slide folders are removed; young, used and temporary ones stay, and so does the inbox."""
    for name in ("old", "young", "used", ".hidden", "old/er"):
        (inbox / name).mkdir()
    (inbox / "used/notes.txt").write_bytes(b"x")
    for name in ("S1", "used", ".hidden", "old/er", "old", ""):
        os.utime(inbox / name, (1000, 1000))
    os.utime(inbox / "young", (4900, 4900))
    InboxWatch(inbox, 100, polling=False).remove_empty_folders(older_than=3600, now=5000)

    assert sorted(path.name for path in inbox.iterdir()) == [".hidden", "old", "used", "young"]
    assert list((inbox / "old").iterdir()) == []


BARRED = """
import sys
from pathlib import Path
from leukowatch.errors import InboxVanished
from leukowatch.inbox.listing import list_files, unlistable_folders
from leukowatch.inbox.watch import InboxWatch
inbox = Path(sys.argv[1])
watch = InboxWatch(inbox, 100, polling=sys.argv[2] == "polling")
try:
    watch.start()
    list(watch.scan())
except InboxVanished as error:
    print(error)
else:
    odd = []
    print([file.relative for file in list_files(inbox, lambda *told: odd.append(told))], sorted(odd))
    print(sorted(unlistable_folders(inbox)))
finally:
    watch.stop()
"""


def barred(inbox, *arguments):
    """What an ordinary user, whom modes bind, sees of an inbox."""
    plain = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*plain, sys.executable, "-c", BARRED, inbox, *arguments],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return [line for line in done.stdout.splitlines() if line.startswith(("[", str(inbox)))]


@pytest.mark.parametrize("way", ["listening", "polling"])
@pytest.mark.parametrize("mode", [0, 0o444])
def test_inbox_without_permission_is_told_as_such(inbox, way, mode):
    """It is there: the message says what forbids it, instead of that it was removed."""
    inbox.chmod(mode)
    told = barred(inbox, way)
    inbox.chmod(0o755)

    assert told == [
        f"{inbox}: the inbox cannot be listed (Permission denied); check permissions and the disk"
    ]


@pytest.mark.parametrize("way", ["listening", "polling"])
def test_folders_that_may_not_be_listed_are_named_and_hide_no_other(inbox, way):
    """One without names, one with names alone; a temporary one keeps everything waiting anyway."""
    for name, mode in (("closed", 0), ("names", 0o444), (".trash", 0)):
        (inbox / name).mkdir()
        (inbox / name / "a.jpg").write_bytes(b"x")
        (inbox / name).chmod(mode)
    (inbox / "S1/a.jpg").write_bytes(b"x")
    told = barred(inbox, way)
    for name in ("closed", "names", ".trash"):
        (inbox / name).chmod(0o755)

    kind = "folder that cannot be listed"
    assert told == [
        f"{[b'S1/a.jpg']} {[(b'.trash', kind), (b'closed', kind), (b'names', kind)]}",
        f"{[b'closed', b'names']}",
    ]
