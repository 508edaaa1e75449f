"""Filing: nothing is overwritten, nothing is lost, and whatever is repeated gives one file."""

import dataclasses
import errno
import hashlib
import json
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leukowatch.errors import FilingFailed, NotFound
from leukowatch.inbox import carrying, placing
from leukowatch.inbox.filing import Filer
from leukowatch.inbox.naming import slide_name
from leukowatch.store.outcome import Filing, Status

DATA = b"\xff\xd8 a field \xff\xd9"
SHARED_MEMORY = Path("/dev/shm")
names = st.binary(min_size=1, max_size=255).filter(
    lambda raw: not {0, 47} & set(raw) and raw not in {b".", b".."}
)


class Home:
    """An inbox, archive and quarantine, and filings for what is put into the inbox."""

    def __init__(self, folder, archive=None):
        """Make the folders."""
        self.inbox = folder / "inbox"
        self.archive = archive or folder / "archive"
        self.quarantine = (archive or folder) / "quarantine"
        self.inbox.mkdir()
        self.filer = Filer(self.inbox, self.archive, self.quarantine)
        self.count = 0

    def put(self, relative, status=Status.COUNTED, slide="S1", data=DATA):
        """Write a file into the inbox and give its filing."""
        path = self.inbox / os.fsdecode(relative)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        now = path.stat()
        self.count += 1
        return Filing(
            arrival_id=self.count,
            relative=relative,
            status=status,
            slide=slide,
            sha256=hashlib.sha256(data).hexdigest(),
            size=now.st_size,
            device=now.st_dev,
            inode=now.st_ino,
            mtime_ns=now.st_mtime_ns,
            reason="truncated" if status is Status.QUARANTINED else "",
            detail="the end is missing" if status is Status.QUARANTINED else "",
            received_at=datetime(2024, 3, 5, 12, tzinfo=UTC),
            duplicate_of="",
        )

    def files(self):
        """Every file of inbox, archive and quarantine with its content, sidecars left out."""
        roots = [self.inbox, self.archive, self.quarantine]
        paths = {path for root in roots for path in root.rglob("*") if path.is_file()}
        return {path: path.read_bytes() for path in paths if path.suffix != ".json"}


@pytest.fixture
def home(tmp_path):
    """A home on one file system."""
    return Home(tmp_path)


@pytest.fixture
def split_home(tmp_path):
    """A home whose archive and quarantine are on another file system."""
    if not SHARED_MEMORY.is_dir() or SHARED_MEMORY.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("no second file system at /dev/shm")
    with tempfile.TemporaryDirectory(dir=SHARED_MEMORY) as other:
        yield Home(tmp_path, archive=Path(other))


@pytest.fixture(params=["one file system", "two"])
def any_home(request):
    """A home, once on one and once on two file systems."""
    return request.getfixturevalue("home" if request.param == "one file system" else "split_home")


def crash(monkeypatch, module, name, *, after):
    """Let a function do nothing, or its work, and then the power fail, once."""
    real = getattr(module, name)

    def failing(*args, **kwargs):
        monkeypatch.setattr(module, name, real)
        if after:
            real(*args, **kwargs)
        raise KeyboardInterrupt

    monkeypatch.setattr(module, name, failing)


@pytest.mark.parametrize(
    ("relative", "status", "slide", "expected"),
    [
        (b"S1/a.jpg", Status.COUNTED, "S1", "archive/S1/a.jpg"),
        (b"S1/left/top/a.jpg", Status.NOT_ASSESSABLE, "S1", "archive/S1/left/top/a.jpg"),
        (b"S1_a.jpg", Status.COUNTED, "S1", "archive/S1/S1_a.jpg"),
        (b"S1/left/a.jpg", Status.DUPLICATE, "S1", "archive/S1/duplicates/a.jpg"),
        (b"S1/left/a.jpg", Status.QUARANTINED, "S1", "quarantine/S1/a.jpg"),
        (b"S1/a.jpg", Status.COUNTED, "S2", "archive/S2/a.jpg"),
    ],
)
def test_status_and_slide_say_where_a_file_goes(tmp_path, home, relative, status, slide, expected):
    """The archive keeps what lay below the slide's folder; duplicates and quarantine are flat."""
    filing = home.put(relative, status, slide)

    assert home.filer.file(filing) == tmp_path / expected
    assert home.files() == {tmp_path / expected: DATA}


def test_copy_to_another_file_system_keeps_content_time_and_mode(split_home):
    """A move across devices is a copy that looks like the original."""
    filing = split_home.put(b"S1/a.jpg")
    (split_home.inbox / "S1/a.jpg").chmod(0o604)

    path = split_home.filer.file(filing)

    assert split_home.files() == {path: DATA}
    assert (path.stat().st_mtime_ns, path.stat().st_mode & 0o777) == (filing.mtime_ns, 0o604)


def test_collision_takes_the_next_name(any_home):
    """Files of one name and several contents all stay."""
    contents = [b"one", b"two", b"three"]
    paths = [any_home.filer.file(any_home.put(b"S1/a.jpg", data=data)) for data in contents]

    assert [path.name for path in paths] == ["a.jpg", "a~1.jpg", "a~2.jpg"]
    assert sorted(any_home.files().values()) == sorted(contents)


def test_file_with_the_name_of_a_folder_collides_harmlessly(home):
    """Where the archive has a file, a folder of that name becomes another one."""
    first = home.filer.file(home.put(b"S1/a.jpg"))
    (home.inbox / "S1/a.jpg").mkdir()
    second = home.filer.file(home.put(b"S1/a.jpg/b.jpg", data=b"other"))

    assert home.files() == {first: DATA, second: b"other"}
    assert second == home.archive / "S1/a~1.jpg/b.jpg"


def test_folder_that_is_a_link_is_not_written_through(home, tmp_path):
    """Nothing is filed outside the archive."""
    home.archive.mkdir()
    (home.archive / "S1").symlink_to(tmp_path)

    assert home.filer.file(home.put(b"S1/a.jpg")) == home.archive / "S1~1/a.jpg"


def test_sidecar_says_why_and_whence(any_home):
    """Beside a quarantined file lies what a person, or a program, needs to know."""
    filing = any_home.put(b"S1/left/a\n.jpg", Status.QUARANTINED)

    path = any_home.filer.file(filing)

    assert json.loads(path.with_name("a\n.jpg.json").read_text()) == {
        "reason": "truncated",
        "error": "the end is missing",
        "time": "2024-03-05T12:00:00+00:00",
        "sha256": filing.sha256,
        "size": len(DATA),
        "original": "S1/left/a\\x0a.jpg",
        "original_hex": b"S1/left/a\n.jpg".hex(),
        "arrival": 1,
    }


def test_file_named_like_a_sidecar_is_kept_apart(home):
    """A quarantined a.jpg.json is neither overwritten by a.jpg's sidecar nor taken for it."""
    first = home.filer.file(home.put(b"S1/a.jpg.json", Status.QUARANTINED, data=b"{}"))
    second = home.filer.file(home.put(b"S1/a.jpg", Status.QUARANTINED))

    assert (first.read_bytes(), second.name, second.read_bytes()) == (b"{}", "a~1.jpg", DATA)
    assert len(list((home.quarantine / "S1").iterdir())) == 4


@pytest.mark.parametrize("name", [b"n" * 251 + b".jpg", b"n" * 255, "ü".encode() * 127, b"\xff" * 255])
@pytest.mark.parametrize("status", [Status.COUNTED, Status.QUARANTINED])
def test_longest_names_have_room_for_number_and_sidecar(home, name, status):
    """Names of 255 bytes are shortened only as far as needed, and never collide."""
    paths = [home.filer.file(home.put(b"S1/" + name, status, data=b"%d" % number)) for number in range(12)]

    assert len(set(paths)) == 12
    assert sorted(home.files().values()) == sorted(b"%d" % number for number in range(12))
    assert status is Status.QUARANTINED or os.fsencode(paths[0].name) == name


@settings(max_examples=40, deadline=None)  # each waits for the disk
@given(name=names, folder=names, status=st.sampled_from([s for s in Status if s is not Status.REQUEUED]))
def test_any_names_come_through(name, folder, status):
    """Whatever bytes slide and file are called, the content arrives below the slide's folder."""
    with tempfile.TemporaryDirectory() as place:
        home = Home(Path(place))
        filing = home.put(folder + b"/" + name, status, slide_name(folder))

        path = home.filer.file(filing)

        assert not [found for found in home.inbox.rglob("*") if found.is_file()]
        assert path.read_bytes() == DATA
        assert path.relative_to(place).parts[1] == slide_name(folder)


@settings(max_examples=40, deadline=None)  # each waits for the disk
@given(name=names, folder=names)
def test_any_names_come_back(name, folder):
    """A quarantined file returns to the raw path that it had, and its sidecar goes."""
    with tempfile.TemporaryDirectory() as place:
        home = Home(Path(place))
        relative = folder + b"/" + name
        quarantined = home.filer.file(home.put(relative, Status.QUARANTINED, slide_name(folder)))

        back = home.filer.give_back(quarantined, relative)

        assert back == home.inbox / os.fsdecode(relative)
        assert back.read_bytes() == DATA
        assert list(quarantined.parent.iterdir()) == []


@pytest.mark.parametrize("slide", ["", "..", "a/b", "../S1"])
def test_slide_that_leads_elsewhere_is_refused(home, slide):
    """A slide's name cannot move a file out of the archive."""
    filing = home.put(b"S1/a.jpg", slide=slide)

    with pytest.raises(FilingFailed):
        home.filer.file(filing)
    assert home.files() == {home.inbox / "S1/a.jpg": DATA}


def test_hard_linked_source_is_moved(home, tmp_path):
    """A file with a second name elsewhere leaves the inbox, and the other name stays."""
    filing = home.put(b"S1/a.jpg")
    (tmp_path / "original.jpg").hardlink_to(home.inbox / "S1/a.jpg")

    path = home.filer.file(filing)

    assert home.files() == {path: DATA}
    assert (tmp_path / "original.jpg").samefile(path)


@pytest.mark.parametrize("status", [Status.COUNTED, Status.QUARANTINED])
def test_source_that_is_gone_is_lost(any_home, status):
    """Nothing is made up for a file that somebody removed."""
    filing = any_home.put(b"S1/a.jpg", status)
    (any_home.inbox / "S1/a.jpg").unlink()

    assert any_home.filer.file(filing) is None
    assert any_home.files() == {}


@pytest.mark.parametrize("status", [Status.COUNTED, Status.QUARANTINED])
def test_replaced_source_is_left_for_the_next_arrival(any_home, status):
    """Other content under the name stays in the inbox, and leaves no sidecar behind."""
    filing = any_home.put(b"S1/a.jpg", status)
    any_home.put(b"S1/a.jpg", data=b"another")

    assert any_home.filer.file(filing) is None
    assert any_home.files() == {any_home.inbox / "S1/a.jpg": b"another"}
    assert list(any_home.quarantine.rglob("*.json")) == []


def test_file_that_takes_the_sources_name_at_the_very_move_is_put_back(home, monkeypatch):
    """Between the last look and the rename a writer can be quicker: its file has no row, and must not vanish."""
    filing = home.put(b"S1/f.jpg")
    other = home.inbox / "S1" / ".new.part"
    real = carrying.rename_new

    def overtaken(name, target, folder):
        if other.exists():
            other.write_bytes(b"another field")
            other.rename(home.inbox / "S1" / "f.jpg")
        real(name, target, folder)

    other.touch()
    monkeypatch.setattr(
        carrying, "rename_new", lambda *names: overtaken(*names) if len(names) == 3 else real(*names)
    )
    place = home.filer.file(filing)

    assert place is None
    assert {home.inbox / "S1" / "f.jpg": b"another field"} == home.files()


def test_source_that_is_now_a_link_is_left_alone(home):
    """A link put in the file's place is not followed."""
    filing = home.put(b"S1/a.jpg")
    (home.inbox / "S1/a.jpg").unlink()
    (home.inbox / "S1/a.jpg").symlink_to("/etc/passwd")

    assert home.filer.file(filing) is None
    assert (home.inbox / "S1/a.jpg").is_symlink()


def test_same_content_in_another_state_is_moved(home):
    """After a restore or a change of device numbers the content still proves the file."""
    filing = home.put(b"S1/a.jpg")
    os.utime(home.inbox / "S1/a.jpg", (5, 5))

    assert home.filer.file(filing) == home.archive / "S1/a.jpg"


def test_missing_inbox_loses_nothing(home):
    """An unmounted inbox is a failure to be tried again, not a hundred lost files."""
    filing = home.put(b"S1/a.jpg")
    home.inbox.rename(home.inbox.with_name("away"))

    with pytest.raises(FilingFailed, match="is not there"):
        home.filer.file(filing)


def test_missing_file_of_another_disk_is_not_lost(home):
    """The inbox's file system is not mounted, an empty folder is in its place: the file is waited for."""
    filing = home.put(b"S1/a.jpg")
    (home.inbox / "S1/a.jpg").unlink()
    elsewhere = dataclasses.replace(filing, device=filing.device + 1)

    with pytest.raises(FilingFailed, match="not mounted"):
        home.filer.file(elsewhere)


def test_repeating_gives_the_same_place(any_home):
    """After a crash between move and ledger, filing again finds what it did."""
    for status in (Status.COUNTED, Status.DUPLICATE, Status.QUARANTINED):
        any_home.put(b"S1/a.jpg", status, data=b"earlier")
        filing = any_home.put(b"S1/a.jpg", status)

        assert any_home.filer.file(filing) == any_home.filer.file(filing)


def test_repeating_finds_the_place_under_a_later_name(any_home):
    """Also where the name had collided."""
    any_home.filer.file(any_home.put(b"S1/a.jpg", data=b"earlier"))
    filing = any_home.put(b"S1/a.jpg")
    path = any_home.filer.file(filing)

    assert path.name == "a~1.jpg"
    assert any_home.filer.file(filing) == path


def test_content_that_came_again_meanwhile_is_left_for_its_own_arrival(any_home):
    """Filed before the crash, delivered anew before the restart: the new file waits for its own row."""
    filing = any_home.put(b"S1/a.jpg")
    path = any_home.filer.file(filing)
    any_home.put(b"S1/a.jpg")

    assert any_home.filer.file(filing) == path
    assert any_home.files() == {path: DATA, any_home.inbox / "S1/a.jpg": DATA}


def test_unhashed_file_is_filed_by_its_state(any_home):
    """A file too large to be read moves, and is found again, by size and time."""
    filing = any_home.put(b"S1/a.jpg", Status.QUARANTINED)
    unread = Filing(**{name: getattr(filing, name) for name in Filing.__slots__} | {"sha256": None})

    path = any_home.filer.file(unread)

    assert any_home.filer.file(unread) == path
    assert any_home.files() == {path: DATA}


@pytest.mark.parametrize("status", [Status.COUNTED, Status.DUPLICATE, Status.QUARANTINED])
@pytest.mark.parametrize(
    ("module", "name", "after"),
    [
        (carrying, "rename_new", False),
        (carrying, "rename_new", True),
        (carrying, "copy_new", False),
        (carrying, "copy_new", True),
        (carrying, "write_new", False),
        (carrying, "write_new", True),
        (placing, "rename_new", False),
        (placing, "rename_new", True),
        (placing, "sync_folder", False),
        (carrying.os, "fsync", True),
    ],
)
def test_crash_at_any_step_leaves_one_file_after_repeating(
    any_home, monkeypatch, status, module, name, after
):
    """The power goes before or after each step; filing again ends with one file in one place."""
    filing = any_home.put(b"S1/a.jpg", status)
    crash(monkeypatch, module, name, after=after)
    try:
        any_home.filer.file(filing)
    except KeyboardInterrupt:
        monkeypatch.undo()

    path = any_home.filer.file(filing)

    leftovers = [file for file in any_home.files() if file != path]
    assert (path.name, path.read_bytes(), leftovers) == ("a.jpg", DATA, [])
    sidecars = list(any_home.quarantine.rglob("*.json"))
    assert [file.name for file in sidecars] == (["a.jpg.json"] if status is Status.QUARANTINED else [])


def refusing(code):
    """A rename that this file system does not offer."""

    def renameat2(*_):
        placing.ctypes.set_errno(code)
        return -1

    return renameat2


@pytest.mark.parametrize("forbidden_links", [False, True])
def test_file_system_without_exclusive_rename_is_served(home, monkeypatch, forbidden_links):
    """On NFS, with or without links to others' files, files move and nothing is overwritten."""
    monkeypatch.setattr(
        placing, "_libc", type("Libc", (), {"renameat2": staticmethod(refusing(errno.EINVAL))})
    )
    if forbidden_links:

        def link(*_, **__):
            raise PermissionError(errno.EPERM, "no links to others' files")

        monkeypatch.setattr(placing.os, "link", link)
    paths = [home.filer.file(home.put(b"S1/a.jpg", data=data)) for data in (b"one", b"two")]

    assert home.files() == {paths[0]: b"one", paths[1]: b"two"}


def test_link_left_by_a_crash_is_finished(home):
    """A second name made before the first was removed is no second file."""
    filing = home.put(b"S1/a.jpg")
    (home.archive / "S1").mkdir(parents=True)
    (home.archive / "S1/a.jpg").hardlink_to(home.inbox / "S1/a.jpg")

    assert home.filer.file(filing) == home.archive / "S1/a.jpg"
    assert home.files() == {home.archive / "S1/a.jpg": DATA}


def test_full_disk_fails_clearly_and_leaves_the_file(split_home, monkeypatch):
    """Without space the file stays in the inbox, no half copy remains, and a later try succeeds."""
    filing = split_home.put(b"S1/a.jpg")

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device", "archive")

    monkeypatch.setattr(placing.os, "utime", full)
    with pytest.raises(FilingFailed, match=r"S1/a\.jpg.*No space left.*tried again"):
        split_home.filer.file(filing)
    monkeypatch.undo()

    assert split_home.files() == {split_home.inbox / "S1/a.jpg": DATA}
    assert split_home.filer.file(filing) == split_home.archive / "S1/a.jpg"


def test_one_failure_does_not_stop_a_group(home):
    """The others of a group are filed, each with its own answer in turn."""
    filings = [home.put(b"S1/a.jpg"), home.put(b"S1/b.jpg", slide=".."), home.put(b"S1/c.jpg")]
    (home.inbox / "S1/c.jpg").unlink()

    first, second, third = home.filer.file_all(filings)

    assert first == home.archive / "S1/a.jpg"
    assert isinstance(second, FilingFailed)
    assert third is None


def test_group_waits_once_for_each_folder(home, monkeypatch):
    """A hundred files of a slide need each folder on disk once."""
    filings = [home.put(b"S1/%d.jpg" % number, data=b"%d" % number) for number in range(100)]
    synced = []
    monkeypatch.setattr("leukowatch.inbox.filing.sync_folder", synced.append)
    home.filer.file_all(filings)

    assert sorted(synced) == sorted([home.archive, home.archive / "S1", home.inbox / "S1"])


def test_failing_disk_is_no_success(home, monkeypatch):
    """A move that may not outlast a loss of power is not reported as done."""
    filing = home.put(b"S1/a.jpg")

    def broken(_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("leukowatch.inbox.filing.sync_folder", broken)
    with pytest.raises(FilingFailed, match="Input/output error"):
        home.filer.file(filing)
    monkeypatch.undo()

    assert home.filer.file(filing) == home.archive / "S1/a.jpg"


@pytest.mark.parametrize(
    ("status", "root"), [(Status.COUNTED, "archive"), (Status.QUARANTINED, "quarantine")]
)
def test_failed_move_names_both_folders(home, monkeypatch, status, root):
    """The one that the file leaves may lack the permission as well as the one that it goes to."""
    filing = home.put(b"S1/a.jpg", status)

    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied", "elsewhere")

    monkeypatch.setattr(carrying, "rename_new", refuse)
    with pytest.raises(FilingFailed) as failed:
        home.filer.file(filing)

    assert f"permissions on both {home.inbox / 'S1'} and {getattr(home, root) / 'S1'}" in str(failed.value)


def test_giving_back_never_overwrites(any_home):
    """Where the inbox has a file of that name by now, a number is added."""
    quarantined = any_home.filer.file(any_home.put(b"S1/left/a.jpg", Status.QUARANTINED))
    any_home.put(b"S1/left/a.jpg", data=b"newer")

    back = any_home.filer.give_back(quarantined, b"S1/left/a.jpg")

    assert any_home.files() == {back: DATA, any_home.inbox / "S1/left/a.jpg": b"newer"}
    assert back == any_home.inbox / "S1/left/a~1.jpg"
    assert list(any_home.quarantine.rglob("*.json")) == []


@pytest.mark.parametrize("relative", [b"../a.jpg", b"/a.jpg", b"", b"S1/../../a.jpg"])
def test_giving_back_stays_in_the_inbox(home, relative):
    """A path that leads out is refused."""
    quarantined = home.filer.file(home.put(b"S1/a.jpg", Status.QUARANTINED))

    with pytest.raises(FilingFailed, match="no path below the inbox"):
        home.filer.give_back(quarantined, relative)
    assert quarantined.exists()


def test_giving_back_what_is_not_there_fails(home):
    """The message names the file."""
    with pytest.raises(NotFound, match=r"none\.jpg: no such file"):
        home.filer.give_back(home.quarantine / "none.jpg", b"S1/a.jpg")
