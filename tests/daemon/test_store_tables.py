"""The schema itself refuses what must not be, whoever writes it."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import create_mock_engine, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from leukowatch.store.columns import UtcTime
from leukowatch.store.engines import writer_engine
from leukowatch.store.schema import METADATA
from stores import ENGINES, fresh

SHA = "a" * 64
NOW = "2031-05-04 12:00:00.000000+00:00"
ROWS = {
    "slide": {"id": 1, "name": "S1", "unassigned": False, "created_at": NOW},
    "bundle": {"id": 1, "name": "current", "sha256": SHA, "kind": "field", "first_used_at": NOW},
    "arrival": {"id": 1, "slide_id": 1, "relative": b"a", "printable": "a", "sha256": SHA, "size": 1,
                "device": "1", "inode": "1", "mtime_ns": "1", "received_at": NOW, "status": "counted"},
    "field": {"id": 1, "arrival_id": 1, "slide_id": 1, "sha256": SHA, "width": 9, "height": 9},
    "analysis": {"id": 1, "field_id": 1, "bundle_id": 1, "is_current": True, "assessable": True, "decode_ms": 1,
                 "locate_ms": 1, "classify_ms": 1, "analysed_at": NOW},
    "cell": {"id": 1, "analysis_id": 1, "box_xmin": 0, "box_ymin": 0, "box_xmax": 9, "box_ymax": 9, "score": 1,
             "first_class_id": 1, "first_probability": 1, "second_class_id": 2, "second_probability": 0,
             "unclassified": False, "counts": True},
    "flag": {"id": 1, "slide_id": 1, "kind": "unassigned", "detail": "", "created_at": NOW},
}  # fmt: skip


@pytest.fixture(params=ENGINES)
def connection(request, template, tmp_path):
    """A connection to a store with one row in each table, references checked."""
    store = fresh(request, template, tmp_path)
    engine = writer_engine(store.url)
    with engine.connect() as connection:
        for table, row in ROWS.items():
            insert(connection, table, {name: value for name, value in row.items() if name != "id"})
        yield connection
    engine.dispose()
    store.remove()


def insert(connection, table, row):
    """Insert one row, as any program may."""
    marks = ", ".join(f":{name}" for name in row)
    connection.execute(text(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})"), row)


@pytest.mark.parametrize(
    ("table", "changes"),
    [
        ("slide", {"name": "S1"}), ("slide", {"name": ""}), ("slide", {"name": None}),
        ("bundle", {"sha256": SHA}), ("bundle", {"sha256": "b"}),
        ("bundle", {"sha256": "b" * 64, "kind": "oracle"}),
        ("arrival", {"status": "eaten"}), ("arrival", {"size": -1}), ("arrival", {"sha256": "short"}),
        ("arrival", {"sha256": None}), ("arrival", {"slide_id": 9}), ("arrival", {"status": "duplicate"}),
        ("arrival", {"duplicate_of_id": 1}), ("arrival", {"destination": b"archive/a"}),
        ("arrival", {"lost": True}), ("arrival", {"filed_at": NOW}),
        ("arrival", {"filed_at": NOW, "lost": True, "destination": b"a"}),
        ("field", {"arrival_id": 1}), ("field", {"arrival_id": 2, "sha256": SHA}),
        ("field", {"arrival_id": 2, "sha256": "b" * 64, "width": 0}),
        ("analysis", {}), ("analysis", {"is_current": False, "decode_ms": -1}),
        ("analysis", {"is_current": False, "bundle_id": 9}), ("analysis", {"is_current": False, "field_id": 9}),
        ("cell", {"box_xmin": -1}), ("cell", {"box_xmax": 0}), ("cell", {"box_ymin": 9}), ("cell", {"score": 1.01}),
        ("cell", {"first_probability": -0.1}), ("cell", {"second_probability": 2}),
        ("cell", {"first_class_id": 99}), ("cell", {"second_class_id": 99}), ("cell", {"unclassified": True}),
        ("cell", {"analysis_id": 9}), ("flag", {"slide_id": 9}), ("flag", {"kind": ""}),
    ],
)  # fmt: skip
def test_a_row_that_must_not_be_is_refused(connection, table, changes):
    """Doubles, absent references, numbers out of range and states that contradict each other."""
    if table == "field":
        insert(connection, "arrival", ROWS["arrival"] | {"id": 2})
    row = {name: value for name, value in ROWS[table].items() if name != "id"} | changes

    with pytest.raises(IntegrityError):
        insert(connection, table, row)


@pytest.mark.parametrize(
    ("table", "changes"),
    [
        ("slide", {"name": "S2"}), ("bundle", {"sha256": "b" * 64}), ("arrival", {}),
        ("arrival", {"sha256": None, "status": "quarantined"}),
        ("arrival", {"status": "duplicate", "duplicate_of_id": 1}),
        ("arrival", {"filed_at": NOW, "lost": True}),
        ("arrival", {"filed_at": NOW, "destination": b"archive/a"}),
        ("analysis", {"is_current": False}), ("cell", {"unclassified": True, "counts": False}), ("flag", {}),
    ],
)  # fmt: skip
def test_a_row_that_may_be_is_taken(connection, table, changes):
    """The constraints refuse no more than they should."""
    row = {name: value for name, value in ROWS[table].items() if name != "id"} | changes

    insert(connection, table, row)

    assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 2


def test_what_is_referred_to_cannot_go(connection):
    """A slide, a class or an arrival in use is not deleted by the way."""
    for table in ("slide", "arrival", "field", "analysis", "bundle"):
        with pytest.raises(IntegrityError), connection.begin_nested():
            connection.execute(text(f"DELETE FROM {table}"))


def test_times_are_kept_in_utc_as_text_that_sorts():
    """A time of another zone becomes UTC, of fixed width, and comes back as the same moment."""
    column, dialect = UtcTime(), sqlite.dialect()
    moment = datetime(2031, 5, 4, 14, tzinfo=timezone(timedelta(hours=2)))

    stored = column.process_bind_param(moment, dialect)

    assert stored == "2031-05-04 12:00:00.000000+00:00"
    assert column.process_result_value(stored, dialect) == moment.astimezone(UTC)


def test_a_time_without_zone_is_refused():
    """It could be any: better an error than a wrong time."""
    with pytest.raises(ValueError, match="no time zone"):
        UtcTime().process_bind_param(datetime(2031, 5, 4), sqlite.dialect())  # noqa: DTZ001  the point of the test


def test_the_tables_are_portable():
    """PostgreSQL's dialect accepts the same tables, with its own type for times."""
    said = []
    dialect = postgresql.dialect()
    engine = create_mock_engine(
        "postgresql://", lambda ddl, _values: said.append(str(ddl.compile(dialect=dialect)))
    )

    METADATA.create_all(engine, checkfirst=False)

    assert any("received_at TIMESTAMP WITH TIME ZONE" in statement for statement in said)
    assert any("ON analysis (field_id) WHERE is_current" in statement for statement in said)


def test_no_column_is_one_of_postgresqls_own():
    """PostgreSQL refuses tables with columns called like those that it keeps for itself."""
    names = {column.name for table in METADATA.tables.values() for column in table.columns}

    assert names.isdisjoint({"xmin", "xmax", "cmin", "cmax", "ctid", "tableoid"})
