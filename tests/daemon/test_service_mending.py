"""Mending by hand: what is put back, what is refused, and what each refusal says."""

import os

import pytest

from handmade import cell, fill, ledger_at, outcome, seen
from leukowatch.errors import NotFound, RequestInvalid
from leukowatch.service.mending import reassign, requeue
from leukowatch.settings import Settings
from leukowatch.store import queries
from leukowatch.store.database import open_reader
from leukowatch.store.outcome import Status


@pytest.fixture
def settings(tmp_path):
    """A home with one field and three files in quarantine, two of which have the same name."""
    home = tmp_path / "home"
    (home / "inbox").mkdir(parents=True)
    quarantined = [outcome(slide, name, number, None) for slide, name, number in
                   (("S1", "x.jpg", 1), ("S2", "x.jpg", 2), ("S2", "y.jpg", 3))]  # fmt: skip
    filings = fill(home / "leukowatch.db", [*quarantined, outcome("S3", "a.jpg", 4, seen(cell("basophil")))])
    for filing in filings[:3]:
        place = home / "quarantine" / os.fsdecode(filing.relative)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"broken")
    mark(home, {filing.arrival_id: b"quarantine/" + filing.relative for filing in filings[:3]})
    return Settings(home=home)


def mark(home, places):
    """Note where files were filed."""
    with ledger_at(home / "leukowatch.db") as ledger:
        ledger.mark_filed(list(places.items()))


def put_back(settings, *names, everything=False):
    """Put files back, and say which."""
    return list(requeue(settings, names, everything=everything))


def in_quarantine(settings):
    """Paths of the files that the ledger has in quarantine."""
    engine = open_reader(settings.database_url, 1)
    try:
        return sorted(file.file for file in queries.files(engine, status=Status.QUARANTINED))
    finally:
        engine.dispose()


@pytest.mark.parametrize(
    "what", ["S1/x.jpg", "quarantine/S1/x.jpg", "{home}/quarantine/S1/x.jpg", f"{1:064x}"]
)
def test_a_file_goes_back_by_any_of_its_names(settings, what):
    """Its path as it came, its place below the home, its absolute place, its hash."""
    assert put_back(settings, what.format(home=settings.home)) == ["S1/x.jpg"]
    assert (settings.inbox_folder / "S1/x.jpg").read_bytes() == b"broken"
    assert in_quarantine(settings) == ["S2/x.jpg", "S2/y.jpg"]


def test_a_file_named_twice_goes_back_once(settings):
    """The second name is no error."""
    assert put_back(settings, "y.jpg", "S2/y.jpg", "y.jpg") == ["S2/y.jpg"]


def test_a_name_of_several_files_is_refused_with_their_places(settings):
    """None is chosen silently, and nothing moves, not even what is named clearly."""
    with pytest.raises(NotFound, match=r"x\.jpg: 2 files .*quarantine/S2/x\.jpg, .*quarantine/S1/x\.jpg"):
        put_back(settings, "y.jpg", "x.jpg")

    assert in_quarantine(settings) == ["S1/x.jpg", "S2/x.jpg", "S2/y.jpg"]


def test_a_file_that_is_gone_keeps_no_other_back(settings):
    """The others are told as they come back; the error at the end names it."""
    (settings.quarantine_folder / "S2/x.jpg").unlink()
    told = []

    with pytest.raises(NotFound, match=r"^\S+/quarantine/S2/x\.jpg: no such file; put it back there.*$"):
        told.extend(requeue(settings, [], everything=True))

    assert sorted(path.name for path in settings.inbox_folder.rglob("*.jpg")) == ["x.jpg", "y.jpg"]
    assert in_quarantine(settings) == ["S2/x.jpg"]


def test_each_file_is_told_before_the_next_is_moved(settings):
    """What is back is known, whatever happens next."""
    giving = requeue(settings, [], everything=True)

    assert next(giving) == "S2/y.jpg"
    assert in_quarantine(settings) == ["S1/x.jpg", "S2/x.jpg"]
    giving.close()


def test_of_two_files_at_one_place_the_newest_is_there(settings):
    """The older one was removed by hand, and its name went to another."""
    [filing] = fill(settings.home / "leukowatch.db", [outcome("S2", "y.jpg", 9, None)])
    mark(settings.home, {filing.arrival_id: b"quarantine/S2/y.jpg"})

    assert put_back(settings, "y.jpg") == ["S2/y.jpg"]


@pytest.mark.parametrize("name", ["a.jpg", "none.jpg", "", "\udcff.jpg"])
def test_a_name_that_is_not_in_quarantine_is_not_found(settings, name):
    """Nor is a field; the message says where all files are listed."""
    with pytest.raises(NotFound, match="field_status"):
        put_back(settings, name)


def test_nothing_named_is_no_request(settings):
    """Everything is put back only where that is said."""
    with pytest.raises(RequestInvalid, match="--all"):
        put_back(settings)


@pytest.mark.parametrize(
    ("to", "safe"),
    [
        ("\udcff", r"\\xff"),
        ("../x", r"\\x2e\.\\x2fx"),
        ("x" * 300, "x{242}~[0-9a-f]{12}"),
        ("a\nb", r"a\\x0ab"),
    ],
)
def test_a_slide_is_never_given_a_name_that_no_folder_could_have(settings, to, safe):
    """The message says which name would do."""
    with pytest.raises(RequestInvalid, match=f": no name for a slide; `{safe}` would be one$"):
        reassign(settings, "S3/a.jpg", to, "wrong folder")


def test_a_slide_that_exists_may_have_an_escaped_name(settings):
    """The names of folders with undecodable bytes are shown, and typed, with backslashes."""
    fill(settings.home / "leukowatch.db", [outcome("S\\xff", "b.jpg", 7, seen())])

    assert reassign(settings, "S3/a.jpg", "S\\xff", "wrong folder") == 1


@pytest.mark.parametrize(("to", "reason"), [("", "why"), ("S7", " ")])
def test_a_blank_target_or_reason_is_no_request(settings, to, reason):
    """Code 2, as for wrong usage."""
    with pytest.raises(RequestInvalid, match="--reason"):
        reassign(settings, "S3/a.jpg", to, reason)
