"""People: accounts, decisions, signatures and their audit trail; and the classes that only people name.

Revision ID: 0003
Revises: 0002
"""

import string

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Each is written out here, not imported: this revision stays what it was when the code's tables move on.
UTC_TIME = sa.Text().with_variant(TIMESTAMP(timezone=True), "postgresql")
BOX = ("box_xmin", "box_ymin", "box_xmax", "box_ymax")
ROLES = "role IN ('reader', 'technologist', 'supervisor', 'administrator')"

# name, label, key, role, grp. The three stages are counted apart, as the immature granulocytes are of which
# they are kinds: naming a cell more exactly does not change what the per cents are of.
CLASSES = (
    ("blast", "Blast", "t", "counted", ""),
    ("promyelocyte", "Promyelocyte", "p", "apart", ""),
    ("myelocyte", "Myelocyte", "y", "apart", ""),
    ("metamyelocyte", "Metamyelocyte", "j", "apart", ""),
    ("band", "Band neutrophil", "d", "counted", "polynuclear"),
    ("reactive_lymphocyte", "Reactive lymphocyte", "v", "counted", "mononuclear"),
    ("plasma_cell", "Plasma cell", "c", "counted", "mononuclear"),
    ("smudge", "Smudge cell", "s", "never", ""),
    ("other", "Other leucocyte", "o", "counted", ""),
)

# A row per cell: its class by the last decision that stands, else by the bundle; no class where it waits for a
# person. Cells that people added have `added_id`, the decision that added them, for `cell_id`.
STANDS = (
    "d.kind IN ('classify', 'seen') AND NOT d.second_look "
    "AND NOT EXISTS (SELECT 1 FROM decision AS undoing WHERE undoing.undoes_id = d.id) ORDER BY d.id DESC LIMIT 1"
)
CELL_STATE = f"""
CREATE VIEW cell_state AS
SELECT
    located.slide_id,
    located.field_id,
    located.cell_id,
    located.added_id,
    located.decision_id,
    coalesce(decision.class_id, located.class_id) AS class_id
FROM (
    SELECT
        field.slide_id,
        field.id AS field_id,
        cell.id AS cell_id,
        CAST(NULL AS INTEGER) AS added_id,
        CASE WHEN cell.unclassified THEN NULL ELSE cell.first_class_id END AS class_id,
        (SELECT d.id FROM decision AS d WHERE d.cell_id = cell.id AND {STANDS}) AS decision_id
    FROM cell
    JOIN analysis ON analysis.id = cell.analysis_id AND analysis.is_current
    JOIN field ON field.id = analysis.field_id
    UNION ALL
    SELECT
        field.slide_id,
        field.id,
        NULL,
        made.id,
        made.class_id,
        coalesce((SELECT d.id FROM decision AS d WHERE d.added_id = made.id AND {STANDS}), made.id)
    FROM decision AS made
    JOIN field ON field.id = made.field_id
    WHERE made.kind = 'add' AND NOT EXISTS (SELECT 1 FROM decision AS undoing WHERE undoing.undoes_id = made.id)
) AS located
LEFT JOIN decision ON decision.id = located.decision_id
"""  # noqa: S608  no text from outside

# A row per class of the five-part differential, zeros included, for each slide with an assessable field, and one
# for each further counted class that people found there. `reviewed`: cells of these that a person has looked at.
DIFFERENTIAL = """
CREATE VIEW differential AS
WITH tally AS (
    SELECT
        cell_state.slide_id,
        cell_state.class_id,
        count(*) AS cells,
        count(cell_state.decision_id) AS reviewed
    FROM cell_state
    JOIN cell_class ON cell_class.id = cell_state.class_id AND cell_class.role = 'counted'
    GROUP BY cell_state.slide_id, cell_state.class_id
),
total AS (
    SELECT slide_id, sum(cells) AS cells FROM tally GROUP BY slide_id
)
SELECT
    slide.name AS slide,
    cell_class.name AS class,
    coalesce(tally.cells, 0) AS cells,
    round(100.0 * coalesce(tally.cells, 0) / total.cells, 1) AS percent,
    coalesce(tally.reviewed, 0) AS reviewed
FROM slide
CROSS JOIN cell_class
LEFT JOIN tally ON tally.slide_id = slide.id AND tally.class_id = cell_class.id
LEFT JOIN total ON total.slide_id = slide.id
WHERE cell_class.role = 'counted'
AND (tally.cells > 0 OR cell_class.name IN ('neutrophil', 'eosinophil', 'basophil', 'lymphocyte', 'monocyte'))
AND EXISTS (
    SELECT 1 FROM field
    JOIN analysis ON analysis.field_id = field.id AND analysis.is_current AND analysis.assessable
    WHERE field.slide_id = slide.id
)
ORDER BY slide.name, cell_class.id
"""

# A row per cell of a current analysis or added by a person, whether or not it counts. `class` is the one that
# holds, `reviewed` whether a person has looked at it; first and second are the bundle's, null for added cells.
CELL_RESULT = """
CREATE VIEW cell_result AS
SELECT
    slide.name AS slide,
    arrival.printable AS field,
    coalesce(cell.box_xmin, made.box_xmin) AS xmin,
    coalesce(cell.box_ymin, made.box_ymin) AS ymin,
    coalesce(cell.box_xmax, made.box_xmax) AS xmax,
    coalesce(cell.box_ymax, made.box_ymax) AS ymax,
    first.name AS first_class,
    cell.first_probability,
    second.name AS second_class,
    cell.second_probability,
    cell_class.name AS class,
    cell_state.decision_id IS NOT NULL AS reviewed,
    coalesce(cell_class.role = 'counted', false) AS counts,
    cell_state.class_id IS NULL AS unclassified
FROM cell_state
JOIN field ON field.id = cell_state.field_id
JOIN arrival ON arrival.id = field.arrival_id
JOIN slide ON slide.id = cell_state.slide_id
LEFT JOIN cell ON cell.id = cell_state.cell_id
LEFT JOIN decision AS made ON made.id = cell_state.added_id
LEFT JOIN cell_class ON cell_class.id = cell_state.class_id
LEFT JOIN cell_class AS first ON first.id = cell.first_class_id
LEFT JOIN cell_class AS second ON second.id = cell.second_class_id
ORDER BY slide.name, cell_state.field_id, cell_state.added_id IS NOT NULL, cell_state.cell_id, cell_state.added_id
"""

# The views of revision 0002, for the way back.
FORMER_DIFFERENTIAL = """
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
FORMER_CELL_RESULT = """
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


def upgrade() -> None:
    create_people()
    create_audit()
    create_decision()
    create_signature()
    create_outbox()
    create_worklist()
    create_bundle_class()
    add_classes()
    replace_views(CELL_STATE, DIFFERENTIAL, CELL_RESULT)


def downgrade() -> None:
    replace_views(FORMER_DIFFERENTIAL, FORMER_CELL_RESULT)
    op.execute("DROP VIEW cell_state")
    tables = "bundle_class slide_end worklist outbox signature decision audit "
    tables += "login_attempt api_token web_session account"
    for table in tables.split():
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        for table in ("signature", "decision", "audit"):
            op.execute(f"DROP FUNCTION {table}_append_only()")
    names = ", ".join(f"'{name}'" for name, *_ in CLASSES)
    op.execute(
        f"DELETE FROM cell_class WHERE name IN ({names}) AND NOT EXISTS "  # noqa: S608  no text from outside
        "(SELECT 1 FROM cell WHERE cell_class.id IN (cell.first_class_id, cell.second_class_id))"
    )


def replace_views(*views: str) -> None:
    for view in ("cell_result", "differential"):
        op.execute(f"DROP VIEW {view}")
    for view in views:
        op.execute(view)


def number() -> sa.Column[int]:
    return sa.Column("id", sa.Integer(), nullable=False)


def needed(name: str, kind: sa.types.TypeEngine[object]) -> sa.Column[object]:
    return sa.Column(name, kind, nullable=False)


def text_or_empty(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def reference(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def primary(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns or ("id",), name=op.f(f"pk_{table}"))


def check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


def index(table: str, *columns: str) -> None:
    for column in columns:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def append_only(table: str) -> None:
    """Have the database refuse what is no new row; on SQLite a replacement too, which fires no deletion."""
    said = f"{table} is append-only"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{said}'; END $$"
        )
        for event, each in (("UPDATE OR DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
            op.execute(
                f"CREATE TRIGGER {table}_no_{event.split()[0].lower()} BEFORE {event} ON {table} "
                f"FOR EACH {each} EXECUTE FUNCTION {table}_append_only()"
            )
        return
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{said}'); END"
        )
    op.execute(
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "  # noqa: S608  no text from outside
        f"WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id) "
        f"BEGIN SELECT RAISE(ABORT, '{said}'); END"
    )


def create_people() -> None:
    op.create_table(
        "account",
        number(),
        needed("name", sa.Text()),
        needed("role", sa.Text()),
        needed("password_hash", sa.Text()),
        needed("active", sa.Boolean()),
        needed("created_at", UTC_TIME),
        primary("account"),
        unique("account", "name"),
        check("account", "name", "name <> ''"),
        check("account", "role", ROLES),
    )
    op.create_table(
        "web_session",
        number(),
        needed("account_id", sa.Integer()),
        needed("token_hash", sa.Text()),
        needed("csrf", sa.Text()),
        needed("created_at", UTC_TIME),
        needed("expires_at", UTC_TIME),
        primary("web_session"),
        reference("web_session", "account_id", "account"),
        unique("web_session", "token_hash"),
        check("web_session", "token_hash", "length(token_hash) = 64"),
    )
    index("web_session", "account_id", "expires_at")
    op.create_table(
        "api_token",
        number(),
        needed("account_id", sa.Integer()),
        needed("label", sa.Text()),
        needed("role", sa.Text()),
        needed("token_hash", sa.Text()),
        needed("created_at", UTC_TIME),
        sa.Column("revoked_at", UTC_TIME),
        primary("api_token"),
        reference("api_token", "account_id", "account"),
        unique("api_token", "token_hash"),
        check("api_token", "role", ROLES),
        check("api_token", "token_hash", "length(token_hash) = 64"),
    )
    index("api_token", "account_id")
    op.create_table(
        "login_attempt",
        number(),
        needed("name", sa.Text()),
        needed("address", sa.Text()),
        needed("at", UTC_TIME),
        needed("succeeded", sa.Boolean()),
        primary("login_attempt"),
    )
    index("login_attempt", "name", "address", "at")


def create_audit() -> None:
    op.create_table(
        "audit",
        number(),
        needed("at", UTC_TIME),
        needed("who", sa.Text()),
        needed("act", sa.Text()),
        needed("subject", sa.Text()),
        text_or_empty("before"),
        text_or_empty("after"),
        needed("previous_hash", sa.Text()),
        needed("hash", sa.Text()),
        primary("audit"),
        unique("audit", "hash"),
        check("audit", "hash", "length(hash) = 64 AND length(previous_hash) = 64"),
        check("audit", "who", "who <> ''"),
    )
    index("audit", "subject")
    append_only("audit")


def create_decision() -> None:
    marks = "cell_id IS NULL AND added_id IS NULL AND class_id IS NOT NULL AND undoes_id IS NULL"
    aims = "(cell_id IS NULL) <> (added_id IS NULL) AND class_id IS NOT NULL AND undoes_id IS NULL"
    rules = {
        "kind": "kind IN ('classify', 'seen', 'add', 'undo')",
        "add": f"kind <> 'add' OR ({marks} AND NOT second_look)",
        "aim": f"kind NOT IN ('classify', 'seen') OR ({aims})",
        "undo": "(kind = 'undo') = (undoes_id IS NOT NULL) AND (kind <> 'undo' OR class_id IS NULL)",
        "box": "(kind = 'add') = (box_xmin IS NOT NULL AND box_ymin IS NOT NULL AND box_xmax IS NOT NULL "
        "AND box_ymax IS NOT NULL)",
        "extent": "0 <= box_xmin AND box_xmin < box_xmax AND 0 <= box_ymin AND box_ymin < box_ymax",
    }
    op.create_table(
        "decision",
        number(),
        needed("field_id", sa.Integer()),
        *(sa.Column(name, sa.Integer()) for name in ("cell_id", "added_id")),
        needed("kind", sa.Text()),
        sa.Column("class_id", sa.Integer()),
        *(sa.Column(name, sa.Double()) for name in BOX),
        sa.Column("undoes_id", sa.Integer()),
        needed("second_look", sa.Boolean()),
        needed("account_id", sa.Integer()),
        needed("audit_id", sa.Integer()),
        needed("at", UTC_TIME),
        primary("decision"),
        reference("decision", "field_id", "field"),
        reference("decision", "cell_id", "cell"),
        reference("decision", "added_id", "decision"),
        reference("decision", "class_id", "cell_class"),
        reference("decision", "undoes_id", "decision"),
        reference("decision", "account_id", "account"),
        reference("decision", "audit_id", "audit"),
        unique("decision", "undoes_id"),
        *(check("decision", name, rule) for name, rule in rules.items()),
    )
    index("decision", "cell_id", "added_id", "account_id", "audit_id")
    op.create_index("ix_decision_field_id_second_look", "decision", ["field_id", "second_look"])
    append_only("decision")


def create_signature() -> None:
    op.create_table(
        "signature",
        number(),
        needed("slide_id", sa.Integer()),
        needed("kind", sa.Text()),
        needed("version", sa.Integer()),
        needed("account_id", sa.Integer()),
        needed("role", sa.Text()),
        needed("at", UTC_TIME),
        text_or_empty("reason"),
        text_or_empty("comment"),
        needed("needs_second", sa.Boolean()),
        needed("released", sa.Boolean()),
        needed("basis", sa.Text()),
        needed("result", sa.Text()),
        needed("audit_id", sa.Integer()),
        needed("seal", sa.Text()),
        primary("signature"),
        reference("signature", "slide_id", "slide"),
        reference("signature", "account_id", "account"),
        reference("signature", "audit_id", "audit"),
        unique("signature", "audit_id"),
        check("signature", "kind", "kind IN ('sign', 'second', 'amend')"),
        check("signature", "version", "version >= 1"),
        check("signature", "reason", "(kind = 'amend') = (reason <> '')"),
        check("signature", "released", "released = (kind = 'second' OR NOT needs_second)"),
        check("signature", "seal", "length(seal) = 64"),
    )
    index("signature", "slide_id", "account_id")
    append_only("signature")


def create_outbox() -> None:
    op.create_table(
        "outbox",
        number(),
        needed("signature_id", sa.Integer()),
        needed("target", sa.Text()),
        needed("control_id", sa.Text()),
        sa.Column("payload", sa.LargeBinary()),
        needed("state", sa.Text()),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        needed("next_try_at", UTC_TIME),
        text_or_empty("last_error"),
        needed("created_at", UTC_TIME),
        sa.Column("sent_at", UTC_TIME),
        primary("outbox"),
        reference("outbox", "signature_id", "signature"),
        unique("outbox", "signature_id", "target"),
        unique("outbox", "control_id"),
        check("outbox", "target", "target <> ''"),
        check("outbox", "state", "state IN ('waiting', 'sent', 'failed')"),
        check("outbox", "sent", "(state = 'sent') = (sent_at IS NOT NULL)"),
    )
    waiting = sa.text("state = 'waiting'")
    op.create_index(
        "ix_outbox_waiting", "outbox", ["next_try_at"], sqlite_where=waiting, postgresql_where=waiting
    )


def create_worklist() -> None:
    op.create_table(
        "worklist",
        number(),
        needed("slide", sa.Text()),
        needed("is_pattern", sa.Boolean()),
        needed("order_id", sa.Text()),
        sa.Column("age_years", sa.Double()),
        text_or_empty("sex"),
        sa.Column("leucocytes", sa.Double()),
        needed("recorded_at", UTC_TIME),
        primary("worklist"),
        check("worklist", "slide", "slide <> ''"),
        check("worklist", "order_id", "order_id <> ''"),
        check("worklist", "sex", "sex IN ('female', 'male', '')"),
        check("worklist", "age_years", "age_years BETWEEN 0 AND 150"),
        check("worklist", "leucocytes", "leucocytes >= 0"),
    )
    index("worklist", "slide")
    patterns = sa.text("is_pattern")
    op.create_index(
        "ix_worklist_pattern", "worklist", ["id"], sqlite_where=patterns, postgresql_where=patterns
    )
    op.create_table(
        "slide_end",
        number(),
        needed("slide", sa.Text()),
        needed("noted_at", UTC_TIME),
        primary("slide_end"),
        unique("slide_end", "slide"),
        check("slide_end", "slide", "slide <> ''"),
    )


def create_bundle_class() -> None:
    """Keep what each bundle can name; for bundles of before, what they have named so far."""
    op.create_table(
        "bundle_class",
        needed("bundle_id", sa.Integer()),
        needed("class_id", sa.Integer()),
        primary("bundle_class", "bundle_id", "class_id"),
        reference("bundle_class", "bundle_id", "bundle"),
        reference("bundle_class", "class_id", "cell_class"),
    )
    named = (
        f"SELECT analysis.bundle_id, cell.{rank}_class_id FROM cell JOIN analysis ON analysis.id = cell.analysis_id"  # noqa: S608  no text from outside
        for rank in ("first", "second")
    )
    op.execute(f"INSERT INTO bundle_class {' UNION '.join(named)}")


def add_classes() -> None:
    """Add the classes that a site has not named itself; one whose key is taken gets a free one."""
    table = sa.table("cell_class", *(sa.column(name) for name in ("name", "label", "key", "role", "grp")))
    bind = op.get_bind()
    known = {row.name: row.key for row in bind.execute(sa.select(table.c.name, table.c.key))}
    for name, label, wanted, role, grp in CLASSES:
        if name in known:
            continue
        letters = (wanted, *string.ascii_lowercase, *string.ascii_uppercase)
        key = next(letter for letter in letters if letter not in known.values())
        bind.execute(sa.insert(table).values(name=name, label=label, key=key, role=role, grp=grp))
        known[name] = key
