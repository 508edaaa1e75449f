"""What is usual: reference ranges of a site, by age and sex, from a TOML file.

The shipped file is for adults; whoever uses it is told so in every result.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from leukowatch.differential.result import Reference
from leukowatch.errors import SettingsInvalid

SHIPPED = "ranges_adult.toml"
ADULT = 25.0
"""Years that stand for a person of whom no age is known."""
NEUTROPHIL, BAND = "neutrophil", "band"
WORDS = {"H": "high", "L": "low"}
"""Of flags."""


class Range(BaseModel):
    """The usual per cent of one class, for people of an age and a sex."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(alias="class", min_length=1)
    low: float = Field(ge=0, le=100)
    high: float = Field(ge=0, le=100)
    sex: str = Field("", pattern="^(female|male|)$")
    age_from: float = Field(0.0, ge=0)
    age_below: float = Field(float("inf"), gt=0)

    def fits(self, name: str, age: float, sex: str) -> bool:
        """Whether it is for this class of these people; one for a sex never fits where none is known."""
        return self.name == name and self.sex in ("", sex) and self.age_from <= age < self.age_below


class _File(BaseModel):
    """What the file says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str = Field(min_length=1)
    range: tuple[Range, ...]


@dataclass(frozen=True, slots=True)
class Ranges:
    """A site's reference ranges."""

    source: str
    """Where they come from; says so where they are the shipped ones."""
    ranges: tuple[Range, ...]

    def of(self, name: str, age_years: float | None, sex: str) -> Reference | None:
        """Give the range that holds for a class; None where there is none for these people.

        Args:
            name: of the class.
            age_years: None where it is not known: then an adult is taken.
            sex: `female`, `male` or empty.
        """
        age = ADULT if age_years is None else age_years
        found = next((each for each in self.ranges if each.fits(name, age, sex)), None)
        return Reference(found.low, found.high, "%") if found else None

    def judge(
        self, name: str, percents: Mapping[str, float | None], age_years: float | None, sex: str
    ) -> tuple[Reference | None, str]:
        """Hold a class's per cent against its range; give the range, and `H` above it, `L` below it, else nothing.

        Args:
            name: of a counted class; neutrophils are judged with the bands, where `parts`.
            percents: of every counted class; None without leucocytes.
            age_years: None where it is not known: then an adult is taken.
            sex: `female`, `male` or empty.
        """
        reference, percent = self.of(name, age_years, sex), percents[name]
        if name == NEUTROPHIL and percent is not None and self.parts(percents, age_years, sex):
            percent += percents.get(BAND) or 0
        return reference, flag_of(percent, reference)

    def parts(self, percents: Mapping[str, float | None], age_years: float | None, sex: str) -> bool:
        """Whether bands were told apart from neutrophils, and the range of neutrophils is of both.

        It is, unless bands have a range of their own. Arguments as `judge`.
        """
        return bool(percents.get(BAND)) and self.of(BAND, age_years, sex) is None


def load_ranges(path: str) -> Ranges:
    """Read the ranges of a file; of the shipped one, where `path` is empty.

    Raises:
        SettingsInvalid: the file cannot be read, or is no file of ranges; the message says where.
    """
    if not path:
        return _shipped()
    try:
        return _parsed(Path(path).expanduser().read_text(encoding="utf-8"), path)
    except (OSError, UnicodeDecodeError, RuntimeError) as error:
        raise SettingsInvalid(f"differential.reference: {path} cannot be read ({error})") from error


def flag_of(percent: float | None, reference: Reference | None) -> str:
    """Give `H` or `L` where a per cent lies above or below its range; else nothing."""
    if percent is None or reference is None:
        return ""
    if percent > reference.high:
        return "H"
    return "L" if percent < reference.low else ""


@lru_cache(1)
def _shipped() -> Ranges:
    text = resources.files("leukowatch.differential").joinpath(SHIPPED).read_text(encoding="utf-8")
    found = _parsed(text, SHIPPED)
    return Ranges(f"shipped ranges, not this laboratory's own; {found.source}", found.ranges)


def _parsed(text: str, path: str) -> Ranges:
    try:
        found = _File(**tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise SettingsInvalid(f"differential.reference: {path} is no TOML ({error})") from error
    except (ValidationError, TypeError) as error:
        said = error.errors()[0] if isinstance(error, ValidationError) else {"loc": (), "msg": str(error)}
        where = ".".join(str(part) for part in said["loc"])
        raise SettingsInvalid(f"differential.reference: {path}, {where}: {said['msg']}") from error
    crossed = next((each for each in found.range if each.low > each.high), None)
    if crossed:
        raise SettingsInvalid(f"differential.reference: {path}: low is above high for {crossed.name}")
    return Ranges(found.source, found.range)
