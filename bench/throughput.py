"""Fields a second from drop to committed row, beside a rival and beside a ceiling, in turn in one run.

Rival: `rivals/afternoon.py`. Ceiling: bare processes, one a core, that look at the same pictures from memory, with no
folder, queue or database.
Run: `python bench/throughput.py [--files 2000] [--rival-files 200] [--runs 3]`; needs the `train` extra for the rival.
"""

import argparse
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from service import let_in, memory, pictures, require_all, running, staged, told, wait_for

from leukonet.analysis import analyse, open_networks
from leukonet.bundle import DEFAULT, load_bundle

RIVAL = Path(__file__).parent / "rivals" / "afternoon.py"


def ours(files: Sequence[bytes]) -> tuple[float, float]:
    """Fields a second of the running service, and megabytes of all its processes half way."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with running(home) as process:
            written = list(staged(files, home / "inbox" / "BENCH"))
            time.sleep(1.0)  # the workers open their networks
            started = time.perf_counter()  # from here on, as writing is the microscope's work
            let_in(written)
            wait_for(home, len(files) // 2)
            megabytes = memory(process.pid)
            wait_for(home, len(files))
            seconds = time.perf_counter() - started
        require_all(home, len(files))
        return len(files) / seconds, megabytes


def rival(files: Sequence[bytes]) -> float:
    """Fields a second of the rival."""
    with tempfile.TemporaryDirectory() as folder:
        inbox = Path(folder) / "inbox"
        inbox.mkdir()
        command = [sys.executable, str(RIVAL), str(inbox), str(Path(folder) / "cells.db"), str(len(files))]
        quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=quiet
        ) as process:
            assert process.stdout
            if process.stdout.readline().strip() != "ready":
                raise SystemExit("the rival did not start: is the `train` extra installed?")
            let_in(list(staged(files, inbox)))
            return len(files) / float(process.stdout.readline())


def ceiling(files: Sequence[bytes]) -> float:
    """Fields a second of bare processes, one a core."""
    cores = len(os.sched_getaffinity(0))
    context = multiprocessing.get_context("spawn")
    ready, told_times = context.Barrier(cores), context.Queue()
    processes = [
        context.Process(target=_bare, args=(files[core::cores], ready, told_times)) for core in range(cores)
    ]
    for process in processes:
        process.start()
    spans = [told_times.get() for _ in processes]
    for process in processes:
        process.join()
    return len(files) / (max(end for _, end in spans) - min(begin for begin, _ in spans))


def _bare(
    files: Sequence[bytes], ready: "multiprocessing.Barrier", told_times: "multiprocessing.Queue"
) -> None:  # type: ignore[type-arg,valid-type]
    bundle = load_bundle(DEFAULT)
    open_networks(bundle)
    ready.wait()
    begun = time.monotonic()
    for data in files:
        analyse(data, bundle)
    told_times.put((begun, time.monotonic()))


def main() -> None:
    """Measure all three in turn and print medians, ranges and ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--rival-files", type=int, default=200)
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    made, what = pictures(asked.files)
    files = list(made)
    speed, megabytes, theirs, most = [], [], [], []
    for _ in range(asked.runs):
        fields, memory_used = ours(files)
        speed.append(fields)
        megabytes.append(memory_used)
        most.append(ceiling(files))
        theirs.append(rival(files[: asked.rival_files]))
    print(
        f"{what}; {asked.files} files (rival {asked.rival_files}), {asked.runs} runs, {os.cpu_count()} cores;"
        " fields a second"
    )
    for name, figures in (
        ("leukowatch run", speed),
        ("ceiling: bare processes", most),
        ("rival: an afternoon's program", theirs),
    ):
        print(f"{name:<32}{told(figures, 1)}")
    print(
        f"ours over the rival's:  {told([mine / other for mine, other in zip(speed, theirs, strict=True)], 1)}"
    )
    print(f"ours over the ceiling:  {told([mine / other for mine, other in zip(speed, most, strict=True)])}")
    print(f"memory under load: {statistics.median(megabytes):.0f} MB (proportional, all processes)")


if __name__ == "__main__":
    main()
