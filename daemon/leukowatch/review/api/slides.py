"""Slides, to read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from fastapi import Path, Query

from leukowatch.differential.building import current_result, former_results
from leukowatch.differential.listing import Line, listing
from leukowatch.differential.result import SlideResult
from leukowatch.review.asking import Called
from leukowatch.review.house import House, Housed
from leukowatch.store.archived import slide_name
from leukowatch.store.life import Life, lives
from leukowatch.store.outbox import FAILED, Message, messages
from leukowatch.store.queries import reading
from leukowatch.store.rights import Act, Actor
from leukowatch.store.signatures import signatures_of
from leukowatch.store.tallies import slide as slide_row

SignatureKind = Literal["sign", "second", "amend"]
PAGE = 50
"""Slides on a page of the list."""
SlideId = Annotated[int, Path(alias="slide", ge=1, lt=2**63)]
NEXT: dict[Life, tuple[SignatureKind, Act]] = {
    Life.READING: ("sign", Act.SIGN),
    Life.TO_REVIEW: ("sign", Act.SIGN),
    Life.AWAITS_SECOND: ("second", Act.SECOND),
    Life.SIGNED: ("amend", Act.AMEND),
    Life.AMENDMENT_NEEDED: ("amend", Act.AMEND),
    Life.AMENDED: ("amend", Act.AMEND),
}
"""Which signature comes next in a slide's life, and the right that it takes."""


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
class DeliveryAnswer:
    """A signed result on its way to another system."""

    target: str
    """`file` or `mllp`."""
    version: int
    state: str
    """`waiting`, `sent` or `failed`."""
    attempts: int
    last_error: str
    """Why the last try failed; empty where none did, and once it is sent."""
    at: datetime | None
    """When it was sent, or is tried next; null where it failed for good."""


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
    deliveries: list[DeliveryAnswer]
    """Where signed results went or are to go, the oldest first."""
    versions: list[SlideResult]
    """Each released result, the first one first."""


def slides(
    house: Housed,
    search: Annotated[str, Query(max_length=200)] = "",
    status: Life | None = None,
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
) -> SlideList:
    """Slides, the one that last received a field first."""
    found = listing(
        house.reader, house.settings, house.now,
        search=search, life=status, offset=(page - 1) * PAGE, limit=PAGE,
    )  # fmt: skip
    target = house.settings.review.target_cells
    lines = [_line(each, target) for each in found.lines]
    return SlideList(lines, found.total, page, max(1, -(-found.total // PAGE)))


def slide(slide: SlideId, house: Housed, caller: Called) -> SlideAnswer:
    """One slide with its differential as it is now, and every result that was signed."""
    name = slide_name(house.reader, slide)
    life = life_of(house, slide)
    with reading(house.reader) as connection:
        signatures = signatures_of(connection, slide)
    return SlideAnswer(
        id=slide,
        name=name,
        status=word(life),
        status_label=life.value,
        flags=flag_words(slide_row(house.reader, name).flags),
        next_signature=next_signature(life, caller.actor),
        result=current_result(house.reader, name, house.settings, house.now),
        signatures=[
            SignatureAnswer(row.who, row.role, row.kind, row.version, row.at, row.reason or row.comment)
            for row in signatures
        ],
        deliveries=[_delivery(each) for each in messages(house.reader, slide=name)],
        versions=list(former_results(house.reader, name)),
    )


def life_of(house: House, slide: int) -> Life:
    """Tell how far a slide has come."""
    with reading(house.reader) as connection:
        return lives(connection, house.settings.review.idle_minutes, house.now, [slide])[slide].life


def next_signature(life: Life, actor: Actor) -> SignatureKind | None:
    """Tell which signature comes next, where it is the actor's to give."""
    kind, act = NEXT[life]
    return kind if actor.may(act) else None


def word(life: Life) -> str:
    """Make one word of a state, for programs and style sheets."""
    return life.name.lower()


def flag_words(flags: tuple[str, ...]) -> list[str]:
    """Make kinds of flag readable."""
    return [flag.replace("_", " ") for flag in flags]


def _line(line: Line, target: int) -> SlideLine:
    slide = line.slide
    return SlideLine(
        line.id, slide.name, word(line.life), line.life.value, line.order, line.counted.leucocytes, target,
        slide.unclassified, slide.unseen, list(line.flags), slide.last_received,
    )  # fmt: skip


def _delivery(message: Message) -> DeliveryAnswer:
    at = None if message.state == FAILED else message.sent_at or message.next_try_at
    return DeliveryAnswer(
        message.target, message.version, message.state, message.attempts, message.last_error, at
    )
