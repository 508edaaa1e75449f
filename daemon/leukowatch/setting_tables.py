"""The tables of the TOML file: every setting with its default, its range and what it does."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from leukonet.bundle import DEFAULT

FILE, MLLP = "file", "mllp"
"""The outbox's targets."""
_ADDRESS = re.compile(r"(\[[0-9a-fA-F:.]+\]|[\w.-]+):(\d{1,5})")
_LAST_PORT = 65535
_HOURS = re.compile(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d")
_DATABASE = re.compile(r"sqlite(\+pysqlite)?:///(?!:memory:).|postgresql(\+\w+)?://")


def _has_group(pattern: str, group: str, example: str) -> str:
    """Accept a regular expression that has this named group, or nothing."""
    try:
        groups = re.compile(pattern).groupindex
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"no regular expression: {error}") from error
    if pattern and group not in groups:
        raise ValueError(f"the pattern needs a named group, as in {example}")
    return pattern


def _names_a_slide(pattern: str) -> str:
    """Accept a regular expression that has a group called `slide`, or nothing."""
    return _has_group(pattern, "slide", "(?P<slide>[^_]+)_.*")


def _names_an_order(pattern: str) -> str:
    """Accept a regular expression that has a group called `order`, or nothing."""
    return _has_group(pattern, "order", "(?P<order>[0-9]+)-.*")


def _names_a_listener(address: str) -> str:
    """Accept a host and a port, or nothing."""
    found = _ADDRESS.fullmatch(address)
    if address and not (found and 0 < int(found[2]) <= _LAST_PORT):
        raise ValueError("give HOST:PORT, as in lis.hospital.example:2575 or [::1]:2575")
    return address


def _names_a_database(url: str) -> str:
    """Accept the URL of an SQLite file or of a PostgreSQL server, or nothing."""
    if url and not _DATABASE.match(url):
        raise ValueError("give sqlite:///PATH or postgresql://USER@HOST/NAME")
    if (
        not url.startswith("sqlite") and url.count("@") > 1
    ):  # the rest of a password would be taken for the host
        raise ValueError("write a password's special characters as their codes: %40 for @, %2F for /")
    return url


def _names_hours(window: str) -> str:
    """Accept two different times of day, or nothing."""
    begin, _, end = window.partition("-")
    if window and (not _HOURS.fullmatch(window) or begin == end):
        raise ValueError("give two times of day, as in 20:00-06:00")
    return window


class Room(BaseModel):
    """A table of the TOML file: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class InboxSettings(Room):
    """How files are noticed and taken."""

    quiet_seconds: float = Field(2.0, ge=0, description="unchanged this long where no close event came")
    truncated_seconds: float = Field(
        60.0, gt=0, description="a file without its end waits this long for its writer, then is quarantined"
    )
    rescan_seconds: float = Field(30.0, gt=0, description="the inbox is listed anew this often")
    polling: bool = Field(default=False, description="list instead of listening: for network shares")
    max_bytes: int = Field(256_000_000, gt=0, description="larger files are quarantined unread")
    max_pixels: int = Field(100_000_000, gt=0, description="larger images are quarantined undecoded")
    slide_pattern: Annotated[str, AfterValidator(_names_a_slide)] = Field(
        "", description="names the slide of a file directly in the inbox, by a group called slide"
    )
    empty_folder_seconds: float = Field(3600.0, gt=0, description="empty slide folders go after this time")
    queue: int = Field(10_000, gt=0, description="hints kept in memory; the rescan finds what overflows")
    min_free_megabytes: int = Field(500, ge=0, description="nothing is taken while less than this is free")


class AnalysisSettings(Room):
    """How fields are looked at."""

    bundle: str = Field(DEFAULT, description="name of a shipped bundle, or a path to one")
    workers: int = Field(0, ge=0, description="worker processes; 0 is one a core")
    deadline_seconds: float = Field(60.0, gt=0, description="a field that takes longer is given up")
    attempts: int = Field(3, ge=1, description="tries for a field that kills or hangs its worker")
    window: Annotated[str, AfterValidator(_names_hours)] = Field(
        "", description="hours of the day in which files are taken, local time; empty is always"
    )
    pool: Literal["local", "dask"] = Field("local", description="workers here, or on a Dask cluster")
    scheduler: str = Field("", description="the Dask scheduler, as tcp://HOST:8786, where the pool is dask")
    travel: Literal["bytes", "path"] = Field(
        "bytes", description="how fields reach the cluster: sent, or read from a folder that all share"
    )
    memory_megabytes: int = Field(
        2500, ge=500, description="a field that needs more in its worker is refused"
    )


class StoreSettings(Room):
    """The database."""

    url: Annotated[str, AfterValidator(_names_a_database)] = Field(
        "", description="SQLAlchemy URL; empty is leukowatch.db in the home"
    )
    busy_seconds: float = Field(10.0, ge=0, description="how long a locked database is waited for")
    group: int = Field(64, ge=1, description="most results in one transaction")
    backup_days: int = Field(7, ge=0, description="doctor complains of a backup older than this; 0 is never")


class ServiceSettings(Room):
    """The running daemon."""

    stop_seconds: float = Field(20.0, gt=0, description="what is in hand at SIGTERM may take this long")
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$")
    nice: int = Field(0, ge=0, le=19, description="how far the service gives way to other programs")
    io_class: str = Field("none", pattern="^(none|best-effort|idle)$", description="class of its disk access")
    metrics_seconds: float = Field(15.0, ge=0, description="metrics are written this often; 0 is never")
    metrics_file: str = Field("", description="where to; empty is metrics/leukowatch.prom in the home")


class ReviewSettings(Room):
    """The review page, and the rules of signing."""

    host: str = Field("127.0.0.1", min_length=1, description="address that the page listens on")
    port: int = Field(8017, ge=1, le=65535, description="port that the page listens on")
    proxy: str = Field(
        "", description="address of a proxy before the page, whose X-Forwarded-* lines are believed"
    )
    session_hours: float = Field(12.0, gt=0, description="a login lasts so long")
    idle_minutes: float = Field(
        10.0, ge=0, description="a slide without a new field for so long is to be reviewed"
    )
    target_cells: int = Field(100, ge=1, description="cells that a differential should have: 100 or 200")
    second_signature: bool = Field(default=False, description="a second person signs every result")


class DifferentialSettings(Room):
    """What a differential is judged by."""

    reference: str = Field(
        "", description="TOML file of reference ranges; empty is the shipped one for adults"
    )


class ExchangeSettings(Room):
    """How signed results reach other systems, and which order a slide is of."""

    drop_folder: str = Field("", description="folder for HL7 messages as files; empty: none are dropped")
    mllp: Annotated[str, AfterValidator(_names_a_listener)] = Field(
        "", description="HOST:PORT of the MLLP listener that takes results; empty: none"
    )
    ack_seconds: float = Field(30.0, gt=0, description="an acknowledgement is waited for so long")
    retry_seconds: float = Field(
        5.0, gt=0, description="wait after a failed try; doubled after each further one, up to 10 minutes"
    )
    attempts: int = Field(10, ge=1, description="tries after which an answer of error (AE) is final")
    order_pattern: Annotated[str, AfterValidator(_names_an_order)] = Field(
        "", description="names the order of a slide that no worklist names, by a group called order"
    )
    font: str = Field("", description="TrueType font of PDF reports; empty: DejaVu Sans, else Helvetica")

    @property
    def targets(self) -> tuple[str, ...]:
        """Where a signed result goes: `file`, `mllp`, both or none."""
        wanted = {FILE: self.drop_folder, MLLP: self.mllp}
        return tuple(name for name, where in wanted.items() if where)
