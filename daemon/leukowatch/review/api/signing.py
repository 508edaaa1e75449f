"""Signing, the second signature and amending."""

from leukowatch.differential import signing as rules
from leukowatch.differential.result import SlideResult
from leukowatch.review.api.answers import Signed, SigningAnswer, SigningAsked
from leukowatch.review.api.slides import SlideId, next_signature
from leukowatch.review.asking import Called
from leukowatch.review.house import House, Housed
from leukowatch.review.waiting import waiting_files
from leukowatch.store.archived import slide_name


def signing(slide: SlideId, house: Housed, caller: Called) -> SigningAnswer:
    """What stands in the way of the signature that comes next."""
    name = slide_name(house.reader, slide)
    state = rules.sign_state(
        house.reader, name, house.settings, waiting_files(house.settings, name), house.now
    )
    kind = next_signature(state.life, caller.actor)
    refusals = [] if kind == "second" else [*state.why_not]
    if kind == "sign" and state.life in rules.NOT_TO_SIGN:
        refusals.insert(0, rules.NOT_TO_SIGN[state.life])
    return SigningAnswer(kind, refusals, state.quarantined, state.needs_second, state.proof)


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


def _told(result: SlideResult) -> Signed:
    return Signed(result.state, result.version)


def _said(house: House, slide: str, asked: SigningAsked) -> rules.Signing:
    return rules.Signing(
        comment=asked.comment,
        reason=asked.reason,
        proof=asked.basis,
        acknowledge_quarantined=asked.acknowledge_quarantined,
        waiting=waiting_files(house.settings, slide),
        targets=house.settings.exchange.targets,
    )
