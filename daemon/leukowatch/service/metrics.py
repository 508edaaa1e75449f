"""Metrics as a text file for node_exporter's textfile collector, replaced in one step.

Counters begin at 0 with each start, as Prometheus expects of them.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from leukonet import __version__
from leukonet.bundle import Bundle
from leukowatch.analysis.answers import Pool
from leukowatch.inbox.gate import free_bytes
from leukowatch.service.progress import Done, Progress
from leukowatch.service.taking import Taker
from leukowatch.settings import Settings
from leukowatch.store.opened import written_folders
from leukowatch.store.outcome import Status

if TYPE_CHECKING:
    from prometheus_client import Metric

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Readings:
    """Everything that is told, at one moment."""

    done: Done
    waiting: int
    """Files in the inbox, not in hand."""
    in_hand: int
    """Files between intake and filing."""
    oldest_seconds: float
    """Since the oldest file not yet filed was noticed."""
    shut: str
    """Kind of reason for which nothing is taken, empty where files are."""
    restarts: int
    """Workers that died or hung."""
    free: dict[str, int]
    """Folder → bytes that are free there."""
    bundle: tuple[str, str]
    """Name and SHA-256."""


class Reporter:
    """Writes the metrics from time to time; a failure is logged once and hurts nobody.

    Args:
        settings: in force.
        bundle: at work.
        taker, pool, progress: asked for their numbers.
    """

    def __init__(
        self, settings: Settings, bundle: Bundle, taker: Taker, pool: Pool, progress: Progress
    ) -> None:
        self._settings = settings
        self._bundle = (bundle.name, bundle.sha256)
        self._taker = taker
        self._pool = pool
        self._progress = progress
        self._next = 0.0
        self._failed = False

    def round(self, now: float) -> None:
        """Write if it is time.

        Args:
            now: monotonic seconds.
        """
        pause = self._settings.service.metrics_seconds
        if not pause or now < self._next:
            return
        self._next = now + pause
        try:
            write_metrics(self._settings.metrics_file, self._readings())
        except OSError as error:
            if not self._failed:
                _log.error(
                    "metrics cannot be written", file=str(self._settings.metrics_file), error=str(error)
                )
            self._failed = True
        else:
            self._failed = False

    def _readings(self) -> Readings:
        shut = self._taker.gate.shut()
        free = {}
        for folder in written_folders(self._settings):
            with suppress(OSError):
                free[str(folder)] = free_bytes(folder)
        return Readings(
            done=self._progress.done(),
            waiting=self._taker.waiting(),
            in_hand=self._taker.in_hand(),
            oldest_seconds=self._taker.oldest_seconds(),
            shut=shut.kind if shut else "",
            restarts=self._pool.restarts,
            free=free,
            bundle=self._bundle,
        )


def write_metrics(path: Path, readings: Readings) -> None:
    """Write a file that appears whole; its folder is made where it is missing.

    Raises:
        OSError: it cannot be written; what was there is left.
    """
    from prometheus_client import CollectorRegistry, write_to_textfile  # noqa: PLC0415  not before READY
    from prometheus_client.registry import Collector  # noqa: PLC0415

    class Once(Collector):
        """Gives these readings."""

        def collect(self) -> Iterator["Metric"]:
            return metrics(readings)

    registry = CollectorRegistry()
    registry.register(Once())
    path.parent.mkdir(parents=True, exist_ok=True)
    write_to_textfile(str(path), registry)


def metrics(readings: Readings) -> Iterator["Metric"]:
    """Give the readings as metrics."""
    from prometheus_client.core import (  # noqa: PLC0415  not before READY
        CounterMetricFamily,
        GaugeMetricFamily,
        SummaryMetricFamily,
    )

    done = readings.done
    files = CounterMetricFamily("leukowatch_files", "Files recorded since the start.", labels=["status"])
    for status in (Status.COUNTED, Status.NOT_ASSESSABLE, Status.DUPLICATE, Status.QUARANTINED):
        files.add_metric([status.value], done.files[status])
    yield files
    cells = CounterMetricFamily(
        "leukowatch_cells", "Cells of counted fields since the start.", labels=["class"]
    )
    for name, number in sorted(done.cells.items()):
        cells.add_metric([name], number)
    yield cells
    stages = SummaryMetricFamily("leukowatch_stage_seconds", "Seconds spent on files.", labels=["stage"])
    for stage, seconds in done.seconds.items():
        stages.add_metric([stage], done.times[stage], seconds)
    yield stages
    yield CounterMetricFamily("leukowatch_worker_restarts", "Workers that died or hung.", readings.restarts)
    for name, told, value in (
        ("waiting_files", "Files in the inbox, not in hand.", readings.waiting),
        ("in_hand_files", "Files between intake and filing.", readings.in_hand),
        ("oldest_waiting_seconds", "Since the oldest file not filed was noticed.", readings.oldest_seconds),
        ("last_commit_timestamp_seconds", "Time of the last commit, 0 for none.", done.last_commit),
    ):
        yield GaugeMetricFamily(f"leukowatch_{name}", told, value)
    shut = GaugeMetricFamily("leukowatch_shut", "1 where nothing is taken, by reason.", labels=["reason"])
    for reason in ("paused", "disk", "hours"):
        shut.add_metric([reason], readings.shut == reason)
    yield shut
    free = GaugeMetricFamily("leukowatch_disk_free_bytes", "Bytes that may be written.", labels=["folder"])
    for folder, left in readings.free.items():
        free.add_metric([folder], left)
    yield free
    build = GaugeMetricFamily(
        "leukowatch_build_info", "Always 1.", labels=["version", "bundle", "bundle_sha256"]
    )
    build.add_metric([__version__, *readings.bundle], 1)
    yield build
