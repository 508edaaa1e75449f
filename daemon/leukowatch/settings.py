"""One TOML file and `LEUKOWATCH_*` variables become one frozen `Settings`.

Precedence, strongest first: environment (`LEUKOWATCH_ANALYSIS__WORKERS=2`), the TOML file
(`LEUKOWATCH_CONFIG`, else `leukowatch.toml` in the home), the defaults below. `LEUKOWATCH_HOME` and
`LEUKOWATCH_CONFIG` count as unset where they are empty.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PrivateAttr, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from leukowatch.errors import SettingsInvalid
from leukowatch.setting_tables import (
    AnalysisSettings,
    DifferentialSettings,
    ExchangeSettings,
    InboxSettings,
    ReviewSettings,
    Room,
    ServiceSettings,
    StoreSettings,
)

CONFIG_NAME = "leukowatch.toml"
DATABASE_NAME = "leukowatch.db"
DEFAULT_HOME = Path("leukowatch-home")
_PREFIX = "LEUKOWATCH_"
_PASSWORD = re.compile(r"(://[^/:@]*:)[^@]*(?=@)|([?&]password=)[^&]*")
"""Of a URL: never shown."""
_NO_SETTINGS = {"LEUKOWATCH_CONFIG", "LEUKOWATCH_DATA", "LEUKOWATCH_WRITE_README"}
"""Variables that something else than `Settings` reads."""


def _expanded(path: Path) -> Path:
    """Put the user's folder in place of a leading `~`."""
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise ValueError(f"{path}: no such user's folder") from error


class Variables(EnvSettingsSource):
    """What `LEUKOWATCH_*` variables set; an empty home is none."""

    def __call__(self) -> dict[str, Any]:
        """Give the values by table and key."""
        found = super().__call__()
        return {key: value for key, value in found.items() if key != "home" or value}


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where settings came from; no part of what they are, so any two compare equal."""

    file: Path | None = field(default=None, compare=False)
    """The TOML file that was read, or would have been; None where nobody looked for one."""
    origins: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Variable, option or file that set a key such as `inbox.queue`; defaults have no entry."""


class Settings(BaseSettings):
    """Everything that can be set, in force for one run."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_nested_delimiter="__", frozen=True, extra="ignore"
    )

    home: Annotated[Path, AfterValidator(_expanded)] = Field(
        DEFAULT_HOME, description="inbox/, archive/, quarantine/ and the database live here"
    )
    inbox: InboxSettings = InboxSettings()
    analysis: AnalysisSettings = AnalysisSettings()
    store: StoreSettings = StoreSettings()
    service: ServiceSettings = ServiceSettings()
    review: ReviewSettings = ReviewSettings()
    differential: DifferentialSettings = DifferentialSettings()
    exchange: ExchangeSettings = ExchangeSettings()
    _provenance: Provenance = PrivateAttr(default_factory=Provenance)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003  the hook's signature
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  the hook's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  the hook's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file, which arrives as the initial values."""
        return Variables(settings_cls), init_settings

    @property
    def provenance(self) -> Provenance:
        """Where these settings came from."""
        return self._provenance

    def traced(self, home: Path, provenance: Provenance) -> "Settings":
        """Give the same settings with their final home and where they came from."""
        copy = self.model_copy(update={"home": home})
        copy._provenance = provenance  # noqa: SLF001  this class's own
        return copy

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
    def metrics_file(self) -> Path:
        """Where the metrics are written."""
        return self.home / (self.service.metrics_file or "metrics/leukowatch.prom")

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the store."""
        return self.store.url or f"sqlite:///{self.home / DATABASE_NAME}"


def config_file(home: Path | None = None) -> Path:
    """Path of the TOML file that would be read, whether or not it exists.

    Raises:
        SettingsInvalid: a `~` names no user, or a variable is malformed.
    """
    try:
        folder = _expanded(home or Path(Variables(Settings)().get("home", DEFAULT_HOME)))
        named = os.environ.get("LEUKOWATCH_CONFIG")
        return _expanded(Path(named)) if named else folder / CONFIG_NAME
    except SettingsError as error:
        raise SettingsInvalid(
            f"variables LEUKOWATCH_*: {error}; a table is JSON, as in LEUKOWATCH_INBOX='{{\"queue\": 5}}'"
        ) from error
    except ValueError as error:
        raise SettingsInvalid(f"{error}; mend LEUKOWATCH_HOME, LEUKOWATCH_CONFIG or --home") from error


def load_settings(home: Path | None = None) -> Settings:
    """Read file and environment.

    Args:
        home: overrides `LEUKOWATCH_HOME` and the file, for the commands' `--home`.

    Raises:
        SettingsInvalid: a file named by `LEUKOWATCH_CONFIG` is missing, the TOML is malformed,
            a key or variable is unknown, or a value is out of its range.
    """
    _refuse_unknown_variables()
    path = config_file(home)
    values = _read(path)
    try:
        settings = Settings(**values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SettingsInvalid(
            f"setting {where}: {first['msg'].removeprefix('Value error, ')} (from {path} or LEUKOWATCH_* variables)"
        ) from error
    came = _came_from(values, str(path)) | _came_from(Variables(Settings)(), None)
    if home is None:
        return settings.traced(settings.home.absolute(), Provenance(path, came))
    return settings.traced(_expanded(home).absolute(), Provenance(path, came | {"home": "--home"}))


def origins(settings: Settings) -> list[tuple[str, str, str]]:
    """List `(key, value, where from)` of every setting in force, passwords in URLs left out."""
    values = {"home": settings.home}
    for table in _tables():
        values |= {f"{table}.{key}": value for key, value in getattr(settings, table)}
    came = settings.provenance.origins
    told = {key: _PASSWORD.sub(r"\1\2***", str(value)) for key, value in values.items()}
    return [(key, value, came.get(key, "default")) for key, value in told.items()]


def _tables() -> dict[str, type[Room]]:
    """Tables of the TOML file, by name."""
    return {
        name: type(info.default)
        for name, info in Settings.model_fields.items()
        if isinstance(info.default, Room)
    }


def _refuse_unknown_variables() -> None:
    """Refuse a variable of ours that would be silently ignored."""
    known = {_variable(name) for name in Settings.model_fields}
    known |= {_variable(f"{name}.{key}") for name, room in _tables().items() for key in room.model_fields}
    for name in sorted(os.environ):
        if name.upper().startswith(_PREFIX) and name.upper() not in known and name not in _NO_SETTINGS:
            raise SettingsInvalid(
                f"variable {name}: no such setting; settings are LEUKOWATCH_HOME and LEUKOWATCH_TABLE__KEY, "
                f"where the table is one of {', '.join(_tables())}"
            )


def _read(path: Path) -> dict[str, Any]:
    """Read the TOML file; one that nobody named may be absent."""
    try:
        if not path.exists() and not os.environ.get("LEUKOWATCH_CONFIG"):
            return {}
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (
        OSError,
        ValueError,
        RecursionError,
    ) as error:  # no UTF-8, no TOML, endless numbers, endless nesting
        raise SettingsInvalid(f"{path}: cannot be read ({error}); mend or remove it") from error
    unknown = values.keys() - Settings.model_fields.keys()
    if unknown:
        known = ", ".join(Settings.model_fields)
        raise SettingsInvalid(f"{path}: unknown table or key {min(unknown)!r}; known: {known}")
    return values


def _variable(key: str) -> str:
    """Name of the variable that sets a key such as `inbox.queue`."""
    return _PREFIX + key.upper().replace(".", "__")


def _came_from(values: dict[str, Any], file: str | None) -> dict[str, str]:
    """Origin of each key that is set; without a file, the variable as it is spelt in the environment."""
    spelt = {name.upper(): name for name in os.environ}
    came = {}
    for name, value in values.items():
        for key in (f"{name}.{leaf}" for leaf in value) if isinstance(value, dict) else (name,):
            came[key] = file or spelt.get(_variable(key)) or spelt[_variable(name)]
    return came
