"""How far the service gives way to the microscope's own programs.

Set once, for the daemon itself before it starts anything: its threads and its workers, also those made anew
later, inherit both. The workers need the processor and the daemon the disk, so one without the other is half.
"""

import os
import subprocess

import structlog

_log = structlog.get_logger(__name__)

_CLASSES = {"best-effort": ("-c", "2", "-n", "7"), "idle": ("-c", "3")}
"""Options of ionice(1), which is on every Debian, where the kernel's call has another number on each processor."""


def give_way(nice: int, io_class: str) -> None:
    """Lower the priority of this process; where that is refused, say so and go on.

    Args:
        nice: 0 to 19; a process that gives way further already is left so.
        io_class: `none` changes nothing, `best-effort` is the last of that class, `idle` waits for an idle disk.
    """
    try:
        if nice > os.getpriority(os.PRIO_PROCESS, 0):
            os.setpriority(os.PRIO_PROCESS, 0, nice)
        if io_class in _CLASSES:
            arguments = ["ionice", *_CLASSES[io_class], "-p", str(os.getpid())]
            subprocess.run(arguments, check=True, capture_output=True)  # noqa: S603  no input of others
    except (OSError, subprocess.CalledProcessError) as error:
        _log.warning("the priority stays as it is", error=str(error), nice=nice, io_class=io_class)
