"""What a person does about files that went wrong: put them back, or move them to their slide."""

import getpass
from collections.abc import Sequence
from pathlib import Path

from leukowatch.errors import NotFound
from leukowatch.inbox.filing import Filer
from leukowatch.inbox.naming import printable
from leukowatch.service.opened import writer
from leukowatch.settings import Settings
from leukowatch.store import queries
from leukowatch.store import reassign as reassigning
from leukowatch.store.outcome import Status
from leukowatch.store.requeue import mark_requeued
from leukowatch.store.rows import FileRow


def requeue(settings: Settings, names: Sequence[str], *, everything: bool) -> list[str]:
    """Put quarantined files back into the inbox.

    Args:
        settings: in force.
        names: paths as they came, file names, or first digits of SHA-256.
        everything: all of quarantine.

    Returns:
        Printable path of each file below the inbox.

    Raises:
        NotFound: no quarantined file has one of the names, or none was named.
        FilingFailed: a file could not be moved; those before it are back.
    """
    filer = Filer(settings.inbox_folder, settings.archive_folder, settings.quarantine_folder)
    given = []
    with writer(settings) as engine:
        held = [file for file in queries.files(engine, status=Status.QUARANTINED) if file.destination]
        for file in held if everything else _named(held, names):
            assert file.destination is not None
            place = filer.give_back(settings.home / _path(file.destination), file.relative)
            mark_requeued(engine, [file.arrival_id])
            given.append(printable(bytes(place.relative_to(settings.inbox_folder))))
    return given


def reassign(settings: Settings, what: str, to: str, reason: str) -> int:
    """Move a field or a slide's fields to another slide, in the name of the user who runs this.

    Returns:
        How many fields moved.

    Raises:
        NotFound: nothing is called `what`.
    """
    with writer(settings) as engine:
        return reassigning.reassign(engine, what, to, reason, getpass.getuser())


def _named(held: Sequence[FileRow], names: Sequence[str]) -> list[FileRow]:
    if not names:
        raise NotFound("name the files to put back, or say --all; `leukowatch slides` shows where some are")
    found = []
    for name in names:
        matching = [file for file in held if _is_called(file, name)]
        if not matching:
            raise NotFound(f"{name}: no file in quarantine is called so; the field_status view lists them")
        found.append(matching[0])
    return found


def _is_called(file: FileRow, name: str) -> bool:
    by_hash = len(name) >= queries.SHORTEST_HASH and (file.sha256 or "").startswith(name.lower())
    return by_hash or file.file == name or file.file.endswith(f"/{name}")


def _path(raw: bytes) -> Path:
    return Path(raw.decode("utf-8", "surrogateescape"))
