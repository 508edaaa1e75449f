"""Drops one message as a file into a folder that another system watches."""

import os
from pathlib import Path

from leukowatch.durable import sync_folder
from leukowatch.errors import Undelivered


def drop(folder: Path, control_id: str, message: bytes) -> Path:
    """Put a message there under its control id, whole or not at all.

    It is written under a hidden name, then renamed. The same message again replaces itself.

    Args:
        folder: exists; it is not made, as a share that is not mounted would be written beneath.
        control_id: of the message.
        message: its segments.

    Returns:
        The file, `CONTROL_ID.hl7`.

    Raises:
        Undelivered: the folder is missing, full or not writable.
    """
    final = folder / f"{control_id}.hl7"
    coming = folder / f".{control_id}.hl7.part"
    try:
        with coming.open("wb") as file:
            file.write(message)
            file.flush()
            os.fsync(file.fileno())
        coming.rename(final)
        sync_folder(folder)
    except OSError as error:
        raise Undelivered(f"{final}: {error.strerror or error}") from error
    return final
