"""The end of the audit trail, as a person looks at it: the last act first."""

from sqlalchemy import Engine, func, select

from leukowatch.store.audit import AuditRow
from leukowatch.store.people_tables import Audit
from leukowatch.store.queries import reading


def last_acts(engine: Engine, *, subject: str, before: int | None, limit: int) -> tuple[int, list[AuditRow]]:
    """Give the number of acts, and the last of them.

    Args:
        engine: to read from.
        subject: part of what was acted on; empty for all.
        before: only acts with a lower number; None from the end.
        limit: at most so many.

    Raises:
        StoreUnavailable: the database cannot be read.
    """
    rules = [Audit.subject.icontains(subject, autoescape=True)] if subject else []
    wanted = select(*(getattr(Audit, name) for name in AuditRow.__slots__)).where(*rules)
    if before is not None:
        wanted = wanted.where(Audit.id < before)
    with reading(engine) as connection:
        total = connection.execute(select(func.count()).select_from(Audit).where(*rules)).scalar_one()
        rows = connection.execute(wanted.order_by(Audit.id.desc()).limit(limit))
        return int(total), [AuditRow(*row) for row in rows]
