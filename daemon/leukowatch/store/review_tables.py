"""The tables of the review: decisions and signatures, what goes out, and what the laboratory says of a slide."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from leukowatch.store.tables import Base

_MARKS = "cell_id IS NULL AND added_id IS NULL AND class_id IS NOT NULL AND undoes_id IS NULL"
_AIMS = "(cell_id IS NULL) <> (added_id IS NULL) AND class_id IS NOT NULL AND undoes_id IS NULL"


class Decision(Base):
    """A person's act on a cell; append-only."""

    __tablename__ = "decision"
    __table_args__ = (
        CheckConstraint("kind IN ('classify', 'seen', 'add', 'undo')", "kind"),
        CheckConstraint(f"kind <> 'add' OR ({_MARKS} AND NOT second_look)", "add"),
        CheckConstraint(f"kind NOT IN ('classify', 'seen') OR ({_AIMS})", "aim"),
        CheckConstraint(
            "(kind = 'undo') = (undoes_id IS NOT NULL) AND (kind <> 'undo' OR class_id IS NULL)", "undo"
        ),
        CheckConstraint(
            "(kind = 'add') = (box_xmin IS NOT NULL AND box_ymin IS NOT NULL AND box_xmax IS NOT NULL "
            "AND box_ymax IS NOT NULL)", "box",
        ),
        CheckConstraint(
            "0 <= box_xmin AND box_xmin < box_xmax AND 0 <= box_ymin AND box_ymin < box_ymax", "extent"
        ),
        Index(None, "field_id", "second_look"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    field_id: Mapped[int] = mapped_column(ForeignKey("field.id"))
    cell_id: Mapped[int | None] = mapped_column(ForeignKey("cell.id"), index=True)
    """The bundle's cell that it is about."""
    added_id: Mapped[int | None] = mapped_column(ForeignKey("decision.id"), index=True)
    """The decision that added the cell that it is about."""
    kind: Mapped[str]
    """`classify`, `seen` (the class that holds is right), `add`, `undo`."""
    class_id: Mapped[int | None] = mapped_column(ForeignKey("cell_class.id"))
    """The class that the person names or, with `seen`, confirms."""
    box_xmin: Mapped[float | None]
    """Of an added cell, pixels of the upright field, as the other three."""
    box_ymin: Mapped[float | None]
    box_xmax: Mapped[float | None]
    box_ymax: Mapped[float | None]
    undoes_id: Mapped[int | None] = mapped_column(ForeignKey("decision.id"), unique=True)
    second_look: Mapped[bool]
    """True for an independent second count, which changes no result."""
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    audit_id: Mapped[int] = mapped_column(ForeignKey("audit.id"), index=True)
    """The audit's row of this act; decisions of one act share it, and are undone together."""
    at: Mapped[datetime]


class Signature(Base):
    """A person who answers for a slide's result, with the result as it was then; append-only."""

    __tablename__ = "signature"
    __table_args__ = (
        CheckConstraint("kind IN ('sign', 'second', 'amend')", "kind"),
        CheckConstraint("version >= 1", "version"),
        CheckConstraint("(kind = 'amend') = (reason <> '')", "reason"),
        CheckConstraint("released = (kind = 'second' OR NOT needs_second)", "released"),
        CheckConstraint("length(seal) = 64", "seal"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slide_id: Mapped[int] = mapped_column(ForeignKey("slide.id"), index=True)
    kind: Mapped[str]
    version: Mapped[int]
    """1 for the first signature and its second, one more for each amendment."""
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    role: Mapped[str]
    """The person's at the time."""
    at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(server_default="")
    """Of an amendment."""
    comment: Mapped[str] = mapped_column(server_default="")
    needs_second: Mapped[bool]
    released: Mapped[bool]
    """Whether the version is signed in full by this."""
    basis: Mapped[str]
    """What fields and decisions there were, as `store.life.basis_of` tells it."""
    result: Mapped[str]
    """JSON of the `SlideResult`, without state, version and signatures, which these rows tell."""
    audit_id: Mapped[int] = mapped_column(ForeignKey("audit.id"), unique=True)
    seal: Mapped[str]
    """Hash of that row of the audit."""


class Outbox(Base):
    """A signed result on its way to another system."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("signature_id", "target"),
        CheckConstraint("target <> ''", "target"),
        CheckConstraint("state IN ('waiting', 'sent', 'failed')", "state"),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", "sent"),
        Index("ix_outbox_waiting", "next_try_at", sqlite_where=text("state = 'waiting'"),
              postgresql_where=text("state = 'waiting'")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    signature_id: Mapped[int] = mapped_column(ForeignKey("signature.id"))
    """The signature that released the result."""
    target: Mapped[str]
    control_id: Mapped[str] = mapped_column(unique=True)
    """Names the message for ever, at every try: 16 hexadecimal digits."""
    payload: Mapped[bytes | None]
    """The message as it was first made, so that each try sends the same; null before that."""
    state: Mapped[str]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    next_try_at: Mapped[datetime]
    last_error: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


class Worklist(Base):
    """What the laboratory's list tells about a slide; the last row that fits a slide holds."""

    __tablename__ = "worklist"
    __table_args__ = (
        CheckConstraint("slide <> ''", "slide"),
        CheckConstraint("order_id <> ''", "order_id"),
        CheckConstraint("sex IN ('female', 'male', '')", "sex"),
        CheckConstraint("age_years BETWEEN 0 AND 150", "age_years"),
        CheckConstraint("leucocytes >= 0", "leucocytes"),
        Index("ix_worklist_pattern", "id", sqlite_where=text("is_pattern"), postgresql_where=text("is_pattern")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    slide: Mapped[str] = mapped_column(index=True)
    """The slide's name or, with `*` and `?`, a pattern for it."""
    is_pattern: Mapped[bool]
    order_id: Mapped[str]
    age_years: Mapped[float | None]
    sex: Mapped[str] = mapped_column(server_default="")
    leucocytes: Mapped[float | None]
    """External leucocyte count, 10^9 a litre."""
    recorded_at: Mapped[datetime]


class SlideEnd(Base):
    """A `.done` file in a slide's inbox folder: the microscope says that no more fields come."""

    __tablename__ = "slide_end"
    __table_args__ = (CheckConstraint("slide <> ''", "slide"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    slide: Mapped[str] = mapped_column(unique=True)
    """The slide's name; its row may come later."""
    noted_at: Mapped[datetime]


class BundleClass(Base):
    """A class that a bundle can name."""

    __tablename__ = "bundle_class"

    bundle_id: Mapped[int] = mapped_column(ForeignKey("bundle.id"), primary_key=True)
    class_id: Mapped[int] = mapped_column(ForeignKey("cell_class.id"), primary_key=True)
