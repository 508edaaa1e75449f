"""The database: tables, migrations, the ledger that writes and the queries that read."""
