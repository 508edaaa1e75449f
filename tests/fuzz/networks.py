"""Mutated networks whose manifest was signed anew: LiteRT opens and runs them, in a process confined as a worker is."""

import hashlib
import json
import multiprocessing
import shutil
from concurrent.futures import TimeoutError  # noqa: A004  the one that pebble raises
from functools import lru_cache
from pathlib import Path
from random import Random

import numpy as np
from pebble import ProcessExpired, ProcessPool

from fuzz.mutating import mutated
from leukonet.bundle import DEFAULT, MANIFEST, NETWORKS, SHIPPED, Kind, load_bundle
from leukonet.errors import BundleDamaged, LeukonetError
from leukonet.selftest import prove
from leukowatch.analysis import worker
from leukowatch.analysis.trial import prove_apart
from leukowatch.setting_tables import AnalysisSettings, InboxSettings

LONGEST = 20.0
"""Seconds that one trial may take, before its process is ended as one that hangs."""
_SMALL = 4096
"""Words below this are mostly indices, lengths, shapes and options, and hardly ever weights."""
_ODD = [
    0,
    1,
    2,
    3,
    7,
    255,
    4096,
    65535,
    2**24,
    2**31 - 1,
    2**31,
    2**32 - 2,
    2**32 - 1,
    0x7FC00000,
    0x7F800000,
]
"""The last two are NaN and infinity, where the word is a scale."""


class Networks:
    """A copy of the shipped bundle, of which one network is mutated and signed in each case.

    A worker tries one bundle after another, as that is fast; whatever ends it is tried again as service and
    doctor do it, and must come out as an error that names the bundle.

    Args:
        home: gets the copy.
    """

    def __init__(self, home: Path) -> None:
        self._folder = home / DEFAULT
        shutil.copytree(SHIPPED / DEFAULT, self._folder)
        self._limits = (InboxSettings().max_pixels, AnalysisSettings().memory_megabytes)
        sound = load_bundle()
        self._pool = ProcessPool(
            max_workers=1,
            context=multiprocessing.get_context("spawn"),
            initializer=worker.begin,
            initargs=(DEFAULT, sound.sha256, *self._limits),
        )
        self._whole = {name: (self._folder / name).read_bytes() for name in NETWORKS[Kind.LOCATE_CLASSIFY]}
        self._manifest = json.loads((self._folder / MANIFEST).read_text())

    def __call__(self, rng: Random) -> str:
        """One bundle: proven, or refused with its reason, whatever it does to the process that tries it."""
        name = rng.choice(sorted(self._whole))
        whole = self._whole[name]
        content = _changed(rng, whole)
        sums = self._manifest["files"] | {name: hashlib.sha256(content).hexdigest()}
        (self._folder / name).write_bytes(content)
        (self._folder / MANIFEST).write_text(json.dumps(self._manifest | {"files": sums}))
        try:
            self._pool.schedule(tried, args=(self._folder,), timeout=LONGEST).result()
        except LeukonetError as error:
            return _word(error)
        except TimeoutError:
            return "hung and was ended"
        except ProcessExpired as error:
            return f"ended its process by signal {-error.exitcode}, {self._refused()}"
        finally:
            (self._folder / name).write_bytes(whole)
        return "proven"

    def _refused(self) -> str:
        """What service and doctor say of it; any other error than this is a finding."""
        try:
            prove_apart(load_bundle(self._folder), str(self._folder), *self._limits)
        except BundleDamaged:
            return "refused"
        return "proven at the second try"


def _word(error: LeukonetError) -> str:
    """How far a network came that was refused with a reason."""
    told = str(error)
    if "Flatbuffer" in told:
        return "no flatbuffer"
    return "refused by LiteRT" if "LiteRT can run" in told else error.reason


def _changed(rng: Random, whole: bytes) -> bytes:
    """A network that mostly still passes for a flatbuffer: other words where no weights are, or other bits."""
    chance = rng.random()
    if chance < 0.1:
        return mutated(rng, whole, [whole])
    content = bytearray(whole)
    for _ in range(rng.choice((1, 1, 2, 3))):
        if chance < 0.2:
            content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        else:
            place = rng.choice(_small_words(whole))
            word = rng.choice(_ODD) if rng.random() < 0.7 else rng.randrange(64)
            content[place : place + 4] = word.to_bytes(4, "little")
    return bytes(content)


@lru_cache
def _small_words(content: bytes) -> list[int]:
    """Offsets of the aligned words that are small."""
    words = np.frombuffer(content[: len(content) // 4 * 4], "<u4")
    return [4 * int(place) for place in np.flatnonzero(words < _SMALL)]


def tried(folder: Path) -> None:
    """Have a bundle prove itself in this process, a worker."""
    bundle = load_bundle(folder)
    prove(bundle)
