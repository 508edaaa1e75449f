"""Brings a database to a schema revision by Alembic, which costs half a second: imported when needed."""

import sqlite3
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine

import leukowatch
from leukowatch.errors import SchemaMismatch, StoreUnavailable
from leukowatch.store.copying import copy_database, drafted, install
from leukowatch.store.engines import BUSY_SECONDS, location, reader_engine, sqlite_path, writer_engine
from leukowatch.store.files import prepare_file
from leukowatch.store.revisions import HEAD_REVISION, is_newer, require_head, revision_of
from leukowatch.store.schema import METADATA
from leukowatch.store.trouble import store_errors


def migrations_folder() -> Path:
    """Find the migrations: inside an installed wheel, else at the root of the source tree."""
    package = Path(leukowatch.__file__).parent
    installed = package / "migrations"
    return installed if installed.is_dir() else package.parents[1] / "migrations"


def upgrade(url: str, busy_seconds: float = BUSY_SECONDS, *, keep: bool = True) -> str | None:
    """Bring the database to `HEAD_REVISION`, making an SQLite file that is absent.

    An SQLite file of an older schema is first copied beside itself, as `NAME.before-REVISION`, if `keep` is true.

    Returns:
        The revision found, None where there was no schema.

    Raises:
        SchemaMismatch: the schema is newer than this version, or not Leukowatch's; nothing was changed.
        StoreUnavailable: the database cannot be read or written.
    """
    path = sqlite_path(url)
    if path is not None:
        with store_errors(str(path)):
            prepare_file(path)
    engine = writer_engine(url, busy_seconds, foreign_keys=False)
    try:
        found = revision_of(engine)
        if found == HEAD_REVISION:
            return found
        if is_newer(found):
            require_head(engine)
        with store_errors(location(engine)):
            if path is not None and found is not None and keep:
                _back_up(path, path.with_name(f"{path.name}.before-{HEAD_REVISION}"))
            command.upgrade(_config(engine), "head")
        return found
    finally:
        engine.dispose()


def downgrade(url: str, revision: str, busy_seconds: float = BUSY_SECONDS) -> None:
    """Take the database back to an older revision; `base` removes every table, rows and all.

    Raises:
        SchemaMismatch: the schema is newer than this version, or not Leukowatch's.
        StoreUnavailable: the database cannot be read or written.
    """
    engine = writer_engine(url, busy_seconds, foreign_keys=False)
    try:
        if is_newer(revision_of(engine)):
            require_head(engine)
        with store_errors(location(engine)):
            command.downgrade(_config(engine), revision)
    finally:
        engine.dispose()


def check(url: str, busy_seconds: float = BUSY_SECONDS) -> list[str]:
    """List what is wrong with the database, in sentences; empty where it is sound.

    Looks at the revision, at the tables against the code's, and on SQLite at the file and its references.

    Raises:
        StoreUnavailable: the database cannot be opened.
    """
    engine = reader_engine(url, busy_seconds)
    try:
        try:
            require_head(engine)
        except SchemaMismatch as error:
            return [str(error)]
        with store_errors(location(engine)):
            return _findings(engine)
    finally:
        engine.dispose()


def _findings(engine: Engine) -> list[str]:
    """Compare tables and prove the file, in one transaction."""
    findings = []
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        findings += [
            f"the schema differs from the code's: {each}" for each in compare_metadata(context, METADATA)
        ]
        if engine.dialect.name == "sqlite":
            told: list[Any] = list(connection.exec_driver_sql("PRAGMA integrity_check").scalars())
            findings += [f"the file is damaged: {each}" for each in told if each != "ok"]
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            findings += [f"table {each[0]}, row {each[1]}: refers to no row of {each[2]}" for each in broken]
    return findings


def _back_up(source: Path, target: Path) -> None:
    """Copy a database that may be in use, whole or not at all.

    Raises:
        StoreUnavailable: the target's folder cannot be written; the message names it.
    """
    try:
        with drafted(target) as draft:
            copy_database(source, draft, BUSY_SECONDS)
            install(draft, target)
    except (OSError, sqlite3.Error) as error:
        raise StoreUnavailable(
            f"{target}: the copy before the upgrade failed ({error}) and nothing was changed; "
            "make room there or mend the folder's mode, then repeat"
        ) from error


def _config(engine: Engine) -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    config.attributes["connection"] = engine
    return config
