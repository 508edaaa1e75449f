"""Keeps the books where a person puts quarantined files back into the inbox."""

from collections.abc import Sequence

from sqlalchemy import Engine, update

from leukowatch.store.outcome import Status
from leukowatch.store.recounting import recounting
from leukowatch.store.tables import Arrival
from leukowatch.store.writing import writing


def mark_requeued(engine: Engine, arrivals: Sequence[int]) -> int:
    """Mark arrivals as put back, in one transaction; the file's next arrival gets a row of its own.

    Move the file first and mark it then: a crash between the two leaves a row that still says quarantined,
    of a file that is taken again all the same, and marking it later mends that.

    Args:
        engine: of `open_writer`.
        arrivals: ids; those that are not quarantined, or not yet moved out of the inbox, stay as they are.

    Returns:
        How many were marked.

    Raises:
        StoreUnavailable: nothing was changed.
    """
    quarantined = (
        update(Arrival)
        .where(
            Arrival.id.in_(arrivals),
            Arrival.status == Status.QUARANTINED.value,
            Arrival.filed_at.is_not(None),
        )
        .values(status=Status.REQUEUED.value)
    )
    with writing(engine) as connection, recounting(connection, files=arrivals):
        return connection.execute(quarantined).rowcount
