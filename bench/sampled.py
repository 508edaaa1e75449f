"""`leukowatch run` that tells where each of its threads is, a hundred times a second; started by `stages.py`.

Workers begin by running this file too, as those of any spawned program do, so each process looks at itself. What a
thread does is told by the innermost module of its stack that `WHERE` names; one that is gone is an error at the start.
"""

import importlib.util
import json
import linecache
import os
import socket
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from types import CodeType, FrameType

EVERY = 0.01
"""Seconds between two looks."""
SWITCH = 0.0005
"""Longest turn of a thread at the interpreter, in seconds: a look must not wait for the next blocking call."""
WHERE = {
    "detect, settle": [
        "leukowatch.inbox.watch", "leukowatch.inbox.observing", "leukowatch.inbox.listing",
        "leukowatch.inbox.stability", "leukowatch.inbox.naming", "leukowatch.inbox.gate", "watchdog.",
    ],
    "open, read, check": [
        "leukowatch.inbox.intake", "leukowatch.inbox.beneath", "leukowatch.inbox.bounded",
        "leukowatch.inbox.whole", "leukowatch.inbox.measured", "leukowatch.inbox.marked",
    ],
    "decode": ["leukonet.decode", "leukonet.tiff"],
    "canvas, light, crops": ["leukonet.views", "leukonet.light", "leukonet.colour"],
    "assess": ["leukonet.assess", "leukonet.likeness"],
    "locate": ["leukonet.locate", "leukonet.tiles", "leukonet.magnification"],
    "classify": ["leukonet.classify", "leukonet.analysis"],
    "commit": ["leukowatch.store."],
    "move": ["leukowatch.inbox.filing", "leukowatch.inbox.carrying", "leukowatch.inbox.placing"],
    "hand over": ["leukowatch.analysis.", "pebble.", "multiprocessing."],
}  # fmt: skip
"""Stage → modules, and packages with a dot at the end."""
HASH = "hashlib.sha256"
"""Stands in the lines that hash; their module does more."""
WAITS = {
    "threading.py": {"wait", "_wait_for_tstate_lock"}, "selectors.py": {"select"}, "queue.py": {"get"},
    "connection.py": {"wait"}, "synchronize.py": {"__enter__"}, "channel.py": {"unix_poll", "unix_acquire"},
    "inotify_c.py": {"_check_inotify_fd"},
}  # fmt: skip
"""File → functions in which a thread has nothing to do."""


def _modules() -> list[tuple[str, str]]:
    """Pairs of a path, or the beginning of one, and its stage."""
    found = []
    for stage, names in WHERE.items():
        for name in names:
            spec = importlib.util.find_spec(name.rstrip("."))
            if spec is None or spec.origin is None:
                raise SystemExit(f"bench/sampled.py names {name}, which is no more: mend WHERE")
            found.append((f"{Path(spec.origin).parent}/" if name.endswith(".") else spec.origin, stage))
    return found


def _line(frame: FrameType) -> str:
    """Give the line at work; between two lines there is none."""
    return linecache.getline(frame.f_code.co_filename, frame.f_lineno or 0)


class Sampler(threading.Thread):
    """Looks at the threads of its process and sends what it counted, each second, to a Unix datagram socket."""

    def __init__(self, address: str, role: str) -> None:
        super().__init__(name="sampler", daemon=True)
        self._address, self._role = address, role
        self._modules = _modules()
        self._known: dict[CodeType, str] = {}

    def run(self) -> None:
        """Look and tell, to the end of the process."""
        sys.setswitchinterval(SWITCH)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.connect("\0" + self._address)
            while True:
                found: Counter[tuple[str, str]] = Counter()
                until = time.monotonic() + 1
                while time.monotonic() < until:
                    time.sleep(EVERY)
                    self._look(found)
                rows = [[*key, number] for key, number in found.items()]
                channel.send(json.dumps([self._role, time.monotonic(), rows]).encode())

    def _look(self, found: Counter[tuple[str, str]]) -> None:
        names = {thread.ident: thread.name for thread in threading.enumerate()}
        for number, frame in sys._current_frames().items():  # noqa: SLF001  documented, for this
            if number != self.ident:
                found[names.get(number, ""), self._stage(frame)] += 1

    def _stage(self, leaf: FrameType) -> str:
        if "sleep(" in _line(leaf) or self._of(leaf.f_code) == "idle":
            return "idle"
        frame: FrameType | None = leaf
        while frame is not None:
            stage = "hash" if HASH in _line(frame) else self._of(frame.f_code)
            if stage:
                return stage
            frame = frame.f_back
        return "other"

    def _of(self, code: CodeType) -> str:
        if code not in self._known:
            path = Path(code.co_filename).resolve()
            waits = code.co_name in WAITS.get(path.name, ())
            stages = ["idle"] * waits + [
                stage for begin, stage in self._modules if str(path).startswith(begin)
            ]
            self._known[code] = next(iter(stages), "")
        return self._known[code]


if __name__ in {"__main__", "__mp_main__"}:
    main = __name__ == "__main__"
    Sampler(os.environ["BENCH_SAMPLES"], "daemon" if main else "worker").start()
    if main:
        from leukowatch.cli import main as leukowatch

        sys.argv[:] = ["leukowatch", "run"]
        leukowatch()
