"""What a person does about files that went wrong: put them back, judge them unusable, or move them to their slide."""

import getpass
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import Engine

from leukowatch.errors import NotFound, RequestInvalid
from leukowatch.inbox.filing import Filer
from leukowatch.inbox.naming import printable, slide_name
from leukowatch.service.home import home_name
from leukowatch.settings import Settings
from leukowatch.store import queries
from leukowatch.store import reassign as reassigning
from leukowatch.store.archived import slide_ids_of
from leukowatch.store.opened import writer
from leukowatch.store.outcome import Status
from leukowatch.store.requeue import mark_requeued
from leukowatch.store.rights import Act, Actor, operator, require
from leukowatch.store.rows import FileRow
from leukowatch.store.set_aside import set_aside as judge


def requeue(settings: Settings, names: Sequence[str], *, everything: bool) -> Iterator[str]:
    """Put quarantined files back into the inbox, one whenever the next is asked for.

    Args:
        settings: in force.
        names: paths below the inbox as they came, file names, paths in quarantine (absolute or below the
            home), or first digits of SHA-256.
        everything: all of quarantine.

    Yields:
        Printable path of each file below the inbox, once it is back.

    Raises:
        RequestInvalid: no file was named.
        NotFound: before anything is moved, where no quarantined file has one of the names or several have;
            at the end, where files are in quarantine no more: the others are back.
        FilingFailed: a file could not be moved; those before it are back.
    """
    if not names and not everything:
        raise RequestInvalid("name the files to put back, or say --all; the field_status view lists them")
    filer = Filer(settings.inbox_folder, settings.archive_folder, settings.quarantine_folder)
    missing = []
    with writer(settings) as engine:
        held = _held(engine, settings, names, everything=everything)
        for where, file in held.items():
            try:
                place = filer.give_back(where, file.relative)
            except NotFound as error:
                missing.append(str(error))
                continue
            mark_requeued(engine, [file.arrival_id], operator(getpass.getuser()).name)
            yield printable(bytes(place.relative_to(settings.inbox_folder)))
    if missing:
        raise NotFound("\n".join(missing))


def set_aside(
    engine: Engine, settings: Settings, actor: Actor, names: Sequence[str], reason: str
) -> Iterator[str]:
    """Judge quarantined files unusable, one whenever the next is asked for, so that their slides can be signed.

    Args:
        engine: of `open_writer`.
        settings: in force.
        actor: a supervisor.
        names: as `requeue` takes them; one at least.
        reason: why the results do without these files; not blank.

    Yields:
        Printable path of each file, once it is set aside.

    Raises:
        RequestInvalid: no reason is given.
        NotAllowed: the actor's role has not the right `set-aside`.
        NotFound: no quarantined file has one of the names, or several have, and none was set aside; or one was
            set aside before, and those in front of it are now.
    """
    require(actor, Act.SET_ASIDE)
    for file in _held(engine, settings, names, everything=False).values():
        yield judge(engine, actor, file.slide, file.arrival_id, reason).file


def reassign(settings: Settings, what: str, to: str, reason: str) -> int:
    """Move a field or a slide's fields to another slide, in the name of the user who runs this.

    Returns:
        How many fields moved.

    Raises:
        RequestInvalid: `to` cannot be the name of a slide, or it or the reason is blank.
        NotFound: nothing is called `what`.
    """
    safe = slide_name(os.fsencode(to))
    with writer(settings) as engine:
        if to != safe and not slide_ids_of(engine, [to]):
            shown = printable(os.fsencode(to))
            raise RequestInvalid(f"{shown}: no name for a slide; `{safe}` would be one")
        return reassigning.reassign(engine, what, to, reason, getpass.getuser())


def _held(
    engine: Engine, settings: Settings, names: Sequence[str], *, everything: bool
) -> dict[Path, FileRow]:
    """Give this home's quarantined files that are meant, each once, by where they are."""
    home, home_is = settings.home, home_name(settings)

    def here(files: Sequence[FileRow]) -> dict[Path, FileRow]:
        return _places(home, [file for file in files if file.home == home_is])

    if everything:
        return here(queries.files(engine, status=Status.QUARANTINED))
    meant: dict[Path, FileRow] = {}
    for name in names:
        found = here(queries.find_files(engine, _below(home, name), status=Status.QUARANTINED))
        if not found:
            raise NotFound(f"{name}: no file in quarantine is called so; the field_status view lists them")
        if len(found) > 1:
            places = ", ".join(printable(bytes(place)) for place in list(found)[: queries.NAMED])
            raise NotFound(
                f"{name}: {len(found)} files in quarantine are called so; name one by its place: {places}"
            )
        meant |= found
    return meant


def _places(home: Path, files: Sequence[FileRow]) -> dict[Path, FileRow]:
    """Give files by their absolute path; of two at one place the newest, as the other's is gone."""
    places: dict[Path, FileRow] = {}
    for file in files:
        if file.destination is not None:
            places.setdefault(home / os.fsdecode(file.destination), file)
    return places


def _below(home: Path, name: str) -> str:
    """Give an absolute path below the home as the ledger has it, and any other name as it is."""
    path = Path(name)
    return str(path.relative_to(home)) if path.is_relative_to(home) else name
