"""What the store's queries give: frozen records, independent of the tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from leukowatch.store.outcome import Status


@dataclass(frozen=True, slots=True)
class SlideRow:
    """A slide with everything that is counted on it."""

    name: str
    unassigned: bool
    """True where neither a folder nor a pattern named it."""
    fields: int
    """Fields that are assessable."""
    not_assessable: int
    """Fields that are no usable smear."""
    counts: Mapping[str, int]
    """Class name → cells of current analyses, those unclassified left out; every class is there."""
    unclassified: int
    """Cells that wait for a person."""
    unseen: int
    """Cells that no person has looked at, those unclassified too."""
    duplicates: int
    """Files that came under this slide with a content that was there already."""
    quarantined: int
    """Files in quarantine that came under this slide, without those that were set aside."""
    flags: tuple[str, ...]
    """Kinds of flag on it, each once, by name."""
    last_received: datetime | None
    """When its last file was taken, UTC; None where all came by reassignment."""


@dataclass(frozen=True, slots=True)
class FieldRow:
    """A field with its current analysis."""

    id: int
    slide: str
    file: str
    """Printable path below the inbox, as it came."""
    sha256: str
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    destination: bytes | None
    """Raw path below the home where the file is; None while it is still to be moved, or lost."""
    received_at: datetime
    assessable: bool
    reason: str
    """Why it is not assessable."""
    bundle: str
    """The bundle's name."""
    bundle_sha256: str
    decode_ms: float
    locate_ms: float
    classify_ms: float
    analysed_at: datetime
    pruned_at: datetime | None
    """When its image was deleted for its age; None while it is there."""


@dataclass(frozen=True, slots=True)
class CellRow:
    """One cell of a current analysis."""

    field_id: int
    file: str
    """Printable path of its field below the inbox."""
    xmin: float
    """Pixels of the upright field, as the other three."""
    ymin: float
    xmax: float
    ymax: float
    score: float
    """The locator's confidence, 0 to 1."""
    first: str
    first_probability: float
    """0 to 1."""
    second: str
    second_probability: float
    """0 to 1."""
    unclassified: bool
    counts: bool
    """Whether its class is counted now, and it is not unclassified."""


@dataclass(frozen=True, slots=True)
class FileRow:
    """One file taken, whatever became of it."""

    arrival_id: int
    slide: str
    """The slide under which it came."""
    relative: bytes
    """Raw path below the inbox."""
    file: str
    """The same, printable."""
    sha256: str | None
    size: int
    """Bytes."""
    status: Status
    reason: str
    detail: str
    duplicate_of: str
    """Printable path of the field with the same content; empty for all but duplicates."""
    received_at: datetime
    destination: bytes | None
    """Raw path below the home to which it was moved."""
    lost: bool
    """True where it was gone or replaced before it could be moved."""
    home: str
    """Name of the home that has it, where several share the database; else empty."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that a person may want to look at."""

    at: datetime
    kind: str
    """`quarantined`, `lost`, or a kind of flag."""
    slide: str
    file: str
    """Printable path; empty where it concerns the slide."""
    detail: str


@dataclass(frozen=True, slots=True)
class Totals:
    """Numbers over the whole store."""

    files: int
    """Taken, of every status."""
    slides: int
    statuses: Mapping[Status, int]
    """Files of each status; every status is there."""
    unfiled: int
    """Files recorded and still to be moved."""
    lost: int
    """Files gone before they could be moved."""


@dataclass(frozen=True, slots=True)
class Times:
    """When the store's files came, UTC; None where it has none."""

    first_received: datetime | None
    last_received: datetime | None
