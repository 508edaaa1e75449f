"""What the API answers and takes: records that OpenAPI describes."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from leukowatch.differential.result import SlideResult
from leukowatch.store.rights import AccountRole

Text = Annotated[str, Field(max_length=2000)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Key = Annotated[str, Field(pattern="^[ac][0-9]{1,18}$")]
SignatureKind = Literal["sign", "second", "amend"]


@dataclass(frozen=True, slots=True)
class SlideLine:
    """A line of the list of slides."""

    id: int
    name: str
    status: str
    """A word without spaces, as `to_review`."""
    status_label: str
    order: str
    """Of the worklist, or empty."""
    leucocytes: int
    """Counted cells."""
    target: int
    unclassified: int
    unseen: int
    """Cells that no person has looked at."""
    flags: list[str]
    last_received: datetime | None


@dataclass(frozen=True, slots=True)
class SlideList:
    """One page of the list."""

    slides: list[SlideLine]
    total: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class SignatureAnswer:
    """Who signed, and when."""

    who: str
    role: str
    kind: str
    version: int
    at: datetime
    comment: str
    """Of an amendment, the reason."""


@dataclass(frozen=True, slots=True)
class SlideAnswer:
    """One slide."""

    id: int
    name: str
    status: str
    status_label: str
    flags: list[str]
    next_signature: SignatureKind | None
    """What whoever asks could give next; None where the role gives none."""
    result: SlideResult
    """Of what holds now; a signed one is kept in `versions`."""
    signatures: list[SignatureAnswer]
    versions: list[SlideResult]
    """Each released result, the first one first."""


@dataclass(frozen=True, slots=True)
class FieldAnswer:
    """One field of a slide."""

    id: int
    file: str
    width: int
    height: int
    assessable: bool
    reason: str
    image: str | None
    """Path of its picture; null where it was pruned."""
    pruned_at: datetime | None
    """When its image was deleted for its age; null while it is there."""


@dataclass(frozen=True, slots=True)
class CellAnswer:
    """One cell: what the bundle saw, and what holds."""

    key: str
    """`c12` the bundle's, `a12` one that a person added."""
    field: int
    box: tuple[float, float, float, float]
    """xmin, ymin, xmax, ymax in the field's pixels."""
    first: str | None
    first_probability: float | None
    second: str | None
    second_probability: float | None
    name: str | None
    """The class that holds; null where the cell waits for a person."""
    reviewer: str
    """Who decided last; empty where nobody has looked."""
    crop: str | None
    """Path of its picture; null where its field's image was pruned."""


@dataclass(frozen=True, slots=True)
class CellList:
    """A slide's fields and cells."""

    fields: list[FieldAnswer]
    cells: list[CellAnswer]


@dataclass(frozen=True, slots=True)
class DecisionAsked:
    """What a person decides about cells."""

    cells: Annotated[list[Key], Field(min_length=1, max_length=20_000)]
    kind: Literal["classify", "seen"] = "classify"
    """`seen` confirms the class that each has."""
    name: Text = ""
    """The class, for `classify`."""
    second_look: bool = False
    """Part of an independent second count, which changes no result."""


@dataclass(frozen=True, slots=True)
class AddedAsked:
    """A cell that was missed."""

    field: Annotated[int, Field(ge=1, lt=2**63)]
    box: tuple[float, float, float, float]
    name: Name


@dataclass(frozen=True, slots=True)
class CellsDone:
    """The cells that an act was about."""

    cells: list[str]


@dataclass(frozen=True, slots=True)
class Me:
    """Who asks."""

    name: str
    role: AccountRole
    rights: list[str]


@dataclass(frozen=True, slots=True)
class AccountAnswer:
    """An account."""

    name: str
    role: AccountRole
    active: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AccountAsked:
    """A new account."""

    name: Name
    role: AccountRole
    password: Annotated[str, Field(max_length=1024)]


@dataclass(frozen=True, slots=True)
class AccountChange:
    """What changes; what is left out stays."""

    role: AccountRole | None = None
    active: bool | None = None
    password: Annotated[str, Field(max_length=1024)] | None = None


@dataclass(frozen=True, slots=True)
class PasswordAsked:
    """One's own new password."""

    password: Annotated[str, Field(max_length=1024)]


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """A program's token, without the token."""

    id: int
    account: str
    label: str
    role: AccountRole
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class TokenAsked:
    """A new token."""

    account: Name
    label: Name
    role: AccountRole


@dataclass(frozen=True, slots=True)
class TokenMade:
    """The token: shown this once, and kept nowhere."""

    token: str


@dataclass(frozen=True, slots=True)
class AuditAnswer:
    """One act of the trail."""

    id: int
    at: datetime
    who: str
    act: str
    subject: str
    before: str
    after: str
    hash: str


@dataclass(frozen=True, slots=True)
class AuditList:
    """Part of the trail, the last act first."""

    acts: list[AuditAnswer]
    total: int


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether the trail is whole."""

    whole: bool
    findings: list[str] = field(default_factory=list)
