"""Which home a file came from, where several services share one database.

Revision ID: 0005
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("arrival", sa.Column("home", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("arrival", "home")
