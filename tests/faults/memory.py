"""A group of processes with little memory, of which the kernel kills one that wants more."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from lab import wait_until

ROOT = Path("/sys/fs/cgroup")
HIERARCHIES = (
    (ROOT / "memory", "memory.limit_in_bytes", "tasks"),
    (ROOT, "memory.max", "cgroup.procs"),
)
"""Control groups of version 1, then of version 2: folder, file of the limit, file of the members."""


@contextmanager
def little_memory(limit: int) -> Iterator[list[str]]:
    """Give the beginning of a command that runs the rest in a group of at most `limit` bytes of memory."""
    for root, limiting, members in HIERARCHIES:
        group = root / f"leukowatch-test-{uuid.uuid4().hex}"
        try:
            group.mkdir()
            (group / limiting).write_text(str(limit))
        except OSError:
            if group.is_dir():
                group.rmdir()
            continue
        try:
            yield ["sh", "-c", f'echo $$ > {group / members}; exec "$@"', "sh"]
        finally:
            wait_until(lambda: _removed(group))  # noqa: B023  the loop ends here
        return
    pytest.skip("no control group of memory can be made here")


def _removed(group: Path) -> bool:
    """Remove a group, which takes as long as its last process needs to end."""
    with suppress(OSError):
        group.rmdir()
    return not group.exists()
