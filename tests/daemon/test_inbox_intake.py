"""Intake: only whole regular files below the inbox are read, and every refusal has its name."""

import errno
import hashlib
import os
import socket
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from leukowatch.errors import ChangedWhileRead, FileTooLarge, NotRegular, Unreadable, Vanished
from leukowatch.inbox import intake
from leukowatch.inbox.intake import identify, look, received, received_unread, take
from leukowatch.inbox.whole import Wholeness

NOW = datetime(2024, 3, 5, 12, tzinfo=UTC)
LIMIT = 1000
NOBODY = 65534


@pytest.fixture
def inbox(tmp_path):
    """An inbox with one slide of one file."""
    folder = tmp_path / "inbox"
    (folder / "S1").mkdir(parents=True)
    (folder / "S1/a.jpg").write_bytes(b"content")
    return folder


def taken(inbox, relative):
    """Take a file under the tests' limit."""
    return take(inbox, relative, LIMIT, "", NOW)


def test_regular_file_is_taken_whole(inbox):
    """Content, hash, names and state of the file are in the arrival."""
    status = (inbox / "S1/a.jpg").stat()

    arrival = taken(inbox, b"S1/a.jpg")

    assert arrival.data == b"content"
    assert arrival.sha256 == hashlib.sha256(b"content").hexdigest()
    assert (arrival.slide, arrival.unassigned) == ("S1", False)
    assert (arrival.relative.as_posix(), arrival.printable) == ("S1/a.jpg", "S1/a.jpg")
    assert (arrival.identity.inode, arrival.identity.mtime_ns) == (status.st_ino, status.st_mtime_ns)


def test_empty_file_is_taken(inbox):
    """No bytes are a content too: the analysis says that it is empty."""
    (inbox / "S1/empty.jpg").touch()

    assert taken(inbox, b"S1/empty.jpg").data == b""


def test_a_file_system_that_takes_no_advice_costs_no_file(inbox, monkeypatch):
    """Advice to write early makes the later move quicker, and is no more than advice."""

    def refuse(*arguments):
        raise OSError(errno.EINVAL, "no such advice")

    monkeypatch.setattr(intake.os, "posix_fadvise", refuse)

    assert taken(inbox, b"S1/a.jpg").data == b"content"


def test_names_of_any_bytes_are_taken(inbox):
    """A newline and bytes that are no UTF-8 stay in the raw name and are escaped in the printable one."""
    name = b"new\nline\xff.jpg"
    (inbox / "S1" / os.fsdecode(name)).write_bytes(b"x")

    arrival = taken(inbox, b"S1/" + name)

    assert os.fsencode(arrival.relative) == b"S1/" + name
    assert arrival.printable == "S1/new\\x0aline\\xff.jpg"
    assert received(arrival, NOW).relative == b"S1/" + name


def odd(kind, inbox):
    """Make something that is no file, and give its raw path."""
    path = inbox / "S1/x.jpg"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as plug:
            plug.bind(str(path))
    elif kind == "link":
        path.symlink_to("/etc/passwd")
    elif kind == "link within":
        path.symlink_to(inbox / "S1/a.jpg")
    return b"S1/x.jpg"


@pytest.mark.parametrize("kind", ["folder", "pipe", "socket", "link", "link within"])
@pytest.mark.parametrize("action", [taken, identify, lambda inbox, relative: look(inbox, relative, LIMIT)])
def test_what_is_no_file_is_refused_without_waiting(inbox, kind, action):
    """Folders, pipes, sockets and links are not read; a pipe without a writer does not hang the service."""
    relative = odd(kind, inbox)

    with pytest.raises(NotRegular, match=r"S1/x\.jpg"):
        action(inbox, relative)


def test_linked_folder_is_refused(inbox, tmp_path):
    """A folder that is a link leads out of the inbox, even where the file behind it is regular."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/b.jpg").write_bytes(b"secret")
    (inbox / "S9").symlink_to(tmp_path / "outside")

    with pytest.raises(NotRegular):
        taken(inbox, b"S9/b.jpg")


@pytest.mark.parametrize(
    "relative", [b"../secret", b"S1/../../secret", b"/etc/passwd", b"", b"S1//a.jpg", b"S1/."]
)
def test_path_that_leads_elsewhere_is_refused(inbox, tmp_path, relative):
    """Only plain paths below the inbox are opened."""
    (tmp_path / "secret").write_bytes(b"secret")

    with pytest.raises(NotRegular):
        taken(inbox, relative)


def test_file_deleted_before_it_is_opened_has_vanished(inbox):
    """Between hint and opening anything can go."""
    (inbox / "S1/a.jpg").unlink()

    with pytest.raises(Vanished):
        taken(inbox, b"S1/a.jpg")
    with pytest.raises(Vanished):
        taken(inbox, b"S2/a.jpg")


def refusal_as_nobody(inbox, relative):
    """Name of the error that a process without root's rights meets; it is forked for this."""
    child = os.fork()
    if child == 0:
        code = 0
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            taken(inbox, relative)
        except Unreadable:
            code = 1
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.skipif(os.geteuid() != 0, reason="root can become nobody, others are tested below")
def test_file_without_permission_is_unreadable_to_a_service_without_rights(inbox):
    """The service's user is told by name what it may not read."""
    with tempfile.TemporaryDirectory() as open_to_all:
        path = Path(open_to_all, "a.jpg")
        path.parent.chmod(0o755)
        path.write_bytes(b"content")
        path.chmod(0o600)

        assert refusal_as_nobody(Path(open_to_all), b"a.jpg") == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything, tested above")
def test_file_without_permission_is_unreadable(inbox):
    """The service's user is told by name what it may not read."""
    (inbox / "S1/a.jpg").chmod(0)

    with pytest.raises(Unreadable):
        taken(inbox, b"S1/a.jpg")


def test_file_above_the_limit_is_refused_unread(inbox):
    """The message names the size and the setting."""
    (inbox / "S1/big.jpg").write_bytes(b"x" * (LIMIT + 1))

    with pytest.raises(FileTooLarge, match=r"1001 bytes.*inbox\.max_bytes = 1000"):
        taken(inbox, b"S1/big.jpg")


def test_file_above_the_limit_has_a_record_without_hash(inbox):
    """The ledger can keep a file that nobody read."""
    (inbox / "S1/big.jpg").write_bytes(b"x" * (LIMIT + 1))

    record = received_unread(b"S1/big.jpg", identify(inbox, b"S1/big.jpg"), "", NOW)

    assert (record.sha256, record.size, record.slide) == (None, LIMIT + 1, "S1")


def test_record_says_what_was_taken(inbox):
    """The ledger's record has the arrival's state without its bytes."""
    arrival = taken(inbox, b"S1/a.jpg")

    record = received(arrival, NOW)

    assert (record.sha256, record.size, record.received_at) == (arrival.sha256, 7, NOW)
    assert (record.device, record.inode, record.mtime_ns) == (
        arrival.identity.device,
        arrival.identity.inode,
        arrival.identity.mtime_ns,
    )


@pytest.mark.parametrize("written", [b"more", b"changed"])
def test_file_written_to_while_it_is_read_is_refused(inbox, monkeypatch, written):
    """Growing or same-sized, a file whose state differs after the last byte is not complete."""
    path = inbox / "S1/a.jpg"
    states = []
    fstat = os.fstat

    def write_after_first_look(descriptor):
        status = fstat(descriptor)
        states.append(status)
        if len(states) == 2:
            path.write_bytes(written)
            os.utime(path, ns=(0, 1))
        return status

    monkeypatch.setattr(intake.os, "fstat", write_after_first_look)

    with pytest.raises(ChangedWhileRead):
        taken(inbox, b"S1/a.jpg")


def test_look_gives_state_and_structure(inbox):
    """What stability needs, of one open file."""
    (inbox / "S1/cut.jpg").write_bytes(b"\xff\xd8\xff\xe0")

    seen = look(inbox, b"S1/cut.jpg", LIMIT)

    assert (seen.identity, seen.wholeness) == (identify(inbox, b"S1/cut.jpg"), Wholeness.CUT)


def test_look_does_not_read_above_the_limit(inbox):
    """A huge file is never walked."""
    (inbox / "S1/cut.jpg").write_bytes(b"\xff\xd8\xff\xe0" * LIMIT)

    assert look(inbox, b"S1/cut.jpg", LIMIT).wholeness is Wholeness.UNKNOWN


def test_look_knows_whether_somebody_has_the_file_open_for_writing(inbox):
    """The kernel's word, where no event told that a writer is done."""
    with (inbox / "S1/a.jpg").open("ab"):
        meanwhile = look(inbox, b"S1/a.jpg", LIMIT)
    afterwards = look(inbox, b"S1/a.jpg", LIMIT)

    assert (meanwhile.closed, afterwards.closed) == (False, True)
