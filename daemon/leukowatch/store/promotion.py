"""Makes another bundle's analyses the current ones, slide by slide, and takes that back; each is told to the trail."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, func, select, update

from leukowatch.errors import NotFound, RequestInvalid
from leukowatch.store import audit
from leukowatch.store.outcome import Status
from leukowatch.store.people_tables import Audit
from leukowatch.store.reanalysis import slide_numbers, used_bundle
from leukowatch.store.recounting import recounting
from leukowatch.store.review_tables import Decision
from leukowatch.store.signatures import signatures_of
from leukowatch.store.tables import Analysis, Arrival, Field, Slide
from leukowatch.store.writing import utc, writing

PROMOTE, ROLLBACK = "promote", "rollback"


@dataclass(frozen=True, slots=True)
class Turned:
    """What became of one slide."""

    slide: str
    fields: int
    """Whose current analysis is another one now."""
    left_alone: str
    """Why nothing was changed, or empty."""


def promote(
    engine: Engine, name: str, slides: Sequence[str], why: str, who: str, now: datetime | None = None
) -> list[Turned]:
    """Make a bundle's analyses current, one transaction a slide.

    Signed slides stay as they are. So do slides about whose cells people decided, unless they are named: decisions
    belong to the cells of the analysis that was current then. So do slides that the bundle has not seen whole.

    Args:
        engine: of `open_writer`.
        name: the bundle's, or the first digits of its hash.
        slides: names; none for all.
        why: for the trail; not blank.
        who: the person who says so.
        now: aware; the time, where it is not given.

    Raises:
        RequestInvalid: the reason is blank.
        NotFound: there is no such bundle or slide.
        StoreUnavailable: the slide in hand was not changed.
    """
    if not why.strip():
        raise RequestInvalid("a promotion is traced: say why with --why, not blank")
    with writing(engine) as connection:
        bundle, numbers = used_bundle(connection, name), slide_numbers(connection, slides)
    turned = []
    for number in numbers:
        with writing(engine) as connection:
            slide = _name(connection, number)
            wanted = analyses_by(connection, number, bundle.id)
            if not wanted:
                continue
            against = _against(connection, number, len(wanted), named=bool(slides))
            if against:
                turned.append(Turned(slide, 0, against))
                continue
            before = current_analyses(connection, number)
            switched = switch(connection, wanted)
            if switched:
                after = {"bundle": bundle.name, "sha256": bundle.sha256, "why": why}
                audit.record(connection, utc(now), who, PROMOTE, f"slide {slide}", before=before, after=after)
            turned.append(Turned(slide, switched, "" if switched else "is current already"))
    return turned


def roll_back(
    engine: Engine, slides: Sequence[str], why: str, who: str, now: datetime | None = None
) -> list[Turned]:
    """Take back each slide's last promotion; fields that came after it keep their analysis.

    Args and errors: as `promote`.
    """
    if not why.strip():
        raise RequestInvalid("taking back is traced: say why with --why, not blank")
    with writing(engine) as connection:
        numbers = slide_numbers(connection, slides)
    turned = []
    for number in numbers:
        with writing(engine) as connection:
            slide = _name(connection, number)
            former = _before_promotion(connection, slide)
            if former is None:
                continue
            against = _signed(connection, number)
            if against:
                turned.append(Turned(slide, 0, against))
                continue
            before = current_analyses(connection, number)
            switched = switch(connection, former)
            audit.record(
                connection, utc(now), who, ROLLBACK, f"slide {slide}", before=before, after={"why": why}
            )
            turned.append(Turned(slide, switched, ""))
    if slides and not turned:
        raise NotFound(
            f"{', '.join(slides)}: nothing was promoted there; `leukowatch audit show` tells what was"
        )
    return turned


def analyses_by(connection: Connection, slide_id: int, bundle_id: int) -> dict[int, int]:
    """Give a bundle's newest analysis of each of a slide's fields: field's id → analysis' id."""
    return _mapping(
        connection,
        select(Analysis.field_id, func.max(Analysis.id))
        .join(Field, Field.id == Analysis.field_id)
        .where(Field.slide_id == slide_id, Analysis.bundle_id == bundle_id)
        .group_by(Analysis.field_id),
    )


def current_analyses(connection: Connection, slide_id: int) -> dict[int, int]:
    """Give the current analysis of each of a slide's fields: field's id → analysis' id."""
    return _mapping(
        connection,
        select(Analysis.field_id, Analysis.id)
        .join(Field, Field.id == Analysis.field_id)
        .where(Field.slide_id == slide_id, Analysis.is_current),
    )


def switch(connection: Connection, wanted: Mapping[int, int]) -> int:
    """Make these analyses current, in the caller's write transaction; files' states follow.

    Args:
        connection: in a write transaction.
        wanted: field's id → analysis' id.

    Returns:
        How many fields had another one.
    """
    columns = (Analysis.id, Analysis.is_current, Analysis.assessable, Analysis.reason, Field.arrival_id)
    asked = (
        select(*columns).join(Field, Field.id == Analysis.field_id).where(Analysis.id.in_(wanted.values()))
    )
    rows = [row for row in connection.execute(asked) if not row.is_current]
    if not rows:
        return 0
    chosen = {row.id for row in rows}
    fields = [field for field, number in wanted.items() if number in chosen]
    former = (Analysis.field_id.in_(fields), Analysis.is_current)
    with recounting(connection, fields):
        connection.execute(update(Analysis).where(*former).values(is_current=False))
        connection.execute(update(Analysis).where(Analysis.id.in_(chosen)).values(is_current=True))
    states = update(Arrival).where(Arrival.id == bindparam("arrival"))
    connection.execute(
        states.values(status=bindparam("state"), reason=bindparam("because")),
        [{"arrival": row.arrival_id, "because": row.reason,
          "state": (Status.COUNTED if row.assessable else Status.NOT_ASSESSABLE).value} for row in rows],
    )  # fmt: skip
    return len(rows)


def _against(connection: Connection, slide_id: int, seen: int, *, named: bool) -> str:
    """Say why a slide is left alone, or nothing."""
    signed = _signed(connection, slide_id)
    if signed:
        return signed
    fields = connection.execute(select(func.count()).where(Field.slide_id == slide_id)).scalar_one()
    if seen < fields:
        return f"{fields - seen} of its {fields} fields were not looked at by that bundle: reanalyse it"
    mine = select(Field.id).where(Field.slide_id == slide_id)
    decided = connection.execute(select(func.count()).where(Decision.field_id.in_(mine))).scalar_one()
    if decided and not named:
        return (
            f"people decided {decided} times about its cells, which would no longer hold: name it to insist"
        )
    return ""


def _signed(connection: Connection, slide_id: int) -> str:
    return (
        "is signed, and a signed slide never changes by itself" if signatures_of(connection, slide_id) else ""
    )


def _before_promotion(connection: Connection, slide: str) -> dict[int, int] | None:
    """Give what was current before a slide's last promotion; None where it was taken back, or there was none."""
    last = connection.execute(
        select(Audit.act, Audit.before)
        .where(Audit.subject == f"slide {slide}", Audit.act.in_((PROMOTE, ROLLBACK)))
        .order_by(Audit.id.desc())
        .limit(1)
    ).first()
    if last is None or last.act == ROLLBACK:
        return None
    return {int(field): int(analysis) for field, analysis in json.loads(last.before).items()}


def _name(connection: Connection, slide_id: int) -> str:
    return str(connection.execute(select(Slide.name).where(Slide.id == slide_id)).scalar_one())


def _mapping(connection: Connection, statement: Any) -> dict[int, int]:
    return {int(key): int(value) for key, value in connection.execute(statement)}
