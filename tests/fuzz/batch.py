"""`python -m fuzz.batch TARGET SEED FIRST COUNT HOME`: runs cases in this process, a line of output for each.

A line is the case's number and its outcome; `BAD` begins the outcome of one that did what it must not. A case
that ends the process or hangs is the parent's to notice.
"""

import os
import resource
import sys
import traceback
from pathlib import Path
from random import Random

from fuzz.guard import Guard
from fuzz.targets import TARGETS

MEMORY = 2500 << 20
"""Address space in bytes, as a worker has it."""


def main() -> None:
    """Run the batch."""
    target, seed, first, count, home = sys.argv[1], *map(int, sys.argv[2:5]), Path(sys.argv[5])
    os.chdir(home)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    case = TARGETS[target](home)
    guard = Guard(home)
    for number in range(first, first + count):
        try:
            outcome = case(Random(f"{seed} {target} {number}"))
        except Exception as error:  # noqa: BLE001  whatever it is, it is what is looked for
            last = traceback.extract_tb(error.__traceback__)[-1]
            outcome = f"BAD {error!r:.200} at {last.filename}:{last.lineno}"
        if guard.trespasses:
            outcome = f"BAD trespass: {guard.trespasses}"
            guard.trespasses.clear()
        _say(f"{number} {outcome}")
    _say(f"memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}")


def _say(line: str) -> None:
    os.write(1, line.encode(errors="backslashreplace") + b"\n")


if __name__ == "__main__":
    main()
