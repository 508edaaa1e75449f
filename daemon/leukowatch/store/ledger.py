"""The daemon's writing side: results in one transaction a group, each content counted exactly once.

The commit comes before the move. What is committed and not yet moved is `unfiled()`; at start the daemon
finishes those moves before it looks into the inbox, and a file taken again before its move keeps its one row.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from leukowatch.errors import LostRace, StoreUnavailable
from leukowatch.store.analyses import BundleRef
from leukowatch.store.engines import location
from leukowatch.store.filings import select_filings, to_filing
from leukowatch.store.group import Group
from leukowatch.store.outcome import Filing, Outcome, Status
from leukowatch.store.queries import reading
from leukowatch.store.review_tables import SlideEnd
from leukowatch.store.tables import Arrival
from leukowatch.store.writing import utc, writing

ATTEMPTS = 5
"""Transactions tried for a group that meets another daemon's rows; SQLite never needs the second."""
_MOVED = (
    update(Arrival)
    .where(Arrival.id == bindparam("arrival"), Arrival.filed_at.is_(None))
    .values(destination=bindparam("place"), filed_at=bindparam("now"), lost=bindparam("gone"))
)
_WRITTEN = select_filings().where(Arrival.id.in_(bindparam("numbers", expanding=True)))


@dataclass(frozen=True, slots=True)
class Ledger:
    """Records outcomes and moves, over an engine of `open_writer`."""

    engine: Engine
    bundle: BundleRef
    """The bundle that this daemon analyses with."""
    clock: Callable[[], datetime] = utc
    home: str = ""
    """The home whose files these are, see `Arrival.home`."""

    def commit(self, outcomes: Sequence[Outcome]) -> list[Filing]:
        """Record a group in one transaction, all or nothing.

        A content that already has a field becomes a duplicate, also within the group and across daemons.
        A result that breaks the store's rules is recorded as quarantined. A file that is already
        recorded and still waits for its move gets no second row: its first filing is given again.

        Returns:
            What must be moved, in the order of `outcomes`.

        Raises:
            StoreUnavailable: nothing was recorded; the files stay where they are and may be committed again.
        """
        if not outcomes:
            return []
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._commit(outcomes)
            except LostRace:
                if attempt == ATTEMPTS:
                    raise
            except IntegrityError as error:
                if attempt == ATTEMPTS:
                    raise StoreUnavailable(
                        f"{location(self.engine)}: the group breaks a rule of the schema ({error.orig}); "
                        "run leukowatch db check"
                    ) from error
        raise AssertionError  # pragma: no cover  the loop returns or raises

    def _commit(self, outcomes: Sequence[Outcome]) -> list[Filing]:
        with writing(self.engine) as connection:
            group = Group(connection, self.bundle, self.clock(), self.home)
            numbers = group.record(outcomes)
            rows = connection.execute(_WRITTEN, {"numbers": numbers})
            filings = {row.id: to_filing(row) for row in rows}
        return [filings[number] for number in numbers]

    def note_ends(self, slides: Sequence[str]) -> None:
        """Record that slides have all their fields; those that are recorded already stay as they are.

        Raises:
            StoreUnavailable: nothing was recorded; it may be tried again.
        """
        with writing(self.engine) as connection:
            known = set(
                connection.execute(select(SlideEnd.slide).where(SlideEnd.slide.in_(slides))).scalars()
            )
            now = self.clock()
            rows = [
                {"slide": slide, "noted_at": now} for slide in dict.fromkeys(slides) if slide not in known
            ]
            if rows:
                connection.execute(insert(SlideEnd), rows)

    def unfiled(self) -> list[Filing]:
        """List this home's files that are recorded and not yet moved, oldest first.

        Raises:
            StoreUnavailable: the database cannot be read.
        """
        with reading(self.engine) as connection:
            mine = (Arrival.home == self.home, Arrival.filed_at.is_(None))
            rows = connection.execute(select_filings().where(*mine).order_by(Arrival.id))
            return [to_filing(row) for row in rows]

    def is_named(self, filing: Filing, place: bytes) -> bool:
        """Tell whether the row of another file of the same content says that its file is at a place.

        Args:
            filing: the file that asks.
            place: raw path below the home.

        Raises:
            StoreUnavailable: the database cannot be read.
        """
        held = (
            Arrival.home == self.home, Arrival.destination == place, Arrival.id != filing.arrival_id,
            Arrival.sha256.is_not_distinct_from(filing.sha256), Arrival.pruned_at.is_(None),
            Arrival.status != Status.REQUEUED.value,
        )  # fmt: skip
        with reading(self.engine) as connection:
            return connection.execute(select(Arrival.id).where(*held).limit(1)).first() is not None

    def mark_filed(self, moves: Sequence[tuple[int, bytes | None]]) -> None:
        """Record moves in one transaction; one that is recorded already is left as it is.

        Args:
            moves: pairs of an arrival's id and the raw path below the home where its file is now; None
                where the file was gone or replaced before it could be moved.

        Raises:
            StoreUnavailable: nothing was recorded; the moves may be recorded again.
        """
        if not moves:
            return
        now = self.clock()
        rows = [
            {"arrival": number, "place": place, "now": now, "gone": place is None} for number, place in moves
        ]
        with writing(self.engine) as connection:
            connection.execute(_MOVED, rows)
