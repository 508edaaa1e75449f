"""What cannot be moved, written or told: the service says so, goes on with the rest, and finishes it later."""

import os
import subprocess
import sys

import pytest

from lab import PATIENCE, wait_until
from leukowatch.errors import FilingFailed, LeukowatchError, StoreUnavailable
from leukowatch.service.running import running
from leukowatch.service.writing import Fate, Writer
from leukowatch.settings import load_settings
from leukowatch.store.outcome import Status

WITHOUT_OVERRIDE = ["setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner"]
"""Root, but bound to modes and owners as any other user is."""
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


class Unmovable:
    """Stands where the filer does: refuses what it is told to, as a full or read-only disk would."""

    def __init__(self) -> None:
        self.broken: set[int] = set()
        self.tried: list[int] = []

    def file_all(self, filings, named):
        """Move nothing; count the tries."""
        self.tried += filings
        return [FilingFailed("no space") if number in self.broken else None for number in filings]


def foreign(home, names):
    """Make slide folders whose files the service may read and not move, as a colleague's copy is."""
    for slide, files in names.items():
        folder = home.inbox / slide
        folder.mkdir()
        for name, data in files.items():
            (folder / name).write_bytes(data)
        os.chown(folder, 65534, 65534)


@needs_root
def test_files_that_cannot_be_moved_do_not_keep_others_waiting(home, phantoms):
    """More of them than there is room in hand: a good file elsewhere is counted all the same."""
    foreign(home, {"S1": {f"{n}.jpg": phantoms[n] for n in range(9)}})
    (home.inbox / "S2").mkdir()
    with home.service(*WITHOUT_OVERRIDE) as process:
        wait_until(lambda: len(home.states()) == 9)
        (home.inbox / "S2" / "good.jpg").write_bytes(phantoms[10])
        wait_until(lambda: home.filed() == ["S2/good.jpg"])
        os.chown(home.inbox / "S1", 0, 0)
        wait_until(lambda: len(home.filed()) == 10)
        code = home.stop(process)

    assert code == 0
    assert len(home.states()) == 10


@needs_root
def test_scan_ends_and_names_what_it_could_not_move(home, phantoms):
    """A folder that is not the service's: code 8 and the file's name, no endless wait."""
    foreign(home, {"S1": {"a.jpg": phantoms[0]}})

    done = subprocess.run(
        [*WITHOUT_OVERRIDE, sys.executable, "-m", "leukowatch", "scan"],
        env=home.environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert done.returncode == 8
    assert "S1/a.jpg" in done.stderr


def test_failed_move_is_tried_again_though_other_files_keep_coming(tmp_path, monkeypatch):
    """A steady microscope must not put off for ever what failed once."""
    filer, fates, now = Unmovable(), [], [0.0]
    monkeypatch.setattr(Writer, "_committed", lambda self, outcomes: list(outcomes))
    monkeypatch.setattr(Writer, "_note", lambda self, moved: None)
    monkeypatch.setattr("leukowatch.service.writing._log_filed", lambda filing, place: None)

    class Filing(int):
        """A number that has what the writer asks of a filing."""

        arrival_id = property(int)
        relative = property(lambda self: b"%d" % self)
        status = Status.COUNTED

    writer = Writer(None, filer, tmp_path, 1, lambda key, fate: fates.append((key, fate)), lambda: now[0])
    filer.broken = {0}
    for number in range(6):
        now[0] = float(number)
        writer.put(Filing(number))
        filer.broken = {0} if number < 2 else set()
        writer._round()

    assert filer.tried.count(0) >= 2
    assert (b"0", Fate.STUCK) in fates
    assert (b"0", Fate.FILED) in fates


def test_stale_notify_socket_stops_nobody(home, phantoms):
    """An address that nobody listens on is no reason to fail."""
    (home.inbox / "S").mkdir()
    (home.inbox / "S" / "f.jpg").write_bytes(phantoms[0])
    done = subprocess.Popen(
        [sys.executable, "-m", "leukowatch", "run"],
        env=home.environment(NOTIFY_SOCKET="/nowhere/to/be/found"),
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(home.filed)
    finally:
        done.terminate()

    assert done.wait(PATIENCE) == 0


def test_error_at_the_start_is_told_as_it_is(home, monkeypatch):
    """A database that fails while unfinished moves are looked for: its own error, not a thread's."""
    for key, value in home.environment().items():
        monkeypatch.setenv(key, value)
    monkeypatch.setattr(Writer, "recover", lambda self: (_ for _ in ()).throw(StoreUnavailable("locked")))

    with pytest.raises(StoreUnavailable, match="locked"), running(load_settings()):
        pass


def test_a_writer_that_ended_is_told_with_what_to_do(home, monkeypatch):
    """Whatever ended it: nothing that was recorded is lost, and the next start finishes the rest."""
    for key, value in home.environment().items():
        monkeypatch.setenv(key, value)

    with running(load_settings()) as daemon:
        daemon._writer.failure = OSError("no reason")

        with pytest.raises(LeukowatchError, match=r"the writer ended \(no reason\); start again"):
            daemon.round()


def test_missing_inbox_of_a_used_home_is_not_made_anew(home, phantoms):
    """It may only be unmounted: watching an empty folder in its place would lose the lab's images."""
    home.command("scan")
    home.inbox.rmdir()

    done = home.command("scan")

    assert done.returncode == 5
    assert "mount or make it" in done.stderr
    assert not home.inbox.exists()


def test_home_may_be_named_after_the_command(home):
    """As the Makefile's example does."""
    done = home.command("settings", "--home", str(home.folder / "elsewhere"))

    assert f"home = {home.folder / 'elsewhere'}" in done.stdout
