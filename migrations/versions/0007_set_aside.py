"""Quarantined files that a supervisor has judged unusable: they stand against no signature any more.

Revision ID: 0007
Revises: 0006
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE arrival ADD COLUMN set_aside_id INTEGER "
        "CONSTRAINT fk_arrival_set_aside_id_audit REFERENCES audit (id)"
    )


def downgrade() -> None:
    op.drop_column("arrival", "set_aside_id")
