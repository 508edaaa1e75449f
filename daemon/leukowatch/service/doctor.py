"""Looks at everything that could be wrong with an installation, and says how to mend it."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from leukonet.errors import LeukonetError
from leukowatch.errors import LeukowatchError
from leukowatch.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

LEAST_FREE = 1_000_000_000
"""Bytes that should be free; twice `inbox.min_free_megabytes` where that is more."""
FEW_WATCHES = 8192
"""A limit of inotify watches below this is soon reached: each slide folder needs one."""

NEWEST = 100
"""Slides whose summary is compared with their cells: all would take minutes in a large store."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check says."""

    what: str
    good: bool
    told: str
    """The state, or what is wrong and how to mend it."""


def examine(settings: Settings, *, running: bool = False) -> list[Finding]:
    """Run every check; none stops the others, whatever it meets, and none makes anything.

    Args:
        settings: in force.
        running: whether a home without a service is a finding.
    """
    checks: dict[str, Callable[[Settings], str]] = {
        "folders": _folders,
        "disk": _disk,
        "service": _running if running else _service,
        "database": _database,
        "summaries": _summaries,
        "bundle": _bundle,
        "file events": _events,
        "files": _files,
        "queue": _queue,
        "progress": _progress,
        "outbox": _outbox,
        "backup": _backups,
    }
    findings = []
    for what, check in checks.items():
        try:
            findings.append(Finding(what, good=True, told=check(settings)))
        except (LeukowatchError, LeukonetError) as error:
            findings.append(Finding(what, good=False, told=str(error)))
        except Exception as error:  # noqa: BLE001  what nobody foresaw is a finding too
            findings.append(Finding(what, good=False, told=f"{type(error).__name__}: {error}"))
    return findings


def _folders(settings: Settings) -> str:
    for folder in (settings.home, settings.inbox_folder, settings.archive_folder, settings.quarantine_folder):
        if not folder.is_dir():
            raise LeukowatchError(f"{folder} is missing: `leukowatch run` makes it")
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            raise LeukowatchError(f"{folder}: this user may not read and write there; mend its owner or mode")
    return f"{settings.home} and its inbox, archive and quarantine can be read and written"


def _disk(settings: Settings) -> str:
    from leukowatch.inbox.gate import free_bytes  # noqa: PLC0415  each check pays for itself
    from leukowatch.store.opened import written_folders  # noqa: PLC0415

    there = {
        next(folder for folder in (wanted, *wanted.parents) if folder.exists())
        for wanted in written_folders(settings)
    }
    free, folder = min((free_bytes(folder), folder) for folder in there)
    if free < max(LEAST_FREE, 2_000_000 * settings.inbox.min_free_megabytes):
        raise LeukowatchError(
            f"only {free / 1e6:.0f} MB are free at {folder}: make room; nothing is taken below "
            f"{settings.inbox.min_free_megabytes} MB"
        )
    return f"{free / 1e9:.0f} GB are free"


def _service(settings: Settings) -> str:
    from leukowatch.service.home import is_locked  # noqa: PLC0415  each check pays for itself

    return f"{'a' if is_locked(settings.home) else 'no'} service runs on this home"


def _running(settings: Settings) -> str:
    told = _service(settings)
    if told.startswith("no"):
        raise LeukowatchError(f"{told}: start it, and look at its log")
    return told


def _database(settings: Settings) -> str:
    from leukowatch.store.migrate import check  # noqa: PLC0415  each check pays for itself

    wrong = check(settings.database_url, settings.store.busy_seconds)
    if wrong:
        raise LeukowatchError("; ".join(wrong))
    return "schema, file and references are sound"


def _summaries(settings: Settings) -> str:
    from leukowatch.store.opened import reader  # noqa: PLC0415  each check pays for itself
    from leukowatch.store.summaries import wrong_summaries  # noqa: PLC0415

    with reader(settings) as engine:
        wrong = wrong_summaries(engine, newest=NEWEST)
    if wrong:
        raise LeukowatchError("; ".join(wrong))
    return f"those of the {NEWEST} newest slides agree with their fields and cells; `leukowatch db check` proves all"


def _bundle(settings: Settings) -> str:
    """Load the bundle, and have it look at a synthetic field in a worker: it must run and find the cell."""
    from leukonet.bundle import load_bundle  # noqa: PLC0415  each check pays for itself
    from leukowatch.analysis.trial import prove_apart  # noqa: PLC0415

    asked = settings.analysis
    bundle = load_bundle(asked.bundle)
    prove_apart(bundle, asked.bundle, settings.inbox.max_pixels, asked.memory_megabytes)
    return f"{bundle.name} ({bundle.sha256[:12]}) is whole and finds cells on a synthetic field"


def _events(settings: Settings) -> str:
    if settings.inbox.polling:
        return "the inbox is listed regularly (inbox.polling)"
    limit = int(Path("/proc/sys/fs/inotify/max_user_watches").read_text())
    if limit < FEW_WATCHES:
        raise LeukowatchError(
            f"only {limit} folders can be watched: raise fs.inotify.max_user_watches with sysctl"
        )
    return f"up to {limit} folders can be watched"


def _files(settings: Settings) -> str:
    from leukowatch.store.opened import reader  # noqa: PLC0415  each check pays for itself
    from leukowatch.store.outcome import Status  # noqa: PLC0415
    from leukowatch.store.queries import totals  # noqa: PLC0415

    with reader(settings) as engine:
        found = totals(engine)
    if found.unfiled or found.lost:
        raise LeukowatchError(
            f"{found.unfiled} files recorded and not yet moved, {found.lost} gone before they could be: "
            "start the service, then look at the field_status view"
        )
    held = found.statuses[Status.QUARANTINED]
    return f"{found.files} taken, {held} in quarantine" + (
        ": `leukowatch requeue` puts them back" if held else ""
    )


def _queue(settings: Settings) -> str:
    from leukowatch.service import health  # noqa: PLC0415  each check pays for itself

    return health.queue(settings)


def _outbox(settings: Settings) -> str:
    from leukowatch.service import health  # noqa: PLC0415  each check pays for itself

    return health.outbox(settings)


def _progress(settings: Settings) -> str:
    from leukowatch.service import health  # noqa: PLC0415  each check pays for itself

    return health.progress(settings)


def _backups(settings: Settings) -> str:
    from leukowatch.service import health  # noqa: PLC0415  each check pays for itself

    return health.backups(settings)
