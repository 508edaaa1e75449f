"""Summary rows, so that lists and reports need not read every cell; filled from the rows that they sum up.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

UTC_TIME = sa.Text().with_variant(TIMESTAMP(timezone=True), "postgresql")

COUNTS = """
INSERT INTO slide_count (slide_id, class_id, cells, reviewed)
SELECT slide_id, coalesce(class_id, 0), count(*), count(decision_id)
FROM cell_state GROUP BY slide_id, coalesce(class_id, 0)
"""
TALLIES = """
INSERT INTO slide_tally (slide_id, fields, not_assessable, duplicates, quarantined, last_received)
SELECT slide.id, coalesce(looked.fields, 0), coalesce(looked.others, 0), coalesce(taken.duplicates, 0),
    coalesce(taken.quarantined, 0), taken.last_received
FROM slide
LEFT JOIN (
    SELECT field.slide_id,
        sum(CASE WHEN analysis.assessable THEN 1 ELSE 0 END) AS fields,
        sum(CASE WHEN analysis.assessable THEN 0 ELSE 1 END) AS others
    FROM field JOIN analysis ON analysis.field_id = field.id AND analysis.is_current
    GROUP BY field.slide_id
) AS looked ON looked.slide_id = slide.id
LEFT JOIN (
    SELECT slide_id,
        sum(CASE WHEN status = 'duplicate' THEN 1 ELSE 0 END) AS duplicates,
        sum(CASE WHEN status = 'quarantined' THEN 1 ELSE 0 END) AS quarantined,
        max(received_at) AS last_received
    FROM arrival GROUP BY slide_id
) AS taken ON taken.slide_id = slide.id
"""

# How far slides are signed: by the last signature, and by whether fields or decisions differ from those of it.
STAGES = """
WITH last AS (
    SELECT signature.slide_id, signature.released, signature.basis,
        (SELECT coalesce(max(each.version), 0) FROM signature AS each
            WHERE each.slide_id = signature.slide_id AND each.released) AS version
    FROM signature
    WHERE signature.id = (SELECT max(each.id) FROM signature AS each WHERE each.slide_id = signature.slide_id)
),
compared AS (
    SELECT last.slide_id, last.released, last.version, last.basis =
        'fields ' || (
            SELECT count(*) || '/' || coalesce(sum(analysis.id), 0)
            FROM field JOIN analysis ON analysis.field_id = field.id AND analysis.is_current
            WHERE field.slide_id = last.slide_id
        ) || ' decisions ' || (
            SELECT count(*) || '/' || coalesce(max(decision.id), 0)
            FROM field JOIN decision ON decision.field_id = field.id AND NOT decision.second_look
            WHERE field.slide_id = last.slide_id
        ) AS unchanged
    FROM last
)
UPDATE slide_tally SET stage = (
    SELECT CASE
        WHEN NOT released AND unchanged THEN 'awaits second signature'
        WHEN version = 0 THEN ''
        WHEN NOT (released AND unchanged) THEN 'amendment needed'
        WHEN version = 1 THEN 'signed'
        ELSE 'amended'
    END
    FROM compared WHERE compared.slide_id = slide_tally.slide_id
) WHERE slide_id IN (SELECT slide_id FROM compared)
"""


def upgrade() -> None:
    create_tally()
    create_count()
    # As SQLAlchemy writes the rule in queries: SQLite compares the two word by word.
    rules = {"sqlite_where": sa.text("lost = 1"), "postgresql_where": sa.text("lost")}
    op.create_index("ix_arrival_lost", "arrival", ["id"], **rules)
    for filling in (COUNTS, TALLIES, STAGES):
        op.execute(filling)


def downgrade() -> None:
    op.drop_index("ix_arrival_lost", "arrival")
    op.drop_table("slide_count")
    op.drop_table("slide_tally")


def number(name: str, **options: object) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, **options)


def create_tally() -> None:
    numbers = ("fields", "not_assessable", "duplicates", "quarantined")
    op.create_table(
        "slide_tally",
        number("slide_id"),
        *(number(name, server_default=sa.text("0")) for name in numbers),
        sa.Column("last_received", UTC_TIME),
        sa.Column("stage", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("slide_id", name=op.f("pk_slide_tally")),
        sa.ForeignKeyConstraint(["slide_id"], ["slide.id"], name=op.f("fk_slide_tally_slide_id_slide")),
    )
    op.create_index("ix_slide_tally_last_received", "slide_tally", ["last_received"])
    op.create_index("ix_slide_tally_stage_last_received", "slide_tally", ["stage", "last_received"])


def create_count() -> None:
    op.create_table(
        "slide_count",
        *(number(name) for name in ("slide_id", "class_id", "cells", "reviewed")),
        sa.PrimaryKeyConstraint("slide_id", "class_id", name=op.f("pk_slide_count")),
        sa.ForeignKeyConstraint(["slide_id"], ["slide.id"], name=op.f("fk_slide_count_slide_id_slide")),
        sqlite_with_rowid=False,
    )
