"""Reading a complete file: whole for the workers, or refused before one of them has to look."""

from datetime import UTC, datetime

import pytest

from leukowatch.errors import ChangedWhileRead
from leukowatch.inbox.intake import look
from leukowatch.inbox.reading import Readable, read
from leukowatch.setting_tables import InboxSettings

NOW = datetime(2031, 5, 4, 12, tzinfo=UTC)
KEY = b"S1/a.jpg"


@pytest.fixture
def write(tmp_path):
    """Write a file into the inbox and look at it."""
    (tmp_path / "S1").mkdir()

    def write(data):
        (tmp_path / "S1/a.jpg").write_bytes(data)
        return look(tmp_path, KEY, InboxSettings().max_bytes)

    return write


def test_a_whole_file_comes_with_its_bytes_and_its_record(tmp_path, write, phantoms):
    """What a worker and the ledger need, of one and the same content."""
    seen = write(phantoms[0])

    found = read(tmp_path, KEY, seen, InboxSettings(), NOW)

    assert isinstance(found, Readable)
    assert found.data == phantoms[0]
    assert (found.received.slide, found.received.size) == ("S1", len(phantoms[0]))


@pytest.mark.parametrize(
    ("content", "reason"),
    [(lambda image: b"", "empty"), (lambda image: image[:-2], "truncated"), (bytes, "too_large")],
)
def test_what_no_decoder_need_see_is_an_outcome_with_its_reason(tmp_path, write, phantoms, content, reason):
    """An empty file, one without its end, and one above the limit, which is not even read."""
    data = content(phantoms[0])
    limit = len(data) - 1 if reason == "too_large" else len(phantoms[0])
    seen = write(data)

    found = read(tmp_path, KEY, seen, InboxSettings(max_bytes=limit), NOW)

    assert (found.result, found.reason, found.received.size) == (None, reason, len(data))
    assert (found.received.sha256 is None) == (reason == "too_large")


def test_a_file_that_replaced_the_judged_one_is_not_taken_for_it(tmp_path, write, phantoms):
    """Its end was not looked at: it is judged anew."""
    seen = write(phantoms[0])
    (tmp_path / "S1/a.jpg").unlink()
    write(phantoms[1])

    with pytest.raises(ChangedWhileRead, match=r"S1/a\.jpg: replaced"):
        read(tmp_path, KEY, seen, InboxSettings(), NOW)
