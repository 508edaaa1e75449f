"""When a file was taken out of the archive for its age.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

UTC_TIME = sa.Text().with_variant(TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    op.add_column("arrival", sa.Column("pruned_at", UTC_TIME, nullable=True))


def downgrade() -> None:
    op.drop_column("arrival", "pruned_at")
