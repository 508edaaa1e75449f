"""The first tables, and the classes of cell that shipped bundles predict.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Each is written out here, not imported: this revision stays what it was when the code's tables move on.
UTC_TIME = sa.Text().with_variant(TIMESTAMP(timezone=True), "postgresql")
DIGITS = sa.Text()

# id, name, label, key, role, grp
CLASSES = (
    (1, "neutrophil", "Neutrophil", "n", "counted", "polynuclear"),
    (2, "eosinophil", "Eosinophil", "e", "counted", "polynuclear"),
    (3, "basophil", "Basophil", "b", "counted", "polynuclear"),
    (4, "lymphocyte", "Lymphocyte", "l", "counted", "mononuclear"),
    (5, "monocyte", "Monocyte", "m", "counted", "mononuclear"),
    (6, "immature_granulocyte", "Immature granulocyte", "i", "apart", ""),
    (7, "erythroblast", "Erythroblast", "r", "apart", ""),
    (8, "artefact", "Artefact", "a", "never", ""),
)


def upgrade() -> None:
    create_classes()
    create_origins()
    create_arrival()
    create_field()
    create_analysis()
    create_cell()
    create_traces()


def downgrade() -> None:
    tables = "reassignment flag cell analysis field arrival slide bundle cell_class"
    for table in tables.split():
        op.drop_table(table)


def number() -> sa.Column[int]:
    return sa.Column("id", sa.Integer(), nullable=False)


def needed(name: str, kind: sa.types.TypeEngine[object]) -> sa.Column[object]:
    return sa.Column(name, kind, nullable=False)


def text_or_empty(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def reference(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def unique(table: str, column: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(column, name=op.f(f"uq_{table}_{column}"))


def primary(table: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}"))


def check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


def index(table: str, *columns: str) -> None:
    for column in columns:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def create_classes() -> None:
    made = op.create_table(
        "cell_class",
        number(),
        needed("name", sa.Text()),
        needed("label", sa.Text()),
        needed("key", sa.Text()),
        needed("role", sa.Text()),
        text_or_empty("grp"),
        text_or_empty("code"),
        primary("cell_class"),
        unique("cell_class", "name"),
        unique("cell_class", "key"),
        check("cell_class", "role", "role IN ('counted', 'apart', 'never')"),
        check("cell_class", "grp", "grp IN ('polynuclear', 'mononuclear', '')"),
        check("cell_class", "key", "length(key) = 1"),
        check("cell_class", "name", "name <> ''"),
    )
    columns = ("id", "name", "label", "key", "role", "grp")
    op.bulk_insert(made, [dict(zip(columns, row, strict=True)) for row in CLASSES])
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SELECT setval(pg_get_serial_sequence('cell_class', 'id'), max(id)) FROM cell_class")


def create_origins() -> None:
    op.create_table(
        "bundle",
        number(),
        needed("name", sa.Text()),
        needed("sha256", sa.Text()),
        needed("kind", sa.Text()),
        needed("first_used_at", UTC_TIME),
        primary("bundle"),
        unique("bundle", "sha256"),
        check("bundle", "kind", "kind IN ('locate-classify', 'field')"),
        check("bundle", "sha256", "length(sha256) = 64"),
    )
    op.create_table(
        "slide",
        number(),
        needed("name", sa.Text()),
        needed("unassigned", sa.Boolean()),
        needed("created_at", UTC_TIME),
        primary("slide"),
        unique("slide", "name"),
        check("slide", "name", "name <> ''"),
    )


def create_arrival() -> None:
    statuses = "'counted', 'not_assessable', 'duplicate', 'quarantined', 'requeued'"
    op.create_table(
        "arrival",
        number(),
        needed("slide_id", sa.Integer()),
        needed("relative", sa.LargeBinary()),
        needed("printable", sa.Text()),
        sa.Column("sha256", sa.Text()),
        needed("size", sa.BigInteger()),
        needed("device", DIGITS),
        needed("inode", DIGITS),
        needed("mtime_ns", DIGITS),
        needed("received_at", UTC_TIME),
        needed("status", sa.Text()),
        text_or_empty("reason"),
        text_or_empty("detail"),
        sa.Column("duplicate_of_id", sa.Integer()),
        sa.Column("destination", sa.LargeBinary()),
        sa.Column("filed_at", UTC_TIME),
        sa.Column("lost", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        primary("arrival"),
        reference("arrival", "slide_id", "slide"),
        reference("arrival", "duplicate_of_id", "arrival"),
        check("arrival", "status", f"status IN ({statuses})"),
        check("arrival", "duplicate", "(status = 'duplicate') = (duplicate_of_id IS NOT NULL)"),
        check("arrival", "read", "status IN ('quarantined', 'requeued') OR sha256 IS NOT NULL"),
        check("arrival", "sha256", "length(sha256) = 64"),
        check("arrival", "size", "size >= 0"),
        check("arrival", "filed", "(destination IS NULL AND NOT lost) = (filed_at IS NULL)"),
        check("arrival", "lost", "destination IS NULL OR NOT lost"),
    )
    index("arrival", "slide_id", "printable", "sha256", "received_at", "status", "duplicate_of_id")
    waiting = sa.text("filed_at IS NULL")
    op.create_index(
        "ix_arrival_unfiled", "arrival", ["relative"], sqlite_where=waiting, postgresql_where=waiting
    )


def create_field() -> None:
    op.create_table(
        "field",
        number(),
        needed("arrival_id", sa.Integer()),
        needed("slide_id", sa.Integer()),
        needed("sha256", sa.Text()),
        needed("width", sa.Integer()),
        needed("height", sa.Integer()),
        primary("field"),
        reference("field", "arrival_id", "arrival"),
        reference("field", "slide_id", "slide"),
        unique("field", "arrival_id"),
        unique("field", "sha256"),
        check("field", "extent", "width > 0 AND height > 0"),
        check("field", "sha256", "length(sha256) = 64"),
    )
    index("field", "slide_id")


def create_analysis() -> None:
    op.create_table(
        "analysis",
        number(),
        needed("field_id", sa.Integer()),
        needed("bundle_id", sa.Integer()),
        needed("is_current", sa.Boolean()),
        needed("assessable", sa.Boolean()),
        text_or_empty("reason"),
        needed("decode_ms", sa.Double()),
        needed("locate_ms", sa.Double()),
        needed("classify_ms", sa.Double()),
        needed("analysed_at", UTC_TIME),
        primary("analysis"),
        reference("analysis", "field_id", "field"),
        reference("analysis", "bundle_id", "bundle"),
        check("analysis", "timings", "decode_ms >= 0 AND locate_ms >= 0 AND classify_ms >= 0"),
    )
    index("analysis", "field_id", "bundle_id", "analysed_at")
    current = sa.text("is_current")
    op.create_index(
        "uq_analysis_current",
        "analysis",
        ["field_id"],
        unique=True,
        sqlite_where=current,
        postgresql_where=current,
    )


def create_cell() -> None:
    op.create_table(
        "cell",
        number(),
        needed("analysis_id", sa.Integer()),
        *(needed(name, sa.Double()) for name in ("box_xmin", "box_ymin", "box_xmax", "box_ymax", "score")),
        needed("first_class_id", sa.Integer()),
        needed("first_probability", sa.Double()),
        needed("second_class_id", sa.Integer()),
        needed("second_probability", sa.Double()),
        needed("unclassified", sa.Boolean()),
        needed("counts", sa.Boolean()),
        primary("cell"),
        reference("cell", "analysis_id", "analysis"),
        reference("cell", "first_class_id", "cell_class"),
        reference("cell", "second_class_id", "cell_class"),
        check(
            "cell", "box", "0 <= box_xmin AND box_xmin < box_xmax AND 0 <= box_ymin AND box_ymin < box_ymax"
        ),
        check("cell", "score", "score BETWEEN 0 AND 1"),
        check("cell", "first_probability", "first_probability BETWEEN 0 AND 1"),
        check("cell", "second_probability", "second_probability BETWEEN 0 AND 1"),
        check("cell", "counts", "NOT (counts AND unclassified)"),
    )
    index("cell", "analysis_id")


def create_traces() -> None:
    op.create_table(
        "flag",
        number(),
        needed("slide_id", sa.Integer()),
        needed("kind", sa.Text()),
        needed("detail", sa.Text()),
        needed("created_at", UTC_TIME),
        primary("flag"),
        reference("flag", "slide_id", "slide"),
        check("flag", "kind", "kind <> ''"),
    )
    index("flag", "slide_id")
    op.create_table(
        "reassignment",
        number(),
        needed("field_id", sa.Integer()),
        needed("from_slide_id", sa.Integer()),
        needed("to_slide_id", sa.Integer()),
        needed("reason", sa.Text()),
        needed("who", sa.Text()),
        needed("at", UTC_TIME),
        primary("reassignment"),
        reference("reassignment", "field_id", "field"),
        reference("reassignment", "from_slide_id", "slide"),
        reference("reassignment", "to_slide_id", "slide"),
        check("reassignment", "moves", "from_slide_id <> to_slide_id"),
        check("reassignment", "reason", "reason <> ''"),
    )
    index("reassignment", "field_id")
