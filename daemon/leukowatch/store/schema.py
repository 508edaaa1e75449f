"""Every table together, as migrations and checks of the schema need them."""

from sqlalchemy import MetaData

from leukowatch.store import people_tables, review_tables, tally_tables  # noqa: F401  their tables enter the metadata
from leukowatch.store.tables import Base

METADATA: MetaData = Base.metadata
