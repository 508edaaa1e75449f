"""The outbox: each released result waits here for each target until it was sent, whatever restarts meanwhile.

A message keeps its control id and its bytes at every try, so that a receiver can tell a repetition.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, update

from leukowatch.store.queries import reading
from leukowatch.store.review_tables import Outbox, Signature
from leukowatch.store.tables import Slide
from leukowatch.store.writing import writing

WAITING, SENT, FAILED = "waiting", "sent", "failed"


@dataclass(frozen=True, slots=True)
class Message:
    """A result on its way to one target."""

    id: int
    slide: str
    version: int
    signature_id: int
    """The signature that released the result."""
    target: str
    control_id: str
    """16 hexadecimal digits; the same at every try."""
    payload: bytes | None
    """As it was first made; None before that."""
    state: str
    """`waiting`, `sent` or `failed`."""
    attempts: int
    next_try_at: datetime
    """UTC."""
    last_error: str
    created_at: datetime
    sent_at: datetime | None


def queue(connection: Connection, signature_id: int, targets: Sequence[str], now: datetime) -> None:
    """Put a result into the outbox, a message a target, in the transaction of its signature."""
    rows = [
        {
            "signature_id": signature_id, "target": target, "control_id": secrets.token_hex(8),
            "state": WAITING, "next_try_at": now, "created_at": now,
        }
        for target in dict.fromkeys(targets)
    ]  # fmt: skip
    if rows:
        connection.execute(insert(Outbox), rows)


def due(engine: Engine, now: datetime, limit: int = 100) -> list[Message]:
    """List messages that wait and whose time has come, in the order in which they are to be sent.

    A later version of a slide's result comes after an earlier one to the same target, so that it is never
    overtaken: of each slide and target only the oldest that waits is given.

    Raises:
        StoreUnavailable: the database cannot be read.
    """
    waiting = messages(engine, state=WAITING)
    oldest: dict[tuple[str, str], Message] = {}
    for message in waiting:
        oldest.setdefault((message.slide, message.target), message)
    return [message for message in oldest.values() if message.next_try_at <= now][:limit]


def messages(engine: Engine, *, state: str | None = None, slide: str | None = None) -> list[Message]:
    """List messages, oldest first; only those in a state or of a slide, where these are given."""
    columns: tuple[Any, ...] = (
            Outbox.id, Slide.name, Signature.version, Outbox.signature_id, Outbox.target, Outbox.control_id,
            Outbox.payload, Outbox.state, Outbox.attempts, Outbox.next_try_at, Outbox.last_error,
            Outbox.created_at, Outbox.sent_at,
    )  # fmt: skip
    wanted = (
        select(*columns)
        .join(Signature, Signature.id == Outbox.signature_id)
        .join(Slide, Slide.id == Signature.slide_id)
        .order_by(Outbox.id)
    )
    if state is not None:
        wanted = wanted.where(Outbox.state == state)
    if slide is not None:
        wanted = wanted.where(Slide.name == slide)
    with reading(engine) as connection:
        return [Message(*row) for row in connection.execute(wanted)]


def keep_payload(engine: Engine, message: int, payload: bytes) -> bytes:
    """Keep the bytes of a message, before its first try.

    Returns:
        The bytes to send: those that are kept already, where another process was first.

    Raises:
        StoreUnavailable: nothing was written; do not send.
    """
    with writing(engine) as connection:
        fresh = update(Outbox).where(Outbox.id == message, Outbox.payload.is_(None))
        connection.execute(fresh.values(payload=payload))
        kept = connection.execute(select(Outbox.payload).where(Outbox.id == message)).scalar_one()
        assert kept is not None
        return kept


def mark_sent(engine: Engine, message: int, now: datetime) -> None:
    """Note that the target has acknowledged a message.

    Raises:
        StoreUnavailable: nothing was written; the message is sent again with the same control id.
    """
    _settle(engine, message, {"state": SENT, "sent_at": now, "last_error": ""})


def mark_tried(engine: Engine, message: int, error: str, next_try_at: datetime | None) -> None:
    """Note a try that failed.

    Args:
        engine: of `open_writer`.
        message: its id.
        error: a sentence for people.
        next_try_at: when it is tried again, aware; None where the target will never take it.

    Raises:
        StoreUnavailable: nothing was written.
    """
    later = {"state": FAILED} if next_try_at is None else {"next_try_at": next_try_at}
    _settle(engine, message, {"last_error": error, **later})


def retry(engine: Engine, message: int, now: datetime) -> None:
    """Let a message that failed wait again, as a person asks."""
    with writing(engine) as connection:
        failed = update(Outbox).where(Outbox.id == message, Outbox.state == FAILED)
        connection.execute(failed.values(state=WAITING, next_try_at=now))


def _settle(engine: Engine, message: int, values: dict[str, object]) -> None:
    """Write what came of a try; a message that is sent already stays so."""
    with writing(engine) as connection:
        waiting = update(Outbox).where(Outbox.id == message, Outbox.state == WAITING)
        connection.execute(waiting.values(attempts=Outbox.attempts + 1, **values))
