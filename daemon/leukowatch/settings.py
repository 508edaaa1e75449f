"""One TOML file and `LEUKOWATCH_*` variables become one frozen `Settings`.

Precedence, strongest first: environment (`LEUKOWATCH_ANALYSIS__WORKERS=2`), the TOML file
(`LEUKOWATCH_CONFIG`, else `leukowatch.toml` in the home), the defaults below.
"""

import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from leukowatch.errors import SettingsInvalid

CONFIG_NAME = "leukowatch.toml"
DEFAULT_HOME = Path("leukowatch-home")


def _names_a_slide(pattern: str) -> str:
    """Accept a regular expression that has a group called `slide`, or nothing."""
    if pattern and "slide" not in re.compile(pattern).groupindex:
        message = "the pattern needs a named group, as in (?P<slide>[^_]+)_.*"
        raise ValueError(message)
    return pattern


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

    bundle: str = Field("smear-1", description="name of a shipped bundle, or a path to one")
    workers: int = Field(0, ge=0, description="worker processes; 0 is one a core")
    deadline_seconds: float = Field(60.0, gt=0, description="a field that takes longer is given up")
    attempts: int = Field(3, ge=1, description="tries for a field that kills or hangs its worker")


class StoreSettings(Room):
    """The database."""

    url: str = Field("", description="SQLAlchemy URL; empty is leukowatch.db in the home")
    busy_seconds: float = Field(10.0, ge=0, description="how long a locked database is waited for")
    group: int = Field(64, ge=1, description="most results in one transaction")


class ServiceSettings(Room):
    """The running daemon."""

    stop_seconds: float = Field(20.0, gt=0, description="what is in hand at SIGTERM may take this long")
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$")


class Settings(BaseSettings):
    """Everything that can be set, in force for one run."""

    model_config = SettingsConfigDict(
        env_prefix="LEUKOWATCH_", env_nested_delimiter="__", frozen=True, extra="ignore"
    )

    home: Path = Field(DEFAULT_HOME, description="inbox/, archive/, quarantine/ and the database live here")
    inbox: InboxSettings = InboxSettings()
    analysis: AnalysisSettings = AnalysisSettings()
    store: StoreSettings = StoreSettings()
    service: ServiceSettings = ServiceSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  the hook's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  the hook's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file, which arrives as the initial values."""
        del settings_cls
        return env_settings, init_settings

    @property
    def inbox_folder(self) -> Path:
        """Where the microscope drops images."""
        return self.home / "inbox"

    @property
    def archive_folder(self) -> Path:
        """Where counted fields are kept, a folder a slide."""
        return self.home / "archive"

    @property
    def quarantine_folder(self) -> Path:
        """Where files go that cannot be counted, each with its reason beside it."""
        return self.home / "quarantine"

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the store."""
        return self.store.url or f"sqlite:///{self.home / 'leukowatch.db'}"


def config_file(home: Path | None = None) -> Path:
    """Path of the TOML file that would be read, whether or not it exists."""
    named = os.environ.get("LEUKOWATCH_CONFIG")
    if named:
        return Path(named)
    return (home or Path(os.environ.get("LEUKOWATCH_HOME", DEFAULT_HOME))) / CONFIG_NAME


def load_settings(home: Path | None = None) -> Settings:
    """Read file and environment.

    Args:
        home: overrides `LEUKOWATCH_HOME` and the file, for the commands' `--home`.

    Raises:
        SettingsInvalid: a file named by `LEUKOWATCH_CONFIG` is missing, the TOML is malformed,
            a key is unknown, or a value is out of its range.
    """
    path = config_file(home)
    try:
        values: dict[str, Any] = tomllib.loads(path.read_text()) if _expected(path) else {}
        unknown = values.keys() - Settings.model_fields.keys()
        if unknown:
            raise SettingsInvalid(f"{path}: unknown table or key {min(unknown)!r}; see `leukowatch settings`")
        settings = Settings(**values)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsInvalid(f"{path}: cannot be read ({error}); mend or remove it") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SettingsInvalid(
            f"setting {where}: {first['msg']} (from {path} or LEUKOWATCH_* variables)"
        ) from error
    chosen = home or settings.home
    return settings.model_copy(update={"home": chosen.absolute()})


def _expected(path: Path) -> bool:
    """Whether the file must be read: it exists, or somebody named it."""
    return path.exists() or "LEUKOWATCH_CONFIG" in os.environ


def origins(settings: Settings) -> list[tuple[str, str, str]]:
    """List `(key, value, where from)` of every setting in force."""
    path = config_file(settings.home)
    filed = tomllib.loads(path.read_text()) if path.exists() else {}
    rows = [("home", str(settings.home), _origin("home", filed, path))]
    for table in ("inbox", "analysis", "store", "service"):
        for key, value in getattr(settings, table):
            rows.append((f"{table}.{key}", str(value), _origin(f"{table}.{key}", filed, path)))
    return rows


def _origin(key: str, filed: dict[str, Any], path: Path) -> str:
    variable = "LEUKOWATCH_" + key.upper().replace(".", "__")
    if variable in os.environ:
        return variable
    table, _, leaf = key.partition(".")
    found = table in filed if not leaf else leaf in filed.get(table, {})
    return str(path) if found else "default"
