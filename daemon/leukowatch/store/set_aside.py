"""Files of a slide in quarantine: those that nobody has dealt with, and a supervisor's word that one is unusable.

A file that is set aside stays where it is and stays uncounted; it stands against no signature any more, and every
result of the slide tells of it. Who set it aside, when and why is told by the audit trail.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, and_, select, update

from leukowatch.errors import NotFound, RequestInvalid
from leukowatch.store import audit
from leukowatch.store.outcome import Status
from leukowatch.store.recounting import recounting
from leukowatch.store.rights import Act, Actor, acting
from leukowatch.store.slides import slide_number
from leukowatch.store.tables import Arrival
from leukowatch.store.writing import utc, writing

ACT = "set aside"


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A file in quarantine."""

    id: int
    file: str
    """Printable path below the inbox, as it came."""
    reason: str
    """One machine-readable word."""
    detail: str
    """A sentence; may be empty."""


def held_files(connection: Connection, slide_id: int) -> tuple[HeldFile, ...]:
    """List a slide's quarantined files that were not set aside, the oldest first."""
    columns = (Arrival.id, Arrival.printable, Arrival.reason, Arrival.detail)
    wanted = select(*columns).where(Arrival.slide_id == slide_id, _held()).order_by(Arrival.id)
    return tuple(HeldFile(*row) for row in connection.execute(wanted))


def set_aside(
    engine: Engine, actor: Actor, slide: str, file_id: int, reason: str, now: datetime | None = None
) -> HeldFile:
    """Judge a quarantined file unusable, so that its slide can be signed without it.

    Args:
        engine: of `open_writer`.
        actor: the person.
        slide: the slide's name.
        file_id: of a file that `held_files` lists.
        reason: why the slide's result does without it; not blank.
        now: aware; the time, where it is not given.

    Raises:
        RequestInvalid: no reason is given.
        NotFound: there is no such slide, or no such file of it in quarantine.
        NotAllowed: the actor's role has not the right `set-aside`.
        StoreUnavailable: nothing was written.
    """
    with writing(engine) as connection:
        acting(connection, actor, Act.SET_ASIDE)
        held = {each.id: each for each in held_files(connection, slide_number(connection, slide))}
        if file_id not in held:
            raise NotFound(
                f"{slide}: has no file {file_id} in quarantine that is still to be judged; look again"
            )
        file = held[file_id]
        if not reason.strip():
            raise RequestInvalid(f"{file.file}: say why the result does without this file")
        with recounting(connection, files=[file_id]):
            after = {"file": file.file, "reason": reason.strip(), "arrival": digest_of(file_id, file.file)}
            told = audit.record(
                connection, utc(now), actor.name, ACT, f"slide {slide}",
                before={"file": file.file, "quarantined as": file.reason}, after=after,
            )  # fmt: skip
            mine = update(Arrival).where(Arrival.id == file_id)
            connection.execute(mine.values(set_aside_id=told.id))
    return file


def digest_of(file_id: int, file: str) -> str:
    """SHA-256 by which the trail knows the file that a row sets aside."""
    return audit.digest([file_id, file])


def _held() -> ColumnElement[bool]:
    return and_(Arrival.status == Status.QUARANTINED.value, Arrival.set_aside_id.is_(None))
