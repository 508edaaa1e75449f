"""Which schema a database has, found by a query and without Alembic."""

from sqlalchemy import Engine, inspect, text

from leukowatch.errors import SchemaMismatch
from leukowatch.store.engines import location
from leukowatch.store.trouble import store_errors

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008")
"""Every revision of `migrations/`, oldest first."""
HEAD_REVISION = REVISIONS[-1]
"""The revision that this version of the code reads and writes."""


def revision_of(engine: Engine) -> str | None:
    """Tell the schema's revision; None for a database without any table.

    Raises:
        SchemaMismatch: the tables are not Leukowatch's.
        StoreUnavailable: the database cannot be read.
    """
    with store_errors(location(engine)), engine.connect() as connection:
        tables = inspect(connection).get_table_names()
        if "alembic_version" in tables:
            found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
            return None if found is None else str(found)
    if tables:
        raise SchemaMismatch(
            f"{location(engine)}: holds tables that are not Leukowatch's (as {tables[0]!r}); "
            "set store.url to another database"
        )
    return None


def is_newer(revision: str | None) -> bool:
    """Whether a later version of the code made this schema."""
    return revision is not None and revision not in REVISIONS


def require_head(engine: Engine) -> None:
    """Refuse a database whose schema is not the code's.

    Raises:
        SchemaMismatch: it is older, newer, or there is none.
        StoreUnavailable: the database cannot be read.
    """
    found = revision_of(engine)
    if found == HEAD_REVISION:
        return
    if is_newer(found):
        raise SchemaMismatch(
            f"{location(engine)}: this database was written by a newer version (schema {found}, this version "
            f"knows {HEAD_REVISION}); install that version, or restore a backup"
        )
    raise SchemaMismatch(
        f"{location(engine)}: the schema is {found or 'absent'}, this version needs {HEAD_REVISION}; "
        "run leukowatch db upgrade"
    )
