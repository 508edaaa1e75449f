"""`leukowatch restore`: a proved copy takes the database's place, and what it does not know is taken anew.

Each step leaves either database whole. Killed anywhere, the same command again finishes it.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from leukowatch.durable import sync_folder
from leukowatch.errors import (
    FilingFailed,
    LeukowatchError,
    RequestInvalid,
    SchemaMismatch,
    StoreUnavailable,
)
from leukowatch.inbox.filing import Filer
from leukowatch.inbox.naming import printable
from leukowatch.service.backup import database_file
from leukowatch.service.home import make_home, only_one
from leukowatch.service.reconcile import Strayed, strayed
from leukowatch.settings import Settings
from leukowatch.store.copying import COMPANIONS, Proof, copy_database, drafted, install, prove
from leukowatch.store.engines import reader_engine
from leukowatch.store.revisions import HEAD_REVISION, is_newer, require_head, revision_of
from leukowatch.store.trouble import store_errors

SHOWN = 10
"""Files that are named at most."""
_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")


def restore(settings: Settings, source: Path, *, really: bool) -> Iterator[str]:
    """Put a copy in the database's place, keep the former one aside, and put unknown files into the inbox.

    Args:
        settings: in force.
        source: the copy; it stays where it is.
        really: do it; else everything is proved and told, and nothing changed.

    Yields:
        What is found and done, in sentences.

    Raises:
        RequestInvalid: the database is a server's, there is no such copy, or it is the database itself.
        HomeInUse: a service works on this home.
        StoreUnavailable: the copy is damaged or none, or the disk refused; the database is what it was.
        SchemaMismatch: a newer version made the copy, or another program.
        FilingFailed: the copy is in place, and some files are not back in the inbox yet.
    """
    path = database_file(settings, "pg_restore")
    if not source.is_file():
        raise RequestInvalid(f"{source}: there is no such file; name a copy of the database")
    if path.exists() and path.samefile(source):
        raise RequestInvalid(f"{source}: is the database itself; name a copy of it")
    make_home(settings)
    with only_one(settings.home), drafted(path) as draft:
        with store_errors(str(source)):
            found = _prepared(source, draft, settings.store.busy_seconds)
        with store_errors(str(settings.home)):
            strays = strayed(settings, draft)
        yield f"{source}: sound, {found.told()}"
        yield from _fewer(path, found)
        yield from _told(strays)
        if not really:
            yield "nothing was changed: --yes does it"
            return
        with store_errors(str(path)):
            yield from _set_aside(path)
            install(draft, path)
        yield f"{path}: restored"
        yield from _give_back(settings, strays)


def _prepared(source: Path, draft: Path, busy_seconds: float) -> Proof:
    """Copy, bring to this version's schema, and prove."""
    revision = _revision(source)
    copy_database(source, draft, busy_seconds)
    try:
        prove(draft)
    except StoreUnavailable as error:
        raise StoreUnavailable(f"{source}: damaged ({error}); restore another copy") from error
    if revision != HEAD_REVISION:
        from leukowatch.store.migrate import upgrade  # noqa: PLC0415  half a second that few need to pay

        upgrade(f"sqlite:///{draft}", busy_seconds, keep=False)
    return prove(draft)


def _revision(source: Path) -> str:
    """Tell the schema's revision of a copy that this version can read."""
    engine = reader_engine(f"sqlite:///{source}")
    try:
        found = revision_of(engine)
    except SchemaMismatch as error:
        raise SchemaMismatch(f"{source}: is no copy of Leukowatch's database; name another file") from error
    else:
        if is_newer(found):
            require_head(engine)
    finally:
        engine.dispose()
    if found is None:
        raise StoreUnavailable(f"{source}: is empty, no copy of a database; name another file")
    return found


def _fewer(path: Path, found: Proof) -> Iterator[str]:
    """Say what the database in place has more of; that is gone from the counts afterwards."""
    if not path.exists():
        yield "there is no database here now"
        return
    try:
        now = prove(path)
    except (LeukowatchError, sqlite3.Error) as error:
        yield f"the database here cannot be compared: {error}"
        return
    more = {name: rows - found.rows.get(name, 0) for name, rows in now.rows.items()}
    told = ", ".join(f"{count} {name}" for name, count in more.items() if count > 0)
    yield f"the database here has more rows: {told}" if told else "the database here has no more rows"


def _told(strays: Strayed) -> Iterator[str]:
    for files, told in (
        (list(strays.without_row), "files have no row in it and go back into the inbox, to be counted anew"),
        (strays.without_file, "rows in it name a file that is not there"),
    ):
        yield f"{len(files)} {told}" + (":" if files else "")
        yield from (f"  {printable(name)}" for name in files[:SHOWN])
        if len(files) > SHOWN:
            yield f"  and {len(files) - SHOWN} more"


def _set_aside(path: Path) -> Iterator[str]:
    """Give the former database a second name, and take away what SQLite would read beside the new one."""
    if not path.exists():
        return
    _settle(path)
    aside = path.with_name(f"{path.name}.before-restore-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}")
    beside = [end for end in COMPANIONS if Path(f"{path}{end}").exists()]
    for end in ("", *beside):
        os.link(f"{path}{end}", f"{aside}{end}")
    sync_folder(path.parent)
    for end in beside:
        Path(f"{path}{end}").unlink()
    yield f"the former database is kept as {aside}"


def _settle(path: Path) -> None:
    """Bring the former database into its one file; one that is damaged keeps what is beside it."""
    try:
        with closing(sqlite3.connect(path, timeout=1, isolation_level=None)) as former:
            (mode,) = former.execute("PRAGMA journal_mode=DELETE").fetchone()
    except sqlite3.Error as error:
        if not str(getattr(error, "sqlite_errorname", "")).startswith(_DAMAGED):
            raise StoreUnavailable(
                f"{path}: somebody reads it ({error}); end that (`fuser -v FILE` names it)"
            ) from error
    else:
        if mode != "delete":
            raise StoreUnavailable(f"{path}: somebody reads it; end that (`fuser -v FILE` names it)")


def _give_back(settings: Settings, strays: Strayed) -> Iterator[str]:
    filer = Filer(settings.inbox_folder, settings.archive_folder, settings.quarantine_folder)
    failed = []
    for name, relative in strays.without_row.items():
        try:
            filer.give_back(settings.home / os.fsdecode(name), relative)
        except LeukowatchError as error:
            failed.append(str(error))
    yield f"{len(strays.without_row) - len(failed)} files are back in the inbox"
    if failed:
        raise FilingFailed(f"{len(failed)} files could not be put back, repeat the command: {failed[0]}")
