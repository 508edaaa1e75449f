"""The tables of the TOML file: every setting with its default, its range and what it does."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

_DATABASE = re.compile(r"sqlite(\+pysqlite)?:///(?!:memory:).|postgresql(\+\w+)?://")


def _names_a_slide(pattern: str) -> str:
    """Accept a regular expression that has a group called `slide`, or nothing."""
    try:
        groups = re.compile(pattern).groupindex
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"no regular expression: {error}") from error
    if pattern and "slide" not in groups:
        raise ValueError("the pattern needs a named group, as in (?P<slide>[^_]+)_.*")
    return pattern


def _names_a_database(url: str) -> str:
    """Accept the URL of an SQLite file or of a PostgreSQL server, or nothing."""
    if url and not _DATABASE.match(url):
        raise ValueError("give sqlite:///PATH or postgresql://USER@HOST/NAME")
    return url


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


class AnalysisSettings(Room):
    """How fields are looked at."""

    bundle: str = Field("smear-2", description="name of a shipped bundle, or a path to one")
    workers: int = Field(0, ge=0, description="worker processes; 0 is one a core")
    deadline_seconds: float = Field(60.0, gt=0, description="a field that takes longer is given up")
    attempts: int = Field(3, ge=1, description="tries for a field that kills or hangs its worker")


class StoreSettings(Room):
    """The database."""

    url: Annotated[str, AfterValidator(_names_a_database)] = Field(
        "", description="SQLAlchemy URL; empty is leukowatch.db in the home"
    )
    busy_seconds: float = Field(10.0, ge=0, description="how long a locked database is waited for")
    group: int = Field(64, ge=1, description="most results in one transaction")


class ServiceSettings(Room):
    """The running daemon."""

    stop_seconds: float = Field(20.0, gt=0, description="what is in hand at SIGTERM may take this long")
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$")


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
