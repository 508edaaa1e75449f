"""How Alembic reaches the store: by the engine it is handed, all revisions in one transaction."""

from alembic import context
from sqlalchemy import Connection

from leukowatch.errors import StoreUnavailable
from leukowatch.store.schema import METADATA


def migrate(connection: Connection) -> None:
    """Run the revisions; on SQLite too a failure, or a kill, leaves the schema as it was."""
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        transactional_ddl=True,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        take_turns(connection)
        context.run_migrations()
        prove_references(connection)


def take_turns(connection: Connection) -> None:
    """Let several services that start at once on a new server migrate one after another."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('leukowatch migrations'))")


def prove_references(connection: Connection) -> None:
    """Refuse to commit rows that refer to none: SQLite rebuilds tables with its own check switched off."""
    if connection.dialect.name != "sqlite":
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise StoreUnavailable(
            f"the migration would break table {broken[0]}, row {broken[1]}: nothing was changed"
        )


with context.config.attributes["connection"].connect() as bound:
    migrate(bound)
