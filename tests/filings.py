"""An inbox with its archive and quarantine, filings for what is put there, and power that fails."""

import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

from leukowatch.errors import FilingFailed
from leukowatch.inbox.filing import Filer
from leukowatch.store.outcome import Filing, Status

DATA = b"\xff\xd8 a field \xff\xd9"

SHARED_MEMORY = Path("/dev/shm")


def by_nobody(_filing, _place):
    """No other row names a place."""
    return False


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

    def file_all(self, filings):
        """Move files whose places no other row names."""
        return self.filer.file_all(filings, by_nobody)

    def file(self, filing):
        """Move one of them; the error is raised."""
        (done,) = self.file_all([filing])
        if isinstance(done, FilingFailed):
            raise done
        return done

    def files(self):
        """Every file of inbox, archive and quarantine with its content, sidecars left out."""
        roots = [self.inbox, self.archive, self.quarantine]
        paths = {path for root in roots for path in root.rglob("*") if path.is_file()}
        return {path: path.read_bytes() for path in paths if path.suffix != ".json"}


def crash(monkeypatch, module, name, *, after):
    """Let a function do nothing, or its work, and then the power fail, once."""
    real = getattr(module, name)

    def failing(*args, **kwargs):
        monkeypatch.setattr(module, name, real)
        if after:
            real(*args, **kwargs)
        raise KeyboardInterrupt

    monkeypatch.setattr(module, name, failing)
