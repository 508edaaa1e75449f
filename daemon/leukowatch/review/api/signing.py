"""Signing, the second signature and amending; and files in quarantine, which stand in their way."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Path

from leukowatch.differential import signing as rules
from leukowatch.differential.result import SlideResult, State
from leukowatch.review.api.slides import SignatureKind, SlideId, next_signature
from leukowatch.review.api.texts import Text
from leukowatch.review.asking import Called
from leukowatch.review.house import House, Housed
from leukowatch.review.waiting import waiting_files
from leukowatch.store import set_aside as judging
from leukowatch.store.archived import slide_name
from leukowatch.store.set_aside import HeldFile

FileId = Annotated[int, Path(alias="file", ge=1, lt=2**63)]


@dataclass(frozen=True, slots=True)
class SetAsideAsked:
    """A supervisor's word that a file in quarantine is unusable."""

    reason: Text
    """Why the result does without it; not blank."""


@dataclass(frozen=True, slots=True)
class SigningAnswer:
    """What stands in the way of a signature."""

    kind: SignatureKind | None
    refusals: list[str]
    """Sentences; none where nothing stands in the way."""
    held: list[HeldFile]
    """Files of the slide in quarantine: each is requeued, or set aside by a supervisor, before anybody signs."""
    needs_second: bool
    basis: str
    """Give it back with the signature: it proves that what was seen is what is signed."""


@dataclass(frozen=True, slots=True)
class SigningAsked:
    """What a person says with a signature."""

    comment: Text = ""
    reason: Text = ""
    """Of an amendment."""
    basis: Text = ""


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signature made of the result."""

    state: State
    version: int


def signing(slide: SlideId, house: Housed, caller: Called) -> SigningAnswer:
    """What stands in the way of the signature that comes next."""
    name = slide_name(house.reader, slide)
    state = rules.sign_state(
        house.reader, name, house.settings, waiting_files(house.settings, name), house.now
    )
    kind = next_signature(state.life, caller.actor)
    refusals = [*state.why_not]
    if kind == "sign" and state.life in rules.NOT_TO_SIGN:
        refusals.insert(0, rules.NOT_TO_SIGN[state.life])
    return SigningAnswer(kind, refusals, list(state.held), state.needs_second, state.proof)


def sign(slide: SlideId, asked: SigningAsked, house: Housed, caller: Called) -> Signed:
    """Sign a slide's result for the first time."""
    name = slide_name(house.reader, slide)
    return _told(
        rules.sign(house.writer, caller.actor, name, house.settings, _said(house, name, asked), house.now)
    )


def second(slide: SlideId, asked: SigningAsked, house: Housed, caller: Called) -> Signed:
    """Sign as the second person, which releases the result."""
    name = slide_name(house.reader, slide)
    said = _said(house, name, asked)
    return _told(rules.sign_second(house.writer, caller.actor, name, house.settings, said, house.now))


def amend(slide: SlideId, asked: SigningAsked, house: Housed, caller: Called) -> Signed:
    """Sign anew what was signed, with a reason; the former result is kept."""
    name = slide_name(house.reader, slide)
    return _told(
        rules.amend(house.writer, caller.actor, name, house.settings, _said(house, name, asked), house.now)
    )


def set_aside(slide: SlideId, file: FileId, asked: SetAsideAsked, house: Housed, caller: Called) -> HeldFile:
    """Judge a file in quarantine unusable, with a reason: it stands against no signature any more."""
    name = slide_name(house.reader, slide)
    return judging.set_aside(house.writer, caller.actor, name, file, asked.reason, house.now)


def _told(result: SlideResult) -> Signed:
    return Signed(result.state, result.version)


def _said(house: House, slide: str, asked: SigningAsked) -> rules.Signing:
    return rules.Signing(
        comment=asked.comment,
        reason=asked.reason,
        proof=asked.basis,
        waiting=waiting_files(house.settings, slide),
        targets=house.settings.exchange.targets,
    )
