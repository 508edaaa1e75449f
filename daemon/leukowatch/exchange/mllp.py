"""Sends one HL7 message over MLLP, and reads what the receiver answers."""

import asyncio
import os
from dataclasses import dataclass
from enum import StrEnum

import hl7
from hl7.exceptions import HL7Exception
from hl7.mllp import InvalidBlockError, open_hl7_connection

from leukowatch.errors import Undelivered


class Verdict(StrEnum):
    """What a receiver says of a message."""

    ACCEPTED = "accepted"
    ERROR = "error"
    """It could not take it now; it may later."""
    REJECTED = "rejected"
    """It will never take it."""


VERDICTS = {
    "AA": Verdict.ACCEPTED, "CA": Verdict.ACCEPTED, "AE": Verdict.ERROR, "CE": Verdict.ERROR,
    "AR": Verdict.REJECTED, "CR": Verdict.REJECTED,
}  # fmt: skip
"""Table 0008."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An acknowledgement."""

    verdict: Verdict
    told: str
    """Its code and its words, for people."""


def send(address: str, message: bytes, control_id: str, seconds: float) -> Answer:
    """Send a message over a connection of its own, and wait for its acknowledgement.

    Args:
        address: `host:port`.
        message: with its segments, without MLLP's frame.
        control_id: its MSH-10, which the acknowledgement must name.
        seconds: connecting, sending and waiting may take so long together.

    Raises:
        Undelivered: nothing or nonsense came back. The receiver may have taken the message all the same: it is to
            be sent again with the same control id.
    """
    host, _, port = address.rpartition(":")
    try:
        block = asyncio.run(_exchange(host.strip("[]"), int(port), message, seconds))
    except TimeoutError as error:
        raise Undelivered(f"{address}: no acknowledgement within {seconds:g} s") from error
    except (asyncio.IncompleteReadError, InvalidBlockError, ValueError) as error:
        raise Undelivered(f"{address}: the connection ended before an acknowledgement ({error})") from error
    except OSError as error:
        why = (
            os.strerror(error.errno) if error.errno and error.errno > 0 else error
        )  # asyncio's own words say less
        raise Undelivered(f"{address}: {why}") from error
    return _judge(address, block, control_id)


async def _exchange(host: str, port: int, message: bytes, seconds: float) -> bytes:
    async with asyncio.timeout(seconds):
        reader, writer = await open_hl7_connection(host, port)
        try:
            writer.writeblock(message)
            await writer.drain()
            return bytes(await reader.readblock())
        finally:
            writer.close()


def _judge(address: str, block: bytes, control_id: str) -> Answer:
    """Read an acknowledgement, which must be one and of this message."""
    try:
        msa = hl7.parse(block.decode("utf-8", "replace")).segment("MSA")
        code, about = str(msa(1)), str(msa(2))
        words = str(msa(3)) if len(msa) > 3 else ""  # noqa: PLR2004  MSA-3, its text
    except (HL7Exception, KeyError, IndexError, ValueError) as error:
        raise Undelivered(f"{address}: what came back is no acknowledgement ({error})") from error
    if about != control_id or code not in VERDICTS:
        raise Undelivered(f"{address}: acknowledged {code} {about!r} for {control_id!r}")
    return Answer(VERDICTS[code], f"{code} {words}".strip())
