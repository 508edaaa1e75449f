"""The pool that the settings ask for."""

from leukonet.bundle import Bundle
from leukowatch.analysis.answers import Pool
from leukowatch.analysis.pool import LocalPool
from leukowatch.errors import SettingsInvalid
from leukowatch.settings import Settings


def chosen_pool(bundle: Bundle, settings: Settings, source: str = "") -> Pool:
    """Start the workers here, or reach for those of a cluster.

    Args:
        bundle: loaded and checked.
        settings: in force.
        source: the name or path that workers load the bundle by; else `analysis.bundle`.

    Raises:
        SettingsInvalid: the cluster's scheduler is not named, or its library is not installed.
    """
    asked = settings.analysis
    source = source or asked.bundle
    if asked.pool == "local":
        return LocalPool(
            bundle,
            source,
            workers=asked.workers,
            deadline=asked.deadline_seconds,
            attempts=asked.attempts,
            max_pixels=settings.inbox.max_pixels,
            memory_megabytes=asked.memory_megabytes,
        )
    if "://" not in asked.scheduler:
        raise SettingsInvalid("analysis.scheduler: a dask pool needs it, as in tcp://HOST:8786")
    try:
        from leukowatch.analysis.cluster import ClusterPool  # noqa: PLC0415  seconds, for those who ask for it
    except ImportError as error:
        raise SettingsInvalid(
            f"analysis.pool: {error.name} is missing: `pip install leukowatch[cluster]`"
        ) from error
    return ClusterPool(
        bundle,
        source,
        asked.scheduler,
        by_path=asked.travel == "path",
        deadline=asked.deadline_seconds,
        attempts=asked.attempts,
        max_pixels=settings.inbox.max_pixels,
        memory_megabytes=asked.memory_megabytes,
    )
