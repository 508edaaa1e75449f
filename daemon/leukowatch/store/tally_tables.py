"""Summary rows: what is counted on each slide, so that lists and reports need not read its cells.

`store.recounting` keeps them, in the transaction of what they sum up.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from leukowatch.store.tables import Base

WAITS = 0
"""Stands for a class where a cell waits for a person."""


class SlideTally(Base):
    """A slide's fields and files, and how far it is signed."""

    __tablename__ = "slide_tally"
    __table_args__ = (Index(None, "stage", "last_received"),)

    slide_id: Mapped[int] = mapped_column(ForeignKey("slide.id"), primary_key=True)
    fields: Mapped[int] = mapped_column(server_default=text("0"))
    """Whose current analysis found them assessable."""
    not_assessable: Mapped[int] = mapped_column(server_default=text("0"))
    duplicates: Mapped[int] = mapped_column(server_default=text("0"))
    """Files that came under this slide, as the next two."""
    quarantined: Mapped[int] = mapped_column(server_default=text("0"))
    """Without those that were set aside."""
    last_received: Mapped[datetime | None] = mapped_column(index=True)
    stage: Mapped[str] = mapped_column(server_default="")
    """As `store.life.stages` tells it; empty while no signature holds."""


class SlideCount(Base):
    """A slide's cells of one class, as `cell_state` has them; a row may say 0."""

    __tablename__ = "slide_count"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012  SQLAlchemy's declared class attribute

    slide_id: Mapped[int] = mapped_column(ForeignKey("slide.id"), primary_key=True)
    class_id: Mapped[int] = mapped_column(primary_key=True)
    """`WAITS` where they wait for a person."""
    cells: Mapped[int]
    reviewed: Mapped[int]
    """Cells of these that a person has looked at."""
