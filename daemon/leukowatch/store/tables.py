"""The store's tables. A migration of `migrations/` creates them; tests hold the two together."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, MetaData, false, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from leukowatch.store.columns import PlainText, UtcTime, WideInteger


class Base(DeclarativeBase):
    """Root of the tables."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012  SQLAlchemy's declared class attribute
        str: PlainText,
        datetime: UtcTime,
    }


class CellClass(Base):
    """A class of cell: rows, so that people may name more than a bundle predicts."""

    __tablename__ = "cell_class"
    __table_args__ = (
        CheckConstraint("role IN ('counted', 'apart', 'never')", "role"),
        CheckConstraint("grp IN ('polynuclear', 'mononuclear', '')", "grp"),
        CheckConstraint("length(key) = 1", "key"),
        CheckConstraint("name <> ''", "name"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Also the order of reports."""
    name: Mapped[str] = mapped_column(unique=True)
    label: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    """One letter that selects the class on a keyboard."""
    role: Mapped[str]
    """What it does to the count: `counted`, `apart` or `never`."""
    grp: Mapped[str] = mapped_column(server_default="")
    """`polynuclear`, `mononuclear` or empty (`group` is a word of SQL)."""
    code: Mapped[str] = mapped_column(server_default="")
    """The site's or a terminology's code, for exchange; may be empty."""
    retired: Mapped[bool] = mapped_column(server_default=false())
    """Given to no further cell; cells that have it keep it."""


class Bundle(Base):
    """A released model that has analysed at least one field here."""

    __tablename__ = "bundle"
    __table_args__ = (
        CheckConstraint("kind IN ('locate-classify', 'field')", "kind"),
        CheckConstraint("length(sha256) = 64", "sha256"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    sha256: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    first_used_at: Mapped[datetime]


class Slide(Base):
    """One stained smear, whose fields make one differential."""

    __tablename__ = "slide"
    __table_args__ = (CheckConstraint("name <> ''", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    unassigned: Mapped[bool]
    """True where no folder and no pattern named it."""
    created_at: Mapped[datetime]


class Arrival(Base):
    """A file taken from the inbox, whatever became of it."""

    __tablename__ = "arrival"
    __table_args__ = (
        CheckConstraint(
            "status IN ('counted', 'not_assessable', 'duplicate', 'quarantined', 'requeued')", "status"
        ),
        CheckConstraint("(status = 'duplicate') = (duplicate_of_id IS NOT NULL)", "duplicate"),
        CheckConstraint("status IN ('quarantined', 'requeued') OR sha256 IS NOT NULL", "read"),
        CheckConstraint("length(sha256) = 64", "sha256"),
        CheckConstraint("size >= 0", "size"),
        CheckConstraint("(destination IS NULL AND NOT lost) = (filed_at IS NULL)", "filed"),
        CheckConstraint("destination IS NULL OR NOT lost", "lost"),
        Index("ix_arrival_unfiled", "relative", sqlite_where=text("filed_at IS NULL"),
              postgresql_where=text("filed_at IS NULL")),
        Index("ix_arrival_lost", "id", sqlite_where=text("lost = 1"), postgresql_where=text("lost")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    slide_id: Mapped[int] = mapped_column(ForeignKey("slide.id"), index=True)
    """The slide under which it came; a field's own slide may be mended later."""
    relative: Mapped[bytes]
    """Raw path below the inbox."""
    printable: Mapped[str] = mapped_column(index=True)
    sha256: Mapped[str | None] = mapped_column(index=True)
    """Of the content; null where it was never read."""
    size: Mapped[int] = mapped_column(BigInteger)
    device: Mapped[int] = mapped_column(WideInteger)
    inode: Mapped[int] = mapped_column(WideInteger)
    mtime_ns: Mapped[int] = mapped_column(WideInteger)
    received_at: Mapped[datetime] = mapped_column(index=True)
    status: Mapped[str] = mapped_column(index=True)
    reason: Mapped[str] = mapped_column(server_default="")
    detail: Mapped[str] = mapped_column(server_default="")
    duplicate_of_id: Mapped[int | None] = mapped_column(ForeignKey("arrival.id"), index=True)
    """The arrival whose field has the same content."""
    destination: Mapped[bytes | None]
    """Raw path below the home to which it was moved; null before that, and where it was lost."""
    filed_at: Mapped[datetime | None]
    lost: Mapped[bool] = mapped_column(server_default=text("false"))
    """True where the file was gone or replaced before it could be moved."""
    pruned_at: Mapped[datetime | None]
    """When the file was deleted from the archive for its age; `destination` still says where it was."""
    home: Mapped[str] = mapped_column(server_default="")
    """Name of the home whose inbox it came from, where several share the database; else empty."""
    set_aside_id: Mapped[int | None] = mapped_column(ForeignKey("audit.id"))
    """The audit's row of a supervisor who judged this quarantined file unusable; null while nobody has."""


class Field(Base):
    """An image whose content was read: unique by its hash, so that it counts once."""

    __tablename__ = "field"
    __table_args__ = (
        CheckConstraint("width > 0 AND height > 0", "extent"),
        CheckConstraint("length(sha256) = 64", "sha256"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    arrival_id: Mapped[int] = mapped_column(ForeignKey("arrival.id"), unique=True)
    slide_id: Mapped[int] = mapped_column(ForeignKey("slide.id"), index=True)
    sha256: Mapped[str] = mapped_column(unique=True)
    width: Mapped[int]
    height: Mapped[int]


class Analysis(Base):
    """One field looked at by one bundle; one of a field's analyses is current."""

    __tablename__ = "analysis"
    __table_args__ = (
        CheckConstraint("decode_ms >= 0 AND locate_ms >= 0 AND classify_ms >= 0", "timings"),
        Index("uq_analysis_current", "field_id", unique=True, sqlite_where=text("is_current"),
              postgresql_where=text("is_current")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    field_id: Mapped[int] = mapped_column(ForeignKey("field.id"), index=True)
    bundle_id: Mapped[int] = mapped_column(ForeignKey("bundle.id"), index=True)
    is_current: Mapped[bool]
    assessable: Mapped[bool]
    reason: Mapped[str] = mapped_column(server_default="")
    """Why the field is not assessable."""
    decode_ms: Mapped[float]
    locate_ms: Mapped[float]
    classify_ms: Mapped[float]
    analysed_at: Mapped[datetime] = mapped_column(index=True)


class Cell(Base):
    """One located cell of an analysis: its box in pixels and its two most probable classes."""

    __tablename__ = "cell"
    __table_args__ = (
        CheckConstraint(
            "0 <= box_xmin AND box_xmin < box_xmax AND 0 <= box_ymin AND box_ymin < box_ymax", "box"
        ),
        CheckConstraint("score BETWEEN 0 AND 1", "score"),
        CheckConstraint("first_probability BETWEEN 0 AND 1", "first_probability"),
        CheckConstraint("second_probability BETWEEN 0 AND 1", "second_probability"),
        CheckConstraint("NOT (counts AND unclassified)", "counts"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    analysis_id: Mapped[int] = mapped_column(ForeignKey("analysis.id"), index=True)
    box_xmin: Mapped[float]
    """Pixels, as the other three; the prefix, because PostgreSQL keeps `xmin` and `xmax` for itself."""
    box_ymin: Mapped[float]
    box_xmax: Mapped[float]
    box_ymax: Mapped[float]
    score: Mapped[float]
    first_class_id: Mapped[int] = mapped_column(ForeignKey("cell_class.id"))
    first_probability: Mapped[float]
    second_class_id: Mapped[int] = mapped_column(ForeignKey("cell_class.id"))
    second_probability: Mapped[float]
    unclassified: Mapped[bool]
    counts: Mapped[bool]


class Flag(Base):
    """Something about a slide that a person should look at; appended, never changed."""

    __tablename__ = "flag"
    __table_args__ = (CheckConstraint("kind <> ''", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    slide_id: Mapped[int] = mapped_column(ForeignKey("slide.id"), index=True)
    kind: Mapped[str]
    """`unassigned`, `duplicate_elsewhere` or `reassigned`."""
    detail: Mapped[str]
    created_at: Mapped[datetime]


class Reassignment(Base):
    """A field moved from one slide to another by a person; appended, never changed."""

    __tablename__ = "reassignment"
    __table_args__ = (
        CheckConstraint("from_slide_id <> to_slide_id", "moves"),
        CheckConstraint("reason <> ''", "reason"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    field_id: Mapped[int] = mapped_column(ForeignKey("field.id"), index=True)
    from_slide_id: Mapped[int] = mapped_column(ForeignKey("slide.id"))
    to_slide_id: Mapped[int] = mapped_column(ForeignKey("slide.id"))
    reason: Mapped[str]
    who: Mapped[str]
    at: Mapped[datetime]
