"""The views for people with only `sqlite3` at hand.

Revision ID: 0002
Revises: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# A row per counted class, zeros included, for each slide with an assessable field.
DIFFERENTIAL = """
CREATE VIEW differential AS
WITH tally AS (
    SELECT field.slide_id, cell.first_class_id AS class_id, count(*) AS cells
    FROM cell
    JOIN analysis ON analysis.id = cell.analysis_id AND analysis.is_current
    JOIN field ON field.id = analysis.field_id
    JOIN cell_class ON cell_class.id = cell.first_class_id AND cell_class.role = 'counted'
    WHERE cell.counts
    GROUP BY field.slide_id, cell.first_class_id
),
total AS (
    SELECT slide_id, sum(cells) AS cells FROM tally GROUP BY slide_id
)
SELECT
    slide.name AS slide,
    cell_class.name AS class,
    coalesce(tally.cells, 0) AS cells,
    round(100.0 * coalesce(tally.cells, 0) / total.cells, 1) AS percent
FROM slide
CROSS JOIN cell_class
LEFT JOIN tally ON tally.slide_id = slide.id AND tally.class_id = cell_class.id
LEFT JOIN total ON total.slide_id = slide.id
WHERE cell_class.role = 'counted' AND EXISTS (
    SELECT 1 FROM field
    JOIN analysis ON analysis.field_id = field.id AND analysis.is_current AND analysis.assessable
    WHERE field.slide_id = slide.id
)
ORDER BY slide.name, cell_class.id
"""

# A row per cell of a current analysis, whether or not it counts.
CELL_RESULT = """
CREATE VIEW cell_result AS
SELECT
    slide.name AS slide,
    arrival.printable AS field,
    cell.box_xmin AS xmin,
    cell.box_ymin AS ymin,
    cell.box_xmax AS xmax,
    cell.box_ymax AS ymax,
    first.name AS first_class,
    cell.first_probability,
    second.name AS second_class,
    cell.second_probability,
    cell.counts,
    cell.unclassified
FROM cell
JOIN analysis ON analysis.id = cell.analysis_id AND analysis.is_current
JOIN field ON field.id = analysis.field_id
JOIN arrival ON arrival.id = field.arrival_id
JOIN slide ON slide.id = field.slide_id
JOIN cell_class AS first ON first.id = cell.first_class_id
JOIN cell_class AS second ON second.id = cell.second_class_id
ORDER BY slide.name, field.id, cell.id
"""

# A row per file taken; `field` is the number of the field that it became, else null.
FIELD_STATUS = """
CREATE VIEW field_status AS
SELECT
    field.id AS field,
    slide.name AS slide,
    arrival.printable AS file,
    arrival.status AS status,
    CASE
        WHEN arrival.status = 'duplicate' THEN 'same content as ' || original.printable
        ELSE arrival.reason
    END AS reason,
    arrival.sha256 AS sha256,
    arrival.received_at AS received_at
FROM arrival
LEFT JOIN field ON field.arrival_id = arrival.id
LEFT JOIN arrival AS original ON original.id = arrival.duplicate_of_id
JOIN slide ON slide.id = coalesce(field.slide_id, arrival.slide_id)
ORDER BY arrival.id
"""


def upgrade() -> None:
    op.execute(DIFFERENTIAL)
    op.execute(CELL_RESULT)
    op.execute(FIELD_STATUS)


def downgrade() -> None:
    for view in ("field_status", "cell_result", "differential"):
        op.execute(f"DROP VIEW {view}")
