"""The metrics: what is counted, how it is written, and that a failure hurts nobody."""

import pytest
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from handmade import BUNDLE, blank, cell, fill, outcome, seen
from leukowatch.inbox.gate import Gate
from leukowatch.service.metrics import Readings, Reporter, write_metrics
from leukowatch.service.progress import Progress
from leukowatch.setting_tables import ServiceSettings
from leukowatch.settings import Settings
from leukowatch.store.outcome import Status


@pytest.fixture
def group(tmp_path):
    """Four outcomes and what the ledger made of them: a count, a blank, a duplicate, a file in quarantine."""
    outcomes = [
        outcome("S1", "a.jpg", 1, seen(cell("neutrophil"), cell("monocyte"), cell("monocyte?"))),
        outcome("S1", "b.jpg", 2, blank()),
        outcome("S2", "again.jpg", 1, seen(cell("neutrophil"))),
        outcome("S1", "c.jpg", 3, None),
    ]
    return outcomes, fill(tmp_path / "leukowatch.db", outcomes)


def readings(progress, **changes):
    """Readings with these numbers."""
    usual = {
        "done": progress.done(), "waiting": 4, "in_hand": 2, "oldest_seconds": 1.5, "shut": "disk",
        "restarts": 1, "free": {"/srv": 5}, "bundle": (BUNDLE.name, BUNDLE.sha256),
    }  # fmt: skip
    return Readings(**(usual | changes))


def samples(path):
    """What a Prometheus reads in the file."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(path.read_text())
        for sample in family.samples
    }


def test_files_are_counted_by_what_the_ledger_made_of_them(group):
    """A duplicate's cells count no second time, here as in the database."""
    progress = Progress(lambda: 77.0)

    progress.committed(*group, 0.25)

    done = progress.done()
    assert {status: 1 for status in Status if status is not Status.REQUEUED} | {
        Status.REQUEUED: 0
    } == done.files
    assert done.cells == {"neutrophil": 1, "monocyte": 1, "unclassified": 1}
    assert (done.seconds["commit"], done.times["commit"], done.last_commit) == (0.25, 4, 77.0)


def test_every_reading_is_in_the_file(tmp_path, group):
    """As Prometheus's own parser reads it, in a folder that was not there."""
    progress = Progress(lambda: 77.0)
    progress.committed(*group, 0.25)
    path = tmp_path / "metrics" / "leukowatch.prom"

    write_metrics(path, readings(progress))

    found = samples(path)
    assert found[("leukowatch_files_total", "quarantined")] == 1
    assert found[("leukowatch_cells_total", "unclassified")] == 1
    assert found[("leukowatch_stage_seconds_sum", "commit")] == 0.25
    assert found[("leukowatch_waiting_files",)] == 4
    assert found[("leukowatch_oldest_waiting_seconds",)] == 1.5
    assert found[("leukowatch_worker_restarts_total",)] == 1
    assert (found[("leukowatch_shut", "disk")], found[("leukowatch_shut", "paused")]) == (1, 0)
    assert found[("leukowatch_disk_free_bytes", "/srv")] == 5
    assert [name for name in found if name[0] == "leukowatch_build_info" and BUNDLE.sha256 in name]


def test_a_write_that_fails_leaves_the_former_file_whole(tmp_path, monkeypatch):
    """A reader never sees half a file, nor none: the new one takes its place in one step."""
    path = tmp_path / "leukowatch.prom"
    write_metrics(path, readings(Progress()))
    before = path.read_bytes()

    def full(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.rename", full)
    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="No space"):
        write_metrics(path, readings(Progress(), waiting=9))

    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["leukowatch.prom"]


class Idle:
    """Stands where taker, pool and bundle do, in a service with nothing to do."""

    name, sha256, restarts = BUNDLE.name, BUNDLE.sha256, 0

    def __init__(self, settings):
        self.gate = Gate(settings, [])

    def waiting(self):
        """No file."""
        return 0

    in_hand = oldest_seconds = waiting


def reporter(home, **service):
    """A reporter on a home, of a service with nothing to do."""
    settings = Settings(home=home, service=ServiceSettings(**service))
    idle = Idle(settings)
    return settings, Reporter(settings, idle, idle, idle, Progress())


def test_metrics_come_as_often_as_the_setting_says(tmp_path):
    """Not with every round of the service."""
    settings, reporting = reporter(tmp_path, metrics_seconds=10)
    written = []
    for now in (100.0, 109.9, 110.0):
        settings.metrics_file.unlink(missing_ok=True)
        reporting.round(now)
        written.append(settings.metrics_file.exists())

    assert written == [True, False, True]


def test_metrics_are_off_where_the_setting_is_zero(tmp_path):
    """And their folder is not made."""
    _, reporting = reporter(tmp_path, metrics_seconds=0)

    reporting.round(100.0)

    assert list(tmp_path.iterdir()) == []


def test_metrics_that_cannot_be_written_are_told_once(tmp_path):
    """A file where the folder should be: the service goes on, and its log is not flooded."""
    (tmp_path / "metrics").touch()
    _, reporting = reporter(tmp_path, metrics_seconds=1)

    with capture_logs() as logs:
        for now in (1.0, 2.0, 3.0):
            reporting.round(now)

    assert [line["event"] for line in logs] == ["metrics cannot be written"]
