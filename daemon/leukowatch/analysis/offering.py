"""Offers this machine's cores to a Dask cluster, as workers that have one bundle."""

import importlib.util
import os
import subprocess
import sys
import threading

import structlog

from leukonet.bundle import load_bundle
from leukowatch.analysis.remote import resource
from leukowatch.errors import SettingsInvalid

_log = structlog.get_logger(__name__)

PAUSE = 2.0
"""Seconds before workers that ended are started again."""
STOP_SECONDS = 20.0
"""How long they may take to give back what they have in hand."""


def offer(
    scheduler: str, bundle: str, workers: int, memory_megabytes: int, stopping: threading.Event
) -> None:
    """Run `dask worker` until told to stop; it ends with its scheduler, and is then started again.

    Args:
        scheduler: as `tcp://HOST:8786`; it need not be up yet.
        bundle: name of a shipped bundle, or a path.
        workers: processes; 0 is one for each core this process may use.
        memory_megabytes: a worker that uses more is ended by its nanny.
        stopping: set by whoever wants the end.

    Raises:
        SettingsInvalid: that is no address of a scheduler, or its library is not installed.
        BundleError: the bundle is missing or damaged.
    """
    if "://" not in scheduler:
        raise SettingsInvalid(f"{scheduler}: no address of a scheduler; give it as tcp://HOST:8786")
    if importlib.util.find_spec("distributed") is None:
        raise SettingsInvalid("a worker needs Dask: `pip install leukowatch[cluster]`")
    offered = f"{resource(load_bundle(bundle).sha256)}=1"
    number = str(workers or len(os.sched_getaffinity(0)))
    command = [sys.executable, "-m", "dask", "worker", scheduler, "--no-dashboard"]
    command += ["--nworkers", number, "--nthreads", "1", "--resources", offered]
    command += ["--memory-limit", f"{memory_megabytes}MB"]
    while not stopping.is_set():
        process = subprocess.Popen(command)  # noqa: S603  our own interpreter and arguments
        while process.poll() is None and not stopping.wait(0.2):
            pass
        if stopping.is_set():
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
            return
        _log.warning("the workers ended and are started again", code=process.returncode, scheduler=scheduler)
        stopping.wait(PAUSE)
