"""The rules by which a person answers for a result, and the three acts: sign, sign as the second, amend.

Each act reads, judges and writes in one transaction, so that what is signed is what was judged.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, func, select

from leukowatch.differential.building import preliminary
from leukowatch.differential.result import SlideResult
from leukowatch.differential.stored import as_text, proof_of, same_content, signed_result
from leukowatch.errors import RequestInvalid, ReviewRefused
from leukowatch.settings import Settings
from leukowatch.store.cell_states import CELL_STATE
from leukowatch.store.classes import BLAST
from leukowatch.store.life import Life, SlideLife, basis_of, lives
from leukowatch.store.queries import reading
from leukowatch.store.rights import Act, Actor, acting
from leukowatch.store.set_aside import HeldFile, held_files
from leukowatch.store.signatures import Draft, append_signature, signatures_of
from leukowatch.store.slides import slide_number
from leukowatch.store.writing import utc, writing

_AMENDABLE = (Life.SIGNED, Life.AMENDED, Life.AMENDMENT_NEEDED)
NOT_TO_SIGN = {
    Life.READING: "fields may still come: wait until the slide is idle, or put a .done file into its folder",
    Life.AWAITS_SECOND: "it is signed and waits for the second signature",
    Life.SIGNED: "it is signed: amend it",
    Life.AMENDED: "it is signed: amend it",
    Life.AMENDMENT_NEEDED: "it was signed before: amend it",
}
"""Why a slide cannot be signed for the first time, by its life."""


@dataclass(frozen=True, slots=True)
class SignState:
    """Whether a slide can be signed now."""

    life: Life
    version: int
    """Of the last result that was released; 0 where there is none."""
    basis: str
    """Names the fields and decisions that the result rests on now."""
    proof: str
    """Names the result itself; given back with a signature, it proves that the person saw just this."""
    why_not: tuple[str, ...]
    """What stands against any signature, in sentences; empty where nothing does."""
    held: tuple[HeldFile, ...]
    """Files of the slide in quarantine, each to be requeued or set aside before anybody signs."""
    needs_second: bool
    """Whether a second person must sign too: the site asks for it, or there are blasts."""


@dataclass(frozen=True, slots=True)
class Signing:
    """What a person says with a signature."""

    comment: str = ""
    reason: str = ""
    """Of an amendment, not blank; else empty."""
    proof: str = ""
    """`SignState.proof` as the person saw it; empty to sign whatever is there."""
    waiting: int | None = 0
    """Files of the slide that are still in the inbox; None where the inbox cannot be listed."""
    targets: Sequence[str] = ()
    """Of the outbox, to which the result goes once it is released."""


def sign_state(
    engine: Engine, slide: str, settings: Settings, waiting: int | None = 0, now: datetime | None = None
) -> SignState:
    """Tell whether a slide can be signed now.

    Args:
        engine: to read from.
        slide: the slide's name.
        settings: in force.
        waiting: files of the slide that are still in the inbox; None where the inbox cannot be listed.
        now: aware; the time, where it is not given.

    Raises:
        NotFound: there is no such slide.
        SettingsInvalid: the reference ranges cannot be read.
        StoreUnavailable: the database cannot be read.
    """
    with reading(engine) as connection:
        return _state(connection, slide, settings, waiting, utc(now))


def sign(
    engine: Engine, actor: Actor, slide: str, settings: Settings, said: Signing, now: datetime | None = None
) -> SlideResult:
    """Sign a slide's result for the first time.

    Args:
        engine: of `open_writer`.
        actor: the person.
        slide: the slide's name.
        settings: in force.
        said: comment, what was seen, and what is known of the inbox.
        now: aware; the time, where it is not given.

    Returns:
        The result: final, or still preliminary where a second person must sign.

    Raises:
        ReviewRefused: cells are unclassified or unseen, fields wait or are in quarantine, the slide is not to be
            signed now, or changed since the person saw it.
        NotAllowed: the actor's role has not the right `sign`.
        NotFound: there is no such slide.
        SettingsInvalid: the reference ranges cannot be read.
        StoreUnavailable: nothing was written.
    """
    moment = utc(now)
    with writing(engine) as connection:
        acting(connection, actor, Act.SIGN)
        state = _state(connection, slide, settings, said.waiting, moment)
        against = [NOT_TO_SIGN[state.life]] if state.life in NOT_TO_SIGN else []
        _judge(slide, state, said, against)
        return _append(connection, actor, slide, settings, said, state, "sign", 1, moment)


def amend(
    engine: Engine, actor: Actor, slide: str, settings: Settings, said: Signing, now: datetime | None = None
) -> SlideResult:
    """Sign a slide anew that was signed before; the former result is kept.

    Arguments and result as `sign`; while a second signature is awaited, the former result stays in force.

    Raises:
        RequestInvalid: no reason is given.
        ReviewRefused: the slide was never signed, or as `sign`.
        NotAllowed: the actor's role has not the right `amend`.
        NotFound, SettingsInvalid, StoreUnavailable: as `sign`.
    """
    if not said.reason.strip():
        raise RequestInvalid(f"{slide}: say why the signed result is amended")
    moment = utc(now)
    with writing(engine) as connection:
        acting(connection, actor, Act.AMEND)
        state = _state(connection, slide, settings, said.waiting, moment)
        against = (
            [] if state.life in _AMENDABLE else [f"it is {state.life}: there is no signed result to amend"]
        )
        _judge(slide, state, said, against)
        return _append(connection, actor, slide, settings, said, state, "amend", state.version + 1, moment)


def sign_second(
    engine: Engine, actor: Actor, slide: str, settings: Settings, said: Signing, now: datetime | None = None
) -> SlideResult:
    """Sign as the second person what the first has signed, which releases it.

    Arguments as `sign`.

    Returns:
        The released result, as the first person signed it.

    Raises:
        ReviewRefused: no second signature is awaited, the first was the same person's, fields wait or are in
            quarantine, or the slide has changed since.
        NotAllowed: the actor's role has not the right `second`.
        NotFound, SettingsInvalid, StoreUnavailable: as `sign`.
    """
    moment = utc(now)
    with writing(engine) as connection:
        acting(connection, actor, Act.SECOND)
        state = _state(connection, slide, settings, said.waiting, moment)
        if state.life is not Life.AWAITS_SECOND:
            raise _refusal(slide, [f"it is {state.life}: no second signature is awaited"])
        slide_id = slide_number(connection, slide)
        first = signatures_of(connection, slide_id)[-1]
        if first.account_id == actor.account_id:
            raise _refusal(slide, [f"{actor.name} has signed it: the second signature is another person's"])
        _judge(slide, state, said, [])
        if not same_content(first.result, preliminary(connection, slide, settings, moment)):
            changed = f"files, classes, order or settings were changed since {first.who} signed it"
            raise _refusal(slide, [f"{changed}: confirm a cell, and have it signed anew"])
        draft = Draft(
            "second", first.version, "", said.comment, first.needs_second, first.basis, first.result
        )
        append_signature(connection, actor, slide, draft, said.targets, moment)
        return signed_result(signatures_of(connection, slide_id), first.version)


def _state(
    connection: Connection, slide: str, settings: Settings, waiting: int | None, now: datetime
) -> SignState:
    slide_id = slide_number(connection, slide)
    life: SlideLife = lives(connection, settings.review.idle_minutes, now, [slide_id])[slide_id]
    result = preliminary(connection, slide, settings, now)
    held = held_files(connection, slide_id)
    basis = basis_of(connection, [slide_id])[slide_id]
    return SignState(
        life=life.life,
        version=life.version,
        basis=basis,
        proof=proof_of(basis, result),
        why_not=tuple(_why_not(result, _unseen(connection, slide_id), waiting, len(held))),
        held=held,
        needs_second=settings.review.second_signature or any(
            each.name == BLAST and each.count for each in result.classes
        ),
    )  # fmt: skip


def _why_not(result: SlideResult, unseen: int, waiting: int | None, held: int) -> Iterator[str]:
    """Say what stands against any signature."""
    if result.unclassified:
        yield f"{_told(result.unclassified, 'cell has', 'cells have')} no class yet"
    if unseen:
        yield f"{_told(unseen, 'cell was', 'cells were')} seen by nobody"
    if waiting is None:
        yield "the inbox cannot be listed: whether fields wait in it is not known"
    elif waiting:
        yield f"{_told(waiting, 'file waits', 'files wait')} in the inbox"
    if held:
        yield (
            f"{_told(held, 'file is', 'files are')} in quarantine: requeue what can be mended, and have a supervisor "
            "set aside, with a reason, what cannot"
        )
    if not result.leucocytes:
        yield "no leucocyte is counted"


def _told(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"


def _unseen(connection: Connection, slide_id: int) -> int:
    view = CELL_STATE.c
    unseen = select(func.count()).where(view.slide_id == slide_id, view.decision_id.is_(None))
    return int(connection.execute(unseen.select_from(CELL_STATE)).scalar_one())


def _judge(slide: str, state: SignState, said: Signing, against: list[str]) -> None:
    """Refuse for all reasons at once, or because the person saw something else than what is there now."""
    if said.proof and said.proof != state.proof:
        raise _refusal(slide, ["it has changed since you looked at it: look again, then sign"])
    if reasons := [*against, *state.why_not]:
        raise _refusal(slide, reasons)


def _refusal(slide: str, reasons: list[str]) -> ReviewRefused:
    return ReviewRefused(f"{slide} cannot be signed: {'; '.join(reasons)}", reasons)


def _append(
    connection: Connection, actor: Actor, slide: str, settings: Settings, said: Signing, state: SignState,
    kind: str, version: int, now: datetime,
) -> SlideResult:  # fmt: skip
    result = preliminary(connection, slide, settings, now)
    draft = Draft(
        kind,
        version,
        said.reason.strip(),
        said.comment.strip(),
        state.needs_second,
        state.basis,
        as_text(result),
    )
    append_signature(connection, actor, slide, draft, said.targets, now)
    if not draft.released:
        return result
    return signed_result(signatures_of(connection, slide_number(connection, slide)), version)
