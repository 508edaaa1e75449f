"""What an analysis says about one field: frozen records, small enough to cross a process boundary."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


class Box(NamedTuple):
    """A rectangle; around a cell in its field's pixels, `0 <= xmin < xmax <= width`, `0 <= ymin < ymax <= height`."""

    xmin: float
    ymin: float
    xmax: float
    ymax: float

    @property
    def centre(self) -> tuple[float, float]:
        """The middle point `(x, y)` in pixels."""
        return (self.xmin + self.xmax) / 2, (self.ymin + self.ymax) / 2

    @property
    def longer(self) -> float:
        """The longer side in pixels."""
        return max(self.xmax - self.xmin, self.ymax - self.ymin)

    @property
    def area(self) -> float:
        """Width times height in square pixels."""
        return max(0.0, self.xmax - self.xmin) * max(0.0, self.ymax - self.ymin)

    def overlap(self, other: "Box") -> float:
        """Intersection over union with another box, 0 to 1."""
        shared = self.shared(other)
        return shared / (self.area + other.area - shared) if shared else 0.0

    def shared(self, other: "Box") -> float:
        """Area in square pixels that another box covers too."""
        width = min(self.xmax, other.xmax) - max(self.xmin, other.xmin)
        height = min(self.ymax, other.ymax) - max(self.ymin, other.ymin)
        return width * height if width > 0 and height > 0 else 0.0

    def moved(self, x: float, y: float) -> "Box":
        """The same box that many pixels further right and down."""
        return Box(self.xmin + x, self.ymin + y, self.xmax + x, self.ymax + y)

    def scaled(self, factor: float) -> "Box":
        """The same box in a picture that is drawn so many times as large."""
        return Box(*(edge * factor for edge in self))

    def clipped(self, size: tuple[int, int]) -> "Box":
        """What of the box lies inside a picture of this `(width, height)`; without area where nothing does."""
        width, height = size
        return Box(
            max(0.0, self.xmin),
            max(0.0, self.ymin),
            min(float(width), self.xmax),
            min(float(height), self.ymax),
        )

    def union(self, other: "Box") -> "Box":
        """The smallest box that holds both."""
        return Box(
            min(self.xmin, other.xmin),
            min(self.ymin, other.ymin),
            max(self.xmax, other.xmax),
            max(self.ymax, other.ymax),
        )


@dataclass(frozen=True, slots=True)
class Cell:
    """One located cell with its two most probable classes."""

    box: Box
    score: float
    """The locator's confidence that a cell is here, 0 to 1; 1 for a bundle of kind `field`."""
    first: str
    """Most probable class, a name of `leukonet.cells`."""
    first_probability: float
    """Calibrated, 0 to 1."""
    second: str
    second_probability: float
    unclassified: bool
    """True where the first probability is below the bundle's threshold: a person decides."""
    counts: bool
    """True where the cell enters the five-part differential: a counted class, and not unclassified."""


@dataclass(frozen=True, slots=True)
class FieldResult:
    """One field looked at by one bundle."""

    width: int
    """Of the upright field in pixels, after EXIF rotation."""
    height: int
    assessable: bool
    """False where the image decodes but is no usable smear; then `cells` is empty."""
    reason: str
    """Why the field is not assessable; empty where it is."""
    cells: tuple[Cell, ...]
    """Top to bottom, then left to right."""
    bundle: str
    """The bundle's name."""
    bundle_sha256: str
    """The bundle's identity: SHA-256 of its manifest, 64 hexadecimal digits."""
    timings: Mapping[str, float]
    """Milliseconds spent in `decode`, `locate` and `classify`."""
