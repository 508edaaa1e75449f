"""Empties the outbox: each message to its target, in order, until it was acknowledged.

A message's bytes and control id are kept before its first try, and every try sends the same. Nothing that was
acknowledged is sent again. Where an acknowledgement was lost, or this program ended before it could note it, the
receiver gets the message once more with the control id (MSH-10) that it knows: by that it drops the repetition.
"""

import threading
from datetime import UTC, datetime, timedelta

import structlog
from filelock import FileLock, Timeout
from sqlalchemy import Engine

from leukowatch.differential.stored import signed_result
from leukowatch.errors import LeukowatchError, StoreUnavailable, Undelivered
from leukowatch.exchange.dropping import drop
from leukowatch.exchange.message import slide_hl7
from leukowatch.exchange.mllp import Answer, Verdict, send
from leukowatch.setting_tables import FILE, MLLP
from leukowatch.settings import Settings
from leukowatch.store.opened import reader, writer
from leukowatch.store.outbox import Message, due, keep_payload, mark_sent, mark_tried
from leukowatch.store.queries import reading
from leukowatch.store.signatures import signatures_of
from leukowatch.store.slides import slide_number

POLL_SECONDS = 1.0
"""How often the outbox is looked at."""
TROUBLE_SECONDS = 5.0
"""How long a database that cannot be opened is left alone."""
LONGEST_WAIT = 600.0
"""Seconds; where waits that double end."""
LOCK_NAME = "outbox.lock"
_log = structlog.get_logger(__name__)


def run_outbox(settings: Settings, stopping: threading.Event) -> None:
    """Send what waits, and whatever is signed meanwhile, until told to stop.

    A database or a lock that cannot be had is waited for. What is being sent at the end takes at most
    `exchange.ack_seconds`.

    Args:
        settings: in force.
        stopping: set when this is to return.
    """
    if not settings.exchange.targets:
        stopping.wait()
    while not stopping.is_set():
        try:
            with reader(settings) as looking, writer(settings) as engine:
                _keep_sending(looking, engine, settings, stopping)
        except LeukowatchError as error:
            _log.warning("outbox cannot be emptied", because=str(error))
            stopping.wait(TROUBLE_SECONDS)


def _keep_sending(looking: Engine, engine: Engine, settings: Settings, stopping: threading.Event) -> None:
    while not stopping.is_set():
        try:
            send_due(looking, engine, settings, stopping)
        except Timeout:
            _log.info("another process empties the outbox")
        stopping.wait(POLL_SECONDS)


def send_due(
    looking: Engine,
    engine: Engine,
    settings: Settings,
    stopping: threading.Event | None = None,
    lock_seconds: float = 0.0,
) -> int:
    """Try every message whose time has come, once; after a target was out of reach, no other to it.

    Args:
        looking: of `open_reader`, so that looking at an empty outbox holds up no writer.
        engine: of `open_writer`.
        settings: in force.
        stopping: set when no further message is to be begun.
        lock_seconds: how long another process that sends is waited for.

    Returns:
        How many were delivered.

    Raises:
        StoreUnavailable: of the database.
        Timeout: another process sends.
    """
    if not _due(looking, settings):
        return 0
    sent, unreachable = 0, set[str]()
    with FileLock(settings.home / LOCK_NAME, timeout=lock_seconds):
        for message in _due(looking, settings):
            if stopping and stopping.is_set():
                break
            if message.target in unreachable:
                continue
            try:
                sent += _try(engine, settings, message)
            except Undelivered as error:
                unreachable.add(message.target)
                _later(engine, settings, message, str(error))
    return sent


def wait_after(attempts: int, retry_seconds: float) -> float:
    """Tell the seconds to wait after so many failed tries, 1 or more: doubled each time, up to `LONGEST_WAIT`."""
    return min(LONGEST_WAIT, retry_seconds * 2.0 ** min(attempts - 1, 20))


def _due(looking: Engine, settings: Settings) -> list[Message]:
    """List what can be sent now; a target that is set no more keeps its messages waiting."""
    found = due(looking, datetime.now(UTC))
    return [message for message in found if message.target in settings.exchange.targets]


def _try(engine: Engine, settings: Settings, message: Message) -> bool:
    """Try one message; give whether it was delivered."""
    payload = message.payload or _made(engine, message)
    if payload is None:
        return False
    answer = _deliver(settings, message, payload)
    about = {"slide": message.slide, "version": message.version, "control_id": message.control_id}
    if answer.verdict is Verdict.ACCEPTED:
        mark_sent(engine, message.id, datetime.now(UTC))
        _log.info("result sent", target=message.target, **about)
        return True
    if answer.verdict is Verdict.REJECTED or message.attempts + 1 >= settings.exchange.attempts:
        mark_tried(engine, message.id, answer.told, None)
        _log.error("result refused for good", target=message.target, told=answer.told, **about)
    else:
        _later(engine, settings, message, answer.told)
    return False


def _made(engine: Engine, message: Message) -> bytes | None:
    """Make a message's bytes from the result as it was signed, and keep them; None where that cannot be read."""
    with reading(engine) as connection:
        rows = signatures_of(connection, slide_number(connection, message.slide))
    try:
        result = signed_result(rows, message.version)
    except StoreUnavailable as error:
        mark_tried(engine, message.id, str(error), None)
        _log.exception("signed result cannot be read", slide=message.slide, version=message.version)
        return None
    return keep_payload(engine, message.id, slide_hl7(result, message.control_id))


def _deliver(settings: Settings, message: Message, payload: bytes) -> Answer:
    exchange = settings.exchange
    if message.target == FILE:
        dropped = drop(settings.home / exchange.drop_folder, message.control_id, payload)
        return Answer(Verdict.ACCEPTED, str(dropped))
    assert message.target == MLLP
    return send(exchange.mllp, payload, message.control_id, exchange.ack_seconds)


def _later(engine: Engine, settings: Settings, message: Message, why: str) -> None:
    """Put a message off."""
    seconds = wait_after(message.attempts + 1, settings.exchange.retry_seconds)
    mark_tried(engine, message.id, why, datetime.now(UTC) + timedelta(seconds=seconds))
    _log.warning("result not sent", slide=message.slide, target=message.target, because=why, again_in=seconds)
