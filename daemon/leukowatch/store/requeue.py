"""Keeps the books where a person puts quarantined files back into the inbox."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine, select, update

from leukowatch.store import audit
from leukowatch.store.outcome import Status
from leukowatch.store.recounting import recounting
from leukowatch.store.tables import Arrival, Slide
from leukowatch.store.writing import utc, writing


def mark_requeued(engine: Engine, arrivals: Sequence[int], who: str, now: datetime | None = None) -> int:
    """Mark arrivals as put back, in one transaction; the file's next arrival gets a row of its own.

    Move the file first and mark it then: a crash between the two leaves a row that still says quarantined,
    of a file that is taken again all the same, and marking it later mends that.

    Args:
        engine: of `open_writer`.
        arrivals: ids; those that are not quarantined, or not yet moved out of the inbox, stay as they are.
        who: put them back, as the audit trail names people.
        now: aware; the time, where it is not given.

    Returns:
        How many were marked.

    Raises:
        StoreUnavailable: nothing was changed.
    """
    with writing(engine) as connection, recounting(connection, files=arrivals):
        files = connection.execute(
            select(Arrival.id, Arrival.printable, Slide.name)
            .join(Slide, Slide.id == Arrival.slide_id)
            .where(
                Arrival.id.in_(arrivals),
                Arrival.status == Status.QUARANTINED.value,
                Arrival.filed_at.is_not(None),
            )
        ).all()
        marked = update(Arrival).where(Arrival.id.in_([file.id for file in files]))
        connection.execute(marked.values(status=Status.REQUEUED.value))
        for file in files:
            after = {"file": file.printable}
            audit.record(connection, utc(now), who, "requeue", f"slide {file.name}", after=after)
    return len(files)
