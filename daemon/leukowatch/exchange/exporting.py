"""What the commands of exchange do: results from the store to bytes, and a person's hand on the outbox."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from filelock import Timeout

from leukowatch.differential.building import slide_result
from leukowatch.differential.result import SlideResult
from leukowatch.errors import NotFound, RequestInvalid, Undelivered
from leukowatch.exchange.document import slides_json
from leukowatch.exchange.message import slide_hl7
from leukowatch.exchange.spreadsheet import cells_csv, slides_csv
from leukowatch.settings import Settings
from leukowatch.store.opened import reader, writer
from leukowatch.store.outbox import FAILED, SENT, Message, messages, retry
from leukowatch.store.reviewed import review_cells


def exported(settings: Settings, slides: Sequence[str], form: str, *, cells: bool = False) -> bytes:
    """Write slides' results as they are now: signed, or preliminary.

    Args:
        settings: in force.
        slides: names, in the order in which they are to be told; one at least.
        form: `csv`, `json`, `fhir`, `hl7` (a message for each slide) or `pdf` (a page for each slide).
        cells: of `csv`, a row for each cell.

    Raises:
        NotFound: there is no slide of a name.
        RequestInvalid: as `written`.
        SettingsInvalid: `exchange.font` or the reference ranges cannot be read.
        StoreUnavailable, SchemaMismatch: of the database.
    """
    with reader(settings) as engine:
        results = [slide_result(engine, slide, settings) for slide in slides]
        if cells:
            return cells_csv([(result, review_cells(engine, result.slide)) for result in results])
    return written(results, form, settings.exchange.font)


def written(results: Sequence[SlideResult], form: str, font: str = "") -> bytes:
    """Write results in a format, of those of `exported`.

    Raises:
        RequestInvalid: there is no such format, or the package that writes it is not installed.
        SettingsInvalid: the font cannot be read.
    """
    with installed():
        match form:
            case "csv":
                return slides_csv(results)
            case "json":
                return slides_json(results)
            case "fhir":
                from leukowatch.exchange.fhir import slides_fhir  # noqa: PLC0415  a second, for this format alone

                return slides_fhir(results)
            case "hl7":
                return b"".join(slide_hl7(result, secrets.token_hex(8)) for result in results)
            case "pdf":
                from leukowatch.exchange.printed import slides_pdf  # noqa: PLC0415  half a second, likewise

                return slides_pdf(results, font)
    raise RequestInvalid(f"{form}: no such format; there are csv, json, fhir, hl7 and pdf")


@contextmanager
def installed() -> Iterator[None]:
    """Say what to install where a package of the extra `review` is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise RequestInvalid(
            f"the package {error.name} is not installed: `pip install leukowatch[review]`"
        ) from error


def let_retry(settings: Settings, number: int) -> Message:
    """Let a failed message wait again.

    Raises:
        NotFound: there is no message of that number.
        RequestInvalid: it has not failed, or a later version of its slide went to the same target.
    """
    with writer(settings) as engine:
        found = {each.id: each for each in messages(engine)}
        if number not in found:
            raise NotFound(f"{number}: no message has this number; `leukowatch outbox list --all` shows them")
        message = found[number]
        if message.state != FAILED:
            raise RequestInvalid(f"{number}: is {message.state}, so there is nothing to retry")
        if any(_overtakes(other, message) for other in found.values()):
            raise RequestInvalid(
                f"{number}: a later version of {message.slide} has gone to {message.target}, which it would undo"
            )
        retry(engine, number, datetime.now(UTC))
        return message


def send_now(settings: Settings) -> int:
    """Send what is due, once.

    Raises:
        RequestInvalid: no target is set, another process sends, or the extra `review` is not installed.
        Undelivered: messages are left that could not be sent.
    """
    with installed():
        from leukowatch.exchange.sending import send_due  # noqa: PLC0415  of the extra `review`
    targets = settings.exchange.targets
    if not targets:
        raise RequestInvalid("there is nowhere to send to: set exchange.mllp or exchange.drop_folder")
    try:
        with reader(settings) as looking, writer(settings) as engine:
            sent = send_due(looking, engine, settings, lock_seconds=settings.exchange.ack_seconds)
    except Timeout as error:
        raise RequestInvalid("another process is sending; `leukowatch outbox list` shows how far") from error
    with reader(settings) as engine:
        left = [each for each in messages(engine) if each.state != SENT and each.target in targets]
    if left:
        raise Undelivered(f"{sent} messages sent, {len(left)} left; `leukowatch outbox list` tells why")
    return sent


def _overtakes(other: Message, message: Message) -> bool:
    """Whether another message has told the same target something newer about the slide."""
    same = (other.slide, other.target) == (message.slide, message.target)
    return same and other.version > message.version and other.state == SENT
