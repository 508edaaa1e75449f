"""Mutated JSON in quarantine, in the way of filing a file there and of giving it back."""

import hashlib
import shutil
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from fuzz.mutating import mutated
from leukowatch.inbox.arrival import Identity
from leukowatch.inbox.filing import Filer
from leukowatch.inbox.sidecar import sidecar_content, sidecar_of
from leukowatch.store.outcome import Filing, Status

_NAMES = [
    b"a.jpg",
    b"a.jpg.json",
    b"a",
    b"\xff\xfe.tif",
    b"n\nl.png",
    b"x" * 255,
    "ä".encode() * 120 + b".jpeg",
]


class Sidecars:
    """An inbox and a quarantine, emptied for each case.

    Args:
        home: has both.
    """

    def __init__(self, home: Path) -> None:
        self._rooms = [home / name for name in ("inbox", "archive", "quarantine")]
        self._filer = Filer(*self._rooms)

    def __call__(self, rng: Random) -> str:
        """File one image beside strange JSON, then give it back; nothing else may change."""
        inbox, _, quarantine = self._rooms
        for room in self._rooms:
            shutil.rmtree(room, ignore_errors=True)
        for folder in (inbox / "S", quarantine / "S"):
            folder.mkdir(parents=True)
        name, content = rng.choice(_NAMES), rng.randbytes(rng.randrange(64))
        source = inbox / "S" / _decoded(name)
        source.write_bytes(content)
        filing = _filing(source, name, content)
        planted = self._plant(rng, quarantine / "S", name, filing)

        (place,) = self._filer.file_all([filing], lambda _filing, _place: False)

        assert isinstance(place, Path)
        assert place.read_bytes() == content
        assert not source.exists()
        assert sidecar_of(place).read_bytes() == sidecar_content(filing)
        assert all(path.read_bytes() == data for path, data in planted.items())
        back = self._filer.give_back(place, filing.relative)
        assert back.read_bytes() == content
        assert not place.exists()
        assert not sidecar_of(place).exists()
        return "under its name" if place.name == source.name else "under another name"

    def _plant(self, rng: Random, folder: Path, name: bytes, filing: Filing) -> dict[Path, bytes]:
        """Put mutated JSON where the file's own is to go, and sometimes a file where it is to go itself."""
        planted = {}
        card = sidecar_content(filing)
        for path in (folder / _decoded(name[:250] + b".json"), folder / _decoded(name)):
            data = mutated(rng, card, [card])
            if rng.random() < 0.7 and data != card:
                path.write_bytes(data)
                planted[path] = data
        return planted


def _decoded(name: bytes) -> str:
    return name.decode(errors="surrogateescape")


def _filing(source: Path, name: bytes, content: bytes) -> Filing:
    now = Identity.of(source.stat())
    return Filing(
        arrival_id=1, relative=b"S/" + name, status=Status.QUARANTINED, slide="S",
        sha256=hashlib.sha256(content).hexdigest(), size=now.size, device=now.device, inode=now.inode,
        mtime_ns=now.mtime_ns, reason="damaged", detail="it does not decode",
        received_at=datetime(2031, 5, 4, tzinfo=UTC), duplicate_of="",
    )  # fmt: skip
