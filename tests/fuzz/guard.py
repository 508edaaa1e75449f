"""Takes note of every file that is opened, made, renamed or removed where it should not be."""

import os
import sys
from pathlib import Path
from typing import Any

_CHANGING = {
    "os.mkdir",
    "os.rename",
    "os.remove",
    "os.rmdir",
    "os.symlink",
    "os.link",
    "os.truncate",
    "shutil.move",
}
_BARRED = {"os.system", "os.exec", "os.posix_spawn", "subprocess.Popen", "socket.connect", "socket.bind"}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Guard:
    """An audit hook for the rest of this process' life.

    What Python code opens is seen; what a C library would open by itself is not, and cannot be written in a
    confined worker.

    Args:
        home: the one folder that may be written; relative paths are taken to be in it.
    """

    def __init__(self, home: Path) -> None:
        self.trespasses: list[str] = []
        """What was done outside, in words."""
        self._home = os.path.realpath(home)
        code = (sys.prefix, sys.base_prefix, *filter(None, sys.path))
        self._readable = [self._home, *(os.path.realpath(folder) for folder in code)]
        sys.addaudithook(self._heard)

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if not isinstance(path, int) and not self._may_open(path, flags or 0):
                self.trespasses.append(f"opened {path!r}")
        elif event in _CHANGING:
            paths = [path for path in arguments[:2] if isinstance(path, str | bytes | os.PathLike)]
            if not all(self._inside(path, [self._home]) for path in paths):
                self.trespasses.append(f"{event} {paths}")
        elif event in _BARRED:
            self.trespasses.append(event)

    def _may_open(self, path: Any, flags: int) -> bool:
        if os.fsdecode(path) == os.devnull:
            return True
        return self._inside(path, [self._home] if flags & _WRITING else self._readable)

    def _inside(self, path: Any, folders: list[str]) -> bool:
        try:
            real = os.path.realpath(os.path.join(self._home, os.fsdecode(path)))  # noqa: PTH118  bytes and links
        except ValueError:  # a zero byte: the kernel never sees it
            return True
        return any(real == folder or real.startswith(f"{folder}/") for folder in folders)
